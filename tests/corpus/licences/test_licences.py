"""Licences: what a header or a LICENSE file says, and never permissive by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from midspan.corpus.licences import TEXTS, licence_class, licence_of, recognise

MIT = "Permission is hereby granted, free\nof charge, to any person obtaining a copy of this software"
BSD = "Redistribution and use in source and binary forms are permitted: retain this list of conditions"
APACHE = 'Licensed under the Apache License, Version 2.0 (the "License");'


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("// SPDX-License-Identifier: MIT\n", "MIT"),
        (
            "/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */\n",
            "GPL-2.0-only WITH Linux-syscall-note",
        ),
        ("<!-- SPDX-License-Identifier: (MIT OR Apache-2.0) -->\n", "(MIT OR Apache-2.0)"),
        ("# " + APACHE + "\n", "Apache-2.0"),
        ("/*\n * This program is free software under the GNU\n * General Public License as published\n */", "GPL-2.0"),
        (" * GNU Affero General Public License, either version 3 of the License\n", "AGPL-3.0"),
        ("x = 'the license of import_module is password'\n", "unknown"),
        ("\n" * 60 + "# SPDX-License-Identifier: MIT\n", "unknown"),
    ],
)
def test_the_header_of_a_file_comes_first(tmp_path: Path, head: str, expected: str) -> None:
    assert licence_of(head + "code\n", tmp_path / "a.py", tmp_path, "folder")[0] == expected


def test_the_nearest_licence_file_counts_and_names_itself(tmp_path: Path) -> None:
    inner = tmp_path / "vendored/library"
    inner.mkdir(parents=True)
    (tmp_path / "LICENSE.md").write_text(MIT)
    (tmp_path / "vendored/COPYING").write_text("GNU GENERAL PUBLIC LICENSE\n  Version 3, 29 June 2007")
    assert licence_of("", tmp_path / "a.py", tmp_path, "folder") == ("MIT", "LICENSE.md")
    assert licence_of("", inner / "a.py", tmp_path, "folder") == ("GPL-3.0", "vendored/COPYING")


def test_a_program_about_licences_is_not_a_licence(tmp_path: Path) -> None:
    (tmp_path / "licences.py").write_text("AGPL = 'GNU Affero General Public License'\n")
    assert licence_of("x = 1\n", tmp_path / "a.py", tmp_path, "folder") == ("unknown", "")


def test_two_licence_files_are_a_choice_and_one_unknown_spoils_it(tmp_path: Path) -> None:
    for name, files in {
        "dual": {"LICENSE-MIT": MIT, "LICENSE-APACHE": APACHE},
        "odd": {"LICENSE": MIT, "LICENCE2": "!"},
    }.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)
    assert licence_of("", tmp_path / "dual/a.py", tmp_path, "x")[0] == "Apache-2.0 OR MIT"
    assert licence_of("", tmp_path / "odd/a.py", tmp_path, "x")[0] == "unknown"


def test_licence_files_above_the_repository_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "LICENSE").write_text(MIT)
    assert licence_of("", tmp_path / "repository/a.py", tmp_path / "repository", "x") == ("unknown", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MIT, "MIT"),
        (BSD, "BSD-2-Clause"),
        (BSD + " may be used to endorse or promote products derived from this software", "BSD-3-Clause"),
        ("All rights reserved.", None),
        ("", None),
    ],
)
def test_licence_texts_are_recognised_by_their_phrases(text: str, expected: str | None) -> None:
    assert recognise(text) == expected


def test_every_licence_that_can_be_recognised_has_a_class() -> None:
    assert {name for name, _ in TEXTS if licence_class(name) == "unknown"} == set()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", "permissive"),
        ("Apache-2.0 WITH LLVM-exception", "permissive"),
        ("(MIT OR GPL-3.0-or-later)", "permissive"),
        ("MIT AND GPL-2.0", "non-permissive"),
        ("LGPL-2.1+", "non-permissive"),
        ("MIT AND (GPL-2.0 OR Apache-2.0)", "non-permissive"),  # mixed expressions are read strictly
        ("LicenseRef-Ours", "unknown"),
        ("MIT AND LicenseRef-Ours", "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_the_class_of_an_expression(expression: str, expected: str) -> None:
    assert licence_class(expression) == expected
