"""Of a long text the beginning is parsed, made whole; the text itself where that is not clean."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.quality import missing_grammars
from midspan.corpus.quality.first_statements import LEAST, first_statements
from midspan.corpus.quality.syntax import error_bytes, error_share
from midspan.corpus.quality.text import Text

# Language → what opens and stays open, and a statement within it.
STATEMENTS = {
    "python": ("import os\n\n\nclass A:\n", "    def f{}(self, x):\n        return (x)\n\n"),
    "yaml": ("", "a{}: b\n"),
    "c": ("#ifndef A_H\n#define A_H\n", "int f{}(int x) {{\n    return x;\n}}\n\n"),
    "c++": ("#ifndef A_H\n#if B\nnamespace a {\n", "struct A{} {{\n    int b;\n}};\n\n"),
    "java": ("package a;\n\npublic class A {\n", "    int f{}(int x) {{\n        return x;\n    }}\n\n"),
    "javascript": (
        "describe('a', [1, 2], function () {\n",
        "  it('b{}', function () {{\n    a([1]);\n  }}\n  );\n  if (x) {{\n  }}\n",
    ),
    "typescript": ("export namespace a {\n", "  export const b{} = (x: number) => {{\n    return x;\n  }}\n"),
    "go": ("package a\n\n", "func f{}(x int) int {{\n\treturn x\n}}\n\n"),
    "rust": ("mod a {\n", "    fn f{}(x: i32) -> i32 {{\n        x\n    }}\n\n"),
    "php": ("<?php\nclass A {\n", "    function f{}($x) {{\n        return $x;\n    }}\n\n"),
    "css": ("@media print {\n", "  .a{} {{\n    color: red;\n  }}\n"),
    "c#": ("namespace A {\nclass B {\n", "    int F{}(int x) {{\n        return x;\n    }}\n\n"),
    "dart": ("class A {\n", "  int f{}(int x) {{\n    return x;\n  }}\n\n"),
    "kotlin": ("class A {\n", "    fun f{}(x: Int): Int {{\n        return x\n    }}\n\n"),
    "scala": ("object A {\n", "  def f{}(x: Int): Int = {{\n    x\n  }}\n\n"),
    "swift": ("class A {\n", "    func f{}(x: Int) -> Int {{\n        return x\n    }}\n\n"),
}


def _long(language: str) -> str:
    opening, statement = STATEMENTS[language]
    return opening + "".join(statement.format(number) for number in range(LEAST // 8))


@pytest.mark.parametrize("language", sorted(STATEMENTS))
def test_the_beginning_alone_is_parsed_and_has_no_error(language: str) -> None:
    if missing_grammars([language]):
        pytest.skip(f"no grammar of {language}")
    text = _long(language)
    beginning = first_statements(text.encode(), language).decode()
    assert LEAST <= len(beginning) < 2 * LEAST
    subject = Text(text, "a", language)
    assert error_share(subject) == 0
    assert "tree" not in vars(subject)


@pytest.mark.parametrize("language", ["python", "go", "c++", "java"])
def test_a_long_text_that_begins_badly_is_parsed_itself(language: str) -> None:
    broken = Text(") ] : = { these words\n" * (LEAST // 2) + _long(language), "a", language)
    share = error_share(broken)
    assert share is not None
    assert share > 0.1
    assert "tree" in vars(broken)


def test_words_and_other_languages_do_not_pass_for_their_comments_or_as_text_beside_php() -> None:
    comments = "/* What this does, in words. */\n" * 9
    wrong = (comments + "const a = [...b, ...c];\nexport default a;\n\nlet x = `${a}`\n}\n") * 200
    for language in ("c", "java"):
        whole = error_bytes(wrong, "a", language)
        assert whole is not None
        assert error_share(Text(wrong, "a", language)) == pytest.approx(whole / len(wrong))
    assert first_statements(_long("java").encode(), "php") == b""


def test_a_short_text_and_one_without_an_end_of_a_statement_have_no_beginning() -> None:
    assert first_statements(b"x = 1\n" * 100, "python") == b""
    data = b"x = [" + b"1, " * 2 * LEAST + b"]"
    assert first_statements(data, "python") == b""
    assert error_share(Text(data.decode(), "a.py", "python")) == 0


def test_licence_and_imports_are_no_part_of_what_is_counted() -> None:
    head = "# Copyright\n" * (LEAST // 8) + "import os\nfrom sys import path\n"
    beginning = first_statements((head + _long("python")).encode(), "python").decode()
    assert len(beginning) > len(head) + LEAST / 2
    assert "def f10(" in beginning


def test_a_string_of_many_lines_is_not_torn() -> None:
    code = "x = 1\n" * (LEAST // 6 - 10)
    text = code + 'y = """\n' + "def words(that, are, no)\n\nPython\n" * 100 + '"""\n' + code * 20
    beginning = first_statements(text.encode(), "python").decode()
    ast.parse(beginning)
    assert beginning.count('"""') == 2


def test_a_brace_in_a_string_or_a_comment_does_not_matter_or_the_text_itself_is_parsed() -> None:
    statement = 'void f%d() {\n  g("}{ (");\n  /* ) } [ */\n}\n\n'
    text = "".join(statement % number for number in range(300))
    assert error_share(Text(text, "a.c", "c")) == 0


def test_a_broken_beginning_is_weighed_against_the_whole_file() -> None:
    broken, good = "x = = ) 1\n" * 2_000, "x = 1\n" * 20_000
    alone, within = (error_share(Text(text, "a.py", "python")) for text in (broken, broken + good))
    assert alone is not None
    assert within is not None
    assert 0.01 < within < 0.4 * alone


@given(st.text(alphabet="{}()[]\"'\\\n/* #if;a", max_size=4 * LEAST), st.sampled_from(["c", "c++", "java", "css"]))
def test_a_beginning_is_the_text_to_some_place_and_what_closes_it(text: str, language: str) -> None:
    data = (text * (1 + 4 * LEAST // max(len(text), 1))).encode()
    beginning = first_statements(data, language)
    common = next((n for n, (a, b) in enumerate(zip(beginning, data, strict=False)) if a != b), len(beginning))
    assert set(beginning[common:].decode()) <= set("})]\n#endif")
    assert len(beginning) <= 2 * len(data)
