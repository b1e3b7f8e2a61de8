"""Single files: bytes to text, names to languages, revisions, and what cannot be read."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.decoding import NotTextError, decode_source, notebook_source
from midspan.corpus.documents import Document
from midspan.corpus.languages import LANGUAGES, detect_language
from midspan.corpus.listing import Excluded, SourceFile, git_revision, list_source
from midspan.corpus.reading import read_file

STABLE_CODE_LANGUAGES = (
    *("c", "c++", "java", "javascript", "css", "go", "html", "ruby", "rust"),
    *("markdown", "shell", "php", "sql", "r", "typescript", "python", "jupyter", "restructuredtext"),
)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")))
def test_utf8_text_is_read_as_it_is(text: str) -> None:
    text = text.removeprefix("\ufeff")
    assert decode_source(text.encode(), "a.c") == text
    assert decode_source(codecs.BOM_UTF8 + text.encode(), "a.c") == text


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        ("é\r\nx\ry".encode("utf-16"), "a.cs", "é\nx\ny"),
        (b"# coding: latin-1\n# \xe9", "a.py", "# coding: latin-1\n# é"),
        (b"#!/x\n# vim: set fileencoding=koi8-r :\n# \xc1", "a.py", "#!/x\n# vim: set fileencoding=koi8-r :\n# а"),
        (b"# coding: latin-1\n# \xe9", "a.rb", None),  # the cookie is Python's
        (b"\n\n# coding: latin-1\n# \xe9", "a.py", None),  # and stands in the first two lines
        (b"# coding: hex\n\xe9", "a.py", None),
        (b"# coding: no-such\n\xe9", "a.py", None),
        (b"text\0", "a.py", None),
    ],
)
def test_other_encodings_are_read_where_they_are_declared(data: bytes, path: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(NotTextError):
            decode_source(data, path)
    else:
        assert decode_source(data, path) == expected


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', "[" * 100_000])
def test_what_is_no_notebook_is_not_text(text: str) -> None:
    with pytest.raises(NotTextError):
        notebook_source(text)


def test_a_notebook_with_a_lone_surrogate_is_not_text() -> None:
    with pytest.raises(NotTextError):
        notebook_source('{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}')


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a/B.PY", "", "python"),
        ("Makefile", "", "makefile"),
        ("CMakeLists.txt", "", "cmake"),
        ("a.h", "int f(void);\n", "c"),
        ("a.h", "template <typename T> T f();\n", "c++"),
        ("run", "#!/bin/bash\n", "shell"),
        ("run", "#! /usr/bin/env -S python3 -I\n", "python"),
        ("run", "#!/usr/bin/awk\n", None),
        ("notes.txt", "#!/bin/bash\n", None),
    ],
)
def test_languages_are_told_by_name_and_first_line(path: str, text: str, expected: str | None) -> None:
    assert detect_language(path, text) == expected


def test_the_eighteen_languages_of_stable_code_are_known() -> None:
    assert len(STABLE_CODE_LANGUAGES) == 18
    assert set(STABLE_CODE_LANGUAGES) <= set(LANGUAGES)


def test_a_file_that_cannot_be_read_is_excluded_with_the_systems_words(tmp_path: Path) -> None:
    gone = SourceFile(str(tmp_path / "gone.py"), str(tmp_path), "gone.py", "repository", "", 10)
    outcome = read_file(gone, "folder", None)
    assert isinstance(outcome, Excluded)
    assert (outcome.reason, outcome.detail) == ("unreadable", "No such file or directory")


def test_a_text_keeps_its_id_wherever_it_lies(tmp_path: Path) -> None:
    ids = set()
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("def function(argument):\n    return argument\n" * 3)
        outcome = read_file(SourceFile(str(tmp_path / name), str(tmp_path), name, name, "", 0), "folder", None)
        assert isinstance(outcome, Document)
        ids.add(outcome.id)
    assert len(ids) == 1


def test_a_file_beyond_the_size_limit_is_not_even_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with (tmp_path / "big.py").open("wb") as file:
        file.truncate(8_000_001)
    listing = list_source(str(tmp_path))
    assert [file.path for file in listing.files] == ["a.py"]
    assert [(one.path, one.reason) for one in listing.excluded] == [("big.py", "too large")]


COMMIT = "89abcdef0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"HEAD": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/x\n", "refs/heads/x": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/x\n", "packed-refs": f"# pack-refs\n{COMMIT} refs/heads/x\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/x\n"}, ""),
        ({"HEAD": "ref: ../../secret\n", "packed-refs": ""}, ""),
        ({"HEAD": "nonsense\n"}, ""),
        ({}, ""),
    ],
)
def test_the_revision_is_read_without_running_git(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    (tmp_path / "secret").write_text(COMMIT)
    for name, text in files.items():
        file = tmp_path / "repository/.git" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert git_revision(tmp_path / "repository") == expected
