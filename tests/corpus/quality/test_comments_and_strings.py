"""Comments and strings by language, against Python's own tokenizer and by example."""

from __future__ import annotations

import io
import time
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.quality.content import comment_share, plain_comment_share
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


DOCUMENTED = {  # documentation of a text, by its form
    "java": ("/** Tells whether it is so. */", "interface A {\n  boolean isSo();\n}"),
    "typescript": ("/**\n * Emits what it gets.\n */", "export declare function a(): void;"),
    "rust": ("/// Tells whether it is so.", "pub fn is_so() -> bool { true }"),
    "c": ("/*! Tells whether it is so. */", "int is_so(void);"),
    "php": ("/** Tells whether it is so. */", "interface A {}"),
    "python": ('"""Tells whether it is so."""', "def is_so(): ..."),
    "go": ("// IsSo tells whether it is so.\n// It always is.", "func IsSo() bool { return true }"),
    "lua": ("--- Tells whether it is so.", "function is_so() return true end"),
    "haskell": ("-- | Tells whether it is so.", "isSo = True"),
    "ocaml": ("(** Tells whether it is so. *)", "let is_so = true"),
    "r": ("#' Tells whether it is so.", "is_so <- function() TRUE"),
}


@pytest.mark.parametrize("language", DOCUMENTED)
def test_documentation_is_no_comment_beside_code_and_all_where_there_is_none(language: str) -> None:
    documentation, code = DOCUMENTED[language]
    text = Text(f"{documentation}\n{code}\n", "a", language)
    assert (comment_share(text) or 0) > 0.3
    assert plain_comment_share(text) == 0
    assert plain_comment_share(Text(documentation + "\n", "a", language)) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("java", "// int a = 1;\n" * 9 + "int b = 2;\n"),
        ("c", "/* int a = 1;\n int c; */\n" * 9 + "int b = 2;\n"),
        ("go", "// a := 1\n" * 19 + "\nfunc b() {}\n"),
        ("python", "# a = 1\n" * 9 + "b = 2\n"),
    ],
)
def test_code_in_comments_is_no_documentation(language: str, text: str) -> None:
    share = plain_comment_share(Text(text, "a", language))
    assert share is not None
    assert share > 0.8


def test_a_licence_that_has_the_form_of_documentation_counts_once() -> None:
    licence = "/**\n * Copyright 2020 The Authors.\n */\n"
    code = "int f(void);\n/** A. */\nint g(void);\n"
    found = comments_of(licence + code, "c")
    assert found is not None
    assert (found.characters, found.licence, found.documentation) == (47, 38, 9)
    assert plain_comment_share(Text(licence + code, "a.c", "c")) == 0


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
