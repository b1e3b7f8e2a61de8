"""Licence files: which licences stand in them, all of them, and no condition overlooked."""

from __future__ import annotations

import textwrap

import pytest
from licence_samples import (
    ADDED_CONDITIONS,
    APACHE_NOTICE,
    BSD_2,
    BSD_3,
    GPL_NOTICE,
    ISC,
    MIT,
    UNFORESEEN,
    ZERO_BSD,
    ZLIB,
)

from midspan.corpus.licences import licence_class, names, recognise, restrictions
from midspan.corpus.licences.phrases import Phrase
from midspan.corpus.licences.words import words_of

TEXTS = {"MIT": MIT, "ISC": ISC, "0BSD": ZERO_BSD, "BSD-2-Clause": BSD_2, "BSD-3-Clause": BSD_3, "Zlib": ZLIB}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_recognised_however_it_is_laid_out(name: str) -> None:
    """Reference C5: published detectors miss BSD-3-Clause as NumPy writes it, and 0BSD."""
    text = TEXTS[name]
    wrapped = "\n".join(textwrap.wrap(" ".join(text.split()), 43))
    for layout in (
        text,
        text.upper(),
        wrapped,
        textwrap.indent(text, "    > "),
        f"<p>{text}</p>",
        "# License\n\n" + text,
    ):
        assert recognise(layout) == name


def test_every_licence_of_a_file_that_joins_several_counts() -> None:
    found = recognise(f"Frobnicate\n\n{MIT}\n----\nFiles derived from zlib:\n\n{ZLIB}")
    assert found in ("MIT AND Zlib", "Zlib AND MIT")
    joined = recognise(f"{MIT}\nThe parser is taken from elsewhere:\n\n{GPL_NOTICE}")
    assert joined == "MIT AND GPL-3.0"


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("added", [*ADDED_CONDITIONS, *UNFORESEEN])
def test_a_permissive_text_with_a_condition_added_is_not_permissive(name: str, added: str) -> None:
    """Commons Clause, non-commercial, fields of use, MultiPL-E's ban on training, and what nobody has named yet."""
    text = TEXTS[name]
    for changed in (f"{text}\n{added}\n", f"{added}\n\n{text}", text.replace("\n\n", f"\n\n{added}\n\n", 1)):
        assert licence_class(recognise(changed) or "") != "permissive", recognise(changed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (APACHE_NOTICE, "Apache-2.0"),
        ("This project is released under the MIT License.", "MIT"),
        ("Dual licensed under the MIT or GPL Version 2 licenses.", "MIT OR GPL-2.0"),
        ("Dual licensed under the GPL version 3 or a commercial license. Parts are under the MIT license.", None),
        ("Licensed under the GNU Affero General Public License v3.0", "AGPL-3.0"),
        ("Mozilla Public License Version 2.0", "MPL-2.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1", "LGPL-2.1"),
        ("Creative Commons Attribution-NonCommercial 4.0 International", "CC-BY-NC-4.0"),
        ("Creative Commons Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"),
        ("Business Source License 1.1", "BUSL-1.1"),
        ("Elastic License 2.0", "Elastic-2.0"),
        ("Server Side Public License", "SSPL-1.0"),
        ("European Union Public Licence v. 1.2", "EUPL-1.2"),
        ("License: BSD-2-Clause or ISC\n\nLicense: GPL-2.0+\n", None),
        ("Copyright 2024 Acme Corp. All rights reserved.", None),
        ("PROPRIETARY AND CONFIDENTIAL. Copyright 2024 Acme Corp.", None),
        ("This work is in the public domain.", "LicenseRef-scancode-public-domain"),
    ],
)
def test_a_notice_names_the_licence(text: str, expected: str | None) -> None:
    """None: whatever the expression, it must be one that is not permissive."""
    if expected is None:
        assert licence_class(recognise(text) or "") == "non-permissive"
    else:
        assert recognise(text) == expected


@pytest.mark.parametrize(
    "text", ["", "\n", "Ask me.", "def f():\n    return 1\n", "MIT", "Compatible with the MIT license."]
)
def test_what_gives_no_licence_gives_none(text: str) -> None:
    assert recognise(text) is None


def test_a_licence_that_is_denied_is_not_given() -> None:
    assert recognise("This file is not in the public domain.") is None
    assert recognise("It is not licensed under the MIT license.") is None


def test_every_restricted_name_is_classed_as_such_with_or_without_its_version() -> None:
    for one in (*names.COPYLEFT, *restrictions.RESTRICTIONS):
        assert licence_class(one.name) == "non-permissive"
        assert licence_class(f"{one.name}-9.0") != "permissive"


@pytest.mark.parametrize(
    "one", [*names.COPYLEFT, *names.PERMISSIVE, *restrictions.RESTRICTIONS], ids=lambda one: one.name
)
def test_the_signs_of_a_phrase_hide_none_of_its_wordings(one: Phrase) -> None:
    texts = [
        *TEXTS.values(),
        *ADDED_CONDITIONS,
        APACHE_NOTICE,
        GPL_NOTICE,
        *(row.pattern.pattern for row in names.COPYLEFT),
    ]
    for text in texts:
        sentence = " ".join(words_of(text))
        assert [place.span() for place in one.places(sentence)] == [p.span() for p in one.pattern.finditer(sentence)]
