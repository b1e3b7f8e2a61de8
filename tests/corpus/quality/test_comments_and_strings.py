"""Comments and strings by language, against Python's own tokenizer and by example."""

from __future__ import annotations

import io
import time
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.quality.content import comment_share
from midspan.corpus.quality.lexis import _FAMILIES, comments_of, strings_of
from midspan.corpus.quality.text import Text

LANGUAGES = sorted(language for all_ in _FAMILIES.values() for language in all_.split(" "))


@pytest.mark.parametrize(
    ("language", "text", "comments", "strings"),
    [
        ("python", "x = '#no'  # yes\n", 5, ["'#no'"]),
        ("python", '"""A docstring."""\nx = """no\n"""\n', 18, ['"""no\n"""']),
        ("javascript", "a = '//no' // yes\nb = `/* no */` /* yes */", 15, ["'//no'", "`/* no */`"]),
        ("shell", "echo $# ${x#y} '#no' # yes\n", 5, ["'#no'"]),
        ("rust", "fn f<'a>(x: &'a str) {} // yes's\n", 8, []),
        ("sql", "select '--no', 1 -- yes\n", 6, ["'--no'"]),
        ("haskell", 'x = "--no" {- yes -} -- yes\n', 15, ['"--no"']),
        ("lua", "--[[ yes\n]] x = [[ --no ]] -- yes\n", 17, ["[[ --no ]]"]),
        ("html", "<p>no</p><!-- yes -->", 12, []),
        ("php", "<?php #[Attribute]\n# yes\n$a = '//no'; // yes", 11, ["'//no'"]),
        ("tex", "50\\% no % yes\n", 5, []),
        ("c", "/* unclosed", 11, []),
    ],
)
def test_comments_and_strings_are_found(language: str, text: str, comments: int, strings: list[str]) -> None:
    found = comments_of(text, language)
    assert found is not None
    assert (found.characters, strings_of(text, language)) == (comments, strings)


def test_a_language_without_rules_has_no_number() -> None:
    assert comments_of("whatever", "no such") is None
    assert strings_of("whatever", "no such") is None
    assert comment_share(Text("whatever", "a", "no such")) is None


def test_the_licence_at_the_head_does_not_count_as_comment() -> None:
    code = "int f(void) { return 1; }\n"
    licence = "/* Copyright 2020 The Authors.\n   Permission is granted to anyone. */\n"
    assert comment_share(Text(licence + code, "a.c", "c")) == 0
    assert comment_share(Text(code + licence, "a.c", "c")) == pytest.approx(0.72, abs=0.03)


def test_comments_of_the_standard_library_are_those_of_its_tokenizer() -> None:
    files = sorted(Path(tokenize.__file__).parent.glob("[a-d]*.py"))[:30]
    for file in files:
        text = file.read_text("utf-8")
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        expected = sum(len(token.string) for token in tokens if token.type == tokenize.COMMENT)
        lines = text.split("\n")
        expected += sum(
            len(token.string)
            for token in tokens
            if token.type == tokenize.STRING
            and token.string.startswith(('"""', "'''"))
            and not lines[token.start[0] - 1][: token.start[1]].strip()
        )
        found = comments_of(text, "python")
        assert found is not None
        assert found.characters == pytest.approx(expected, abs=0.01 * len(text)), file.name


@given(st.sampled_from(LANGUAGES), st.text(alphabet="\"'`#/*-<!>{}[]%;()\\\n ab"))
def test_comments_and_strings_never_exceed_the_text(language: str, text: str) -> None:
    found, strings = comments_of(text, language), strings_of(text, language)
    assert found is not None
    assert strings is not None
    assert found.characters + sum(map(len, strings)) <= len(text)
    assert found.licence <= found.characters


@pytest.mark.parametrize("language", [all_.split(" ")[0] for all_ in _FAMILIES.values()])  # a family has its rules
@pytest.mark.parametrize("piece", ['"', "'", '"""', "/*", "/* a", "`", "'''\\", "{-", "--[[", "<!--", "(*", "\\"])
def test_no_text_takes_more_than_one_pass(language: str, piece: str) -> None:
    started = time.process_time()
    comments_of(piece * 50_000, language)
    strings_of(piece * 50_000, language)
    assert time.process_time() - started < 1.0
