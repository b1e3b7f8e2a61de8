"""Parse errors by share of bytes, Python 2, and grammars that are not there."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.languages import LANGUAGES
from midspan.corpus.quality import grammar_versions, grammars, missing_grammars, why_not
from midspan.corpus.quality.grammars import GRAMMARS
from midspan.corpus.quality.syntax import error_share, python2_statements
from midspan.corpus.quality.text import Text

GOOD = {
    "python": "def f(x):\n    return x + 1\n",
    "c": "int f(int x) { return x + 1; }\n",
    "c++": "template <typename T> T f(T x) { return x + 1; }\n",
    "java": "class A { int f(int x) { return x + 1; } }\n",
    "javascript": "const f = (x) => x + 1;\n",
    "typescript": "const f = (x: number): number => x + 1;\n",
    "go": "package a\n\nfunc f(x int) int { return x + 1 }\n",
    "rust": "fn f(x: i32) -> i32 { x + 1 }\n",
    "ruby": "def f(x)\n  x + 1\nend\n",
    "php": "<?php\nfunction f($x) { return $x + 1; }\n",
    "shell": 'f() {\n  echo "$1"\n}\n',
    "css": "a { color: red; }\n",
    "html": "<p>text</p>\n",
    "json": '{"a": [1, 2]}\n',
    "c#": "class A { int F(int x) { return x + 1; } }\n",
    "kotlin": "fun f(x: Int): Int = x + 1\n",
    "swift": "func f(x: Int) -> Int { return x + 1 }\n",
    "lua": "function f(x) return x + 1 end\n",
    "julia": "f(x) = x + 1\n",
    "scala": "object A { def f(x: Int): Int = x + 1 }\n",
    "haskell": "f :: Int -> Int\nf x = x + 1\n",
    "elixir": "defmodule A do\n  def f(x), do: x + 1\nend\n",
    "dart": "int f(int x) { return x + 1; }\n",
    "zig": "fn f(x: i32) i32 {\n    return x + 1;\n}\n",
    "perl": "sub f { my ($x) = @_; return $x + 1; }\n",
    "terraform": 'resource "a" "b" {\n  c = 1\n}\n',
    "yaml": "a:\n  - b\n",
    "toml": "[a]\nb = 1\n",
    "cmake": "add_library(a b.c)\n",
}


@pytest.mark.parametrize("language", sorted(GOOD))
def test_good_code_has_no_error_and_broken_code_has_some(language: str) -> None:
    if missing_grammars([language]):
        pytest.skip(f"the grammar of {language} is not installed")
    assert error_share(Text(GOOD[language], "a", language)) == 0
    broken = error_share(Text(")]} ((( <<< = = 'x\n" * 3, "a", language))
    assert broken is not None
    assert broken > 0.1 or language in ("html", "yaml", "shell", "php")  # which take nearly anything


def test_the_core_grammars_are_installed() -> None:
    assert missing_grammars(name for name, grammar in GRAMMARS.items() if grammar.core) == {}
    assert set(GRAMMARS) <= set(LANGUAGES)
    assert {"tree-sitter", "tree-sitter-python"} <= set(grammar_versions())


def test_one_error_in_a_long_file_is_no_reason_and_a_broken_file_is() -> None:
    long = "".join(f"def function{n}(x):\n    return x + {n}\n\n\n" for n in range(50))
    assert why_not(long + "x = = 1\n", "a.py", "python") is None
    share = error_share(Text(long + "x = = 1\n", "a.py", "python"))
    assert share is not None
    assert 0 < share < 0.01
    words = "".join(
        f"these are {word} and no Python at all, is it?\n" for word in ("words", "names", "things", "lines")
    )
    judgement = why_not(words, "a.py", "python")
    assert judgement is not None
    assert judgement[0] == "does not parse"


@given(st.text(alphabet="abc()=:\n \"'#1,"))
def test_what_python_parses_has_no_errors(text: str) -> None:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return
    assert error_share(Text(text + "\n", "a.py", "python")) == pytest.approx(0, abs=0.2)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(sorted(GRAMMARS)))
def test_the_share_of_errors_is_a_share(text: str, language: str) -> None:
    share = error_share(Text(text, "a", language))
    assert share is None or 0 <= share <= 1 or len(text) < 5  # missing tokens count, though they are not there


def test_a_shell_word_may_hold_any_character() -> None:
    """tree-sitter-bash 0.25.1 reads beyond a table for such a character after a brace, and the process may end."""
    for code in range(0x80, 0x110000, 0x1FF):
        if not 0xD800 <= code < 0xE000:
            assert error_share(Text(f"echo {{{chr(code)},1}}\n", "a.sh", "shell")) == 0


@pytest.mark.parametrize("first", ["#!/bin/zsh", "#!/usr/bin/env -S zsh -f", "#compdef rg", "#!/bin/csh -f"])
def test_another_shell_than_bourne_s_is_not_judged_by_its_grammar(first: str) -> None:
    code = "print -rC1 -- ${(o)^${(M)words:#-*}}(N)\nforeach x (a b)\n  echo $x\nend\n"
    assert error_share(Text(f"{first}\n{code}", "a", "shell")) is None
    assert error_share(Text(code, "a.zsh", "shell")) is None
    assert (error_share(Text(f"#!/bin/sh\n{code}", "a", "shell")) or 0) > 0


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ('print "a"\n', 1),
        ("print >>f, x\n", 1),
        ('exec "x" in y\n', 1),
        ('if x: print "a"; print "b"\n', 2),
        ('if x:\n\tprint "a" % b\n', 1),
        ('print("a")\nprint (a), b\n', 0),
        ("# print the thing\nx = 'print a'\n", 0),
        ('"""exec this, print that"""\n', 0),
        ("print = 1\nself.print(x)\n", 0),
    ],
)
def test_statements_of_python_2_are_counted_where_they_are_statements(text: str, statements: int) -> None:
    assert python2_statements(Text(text, "a.py", "python")) == statements


def test_the_standard_library_is_not_python_2() -> None:
    for file in sorted(Path(sys.modules["ast"].__file__ or "").parent.glob("[p-s]*.py")):
        assert python2_statements(Text(file.read_text("utf-8"), file.name, "python")) == 0, file.name


def test_flow_types_and_tsx_are_parsed_with_their_grammar() -> None:
    flow = "/* @flow */\nexport function f(x: number, y: ?string): string { return y; }\n"
    assert error_share(Text(flow, "a.js", "javascript")) == pytest.approx(0, abs=0.05)
    markup = "const a = (x: number) => <b>{x}</b>;\n"
    assert error_share(Text(markup, "a.tsx", "typescript")) == 0


def test_a_grammar_that_is_not_installed_is_said_and_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """E, pain 12: grammars fetched at run time, failures swallowed."""
    gone = grammars.Grammar("tree-sitter-no-such")
    monkeypatch.setitem(GRAMMARS, "zig", gone)
    assert error_share(Text("anything", "a.zig", "zig")) is None
    assert "tree-sitter-no-such is not installed" in missing_grammars(["zig", "python"])["zig"]
    assert missing_grammars(["python"]) == {}
    assert "no grammar" in missing_grammars(["cobol"])["cobol"]
