"""One licence has one name: identifiers, full names, addresses, registries' short names, GitHub's objects."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.licences import canonical, declared_in_row, licence_class
from midspan.corpus.licences.canonical_names import _full_names, canonical_of
from midspan.corpus.licences.expressions import _spellings
from midspan.corpus.licences.short_names import ALIASES

SAME = {
    "MIT": "mit; MIT License; The MIT License (MIT); MIT/X11; Expat; https://opensource.org/licenses/MIT; MIT-style",
    "Apache-2.0": "apache-2.0; Apache 2; apache_2_0; Apache License, Version 2.0; ASL 2.0; Apache Software License;"
    " The Apache Software License, Version 2.0; http://www.apache.org/licenses/LICENSE-2.0",
    "BSD-3-Clause": 'bsd-3-clause; BSD; New BSD License; BSD 3-Clause "New" or "Revised" License; BSD3; BSD_3_clause',
    "BSD-2-Clause": 'BSD 2-Clause "Simplified" License; Simplified BSD; bsd-2-clause',
    "ISC": "isc; ISC License (ISCL); https://spdx.org/licenses/ISC.html",
    "BSL-1.0": "Boost Software License 1.0 (BSL-1.0); bsl-1.0",
    "CC0-1.0": "CC0; CC0 1.0 Universal; Creative Commons Zero v1.0 Universal",
    "MIT OR Apache-2.0": "MIT/Apache-2.0; (mit or apache-2.0); MIT | Apache 2.0",
    "MIT AND BSD-3-Clause": "MIT and BSD; MIT, BSD; MIT & BSD",
    "GPL-3.0": "GPLv3; gpl-3.0; GNU General Public License v3.0",
    "GPL-1.0-or-later OR Artistic-1.0-Perl": "perl; perl_5; Perl 5; same terms as Perl itself",
    "LicenseRef-proprietary": "Proprietary; Other/Proprietary License; All rights reserved; Commercial; Freeware",
    "": "; other; NOASSERTION; None; unknown; no_license; see LICENSE; LICENSE.txt; OSI Approved",
}


@pytest.mark.parametrize("expected", SAME)
def test_a_licence_has_one_name(expected: str) -> None:
    assert {canonical(name.strip()) for name in SAME[expected].split(";")} == {expected}


@pytest.mark.parametrize(
    "name",
    [
        *("Modified MIT", "MIT with additional restrictions", "MIT (non-commercial)", "Apache 2.0 with Commons Clause"),
        *(
            "not MIT",
            "MIT-ish",
            "Free for personal use",
            "Foo Public License 3",
            "UNLICENSED",
            "MIT) OR (MIT",
            "custom",
        ),
        *("MIT or proprietary", "MIT except for the images", "BSD + patents", "GPLv2 with classpath exception"),
        *("MIT OR", "Apache-2.0 but ask first", "https://acme.com/licenses/mit-plus", "Unlicensed"),
    ],
)
def test_a_name_that_says_more_or_less_is_not_permissive(name: str) -> None:
    assert licence_class(canonical(name)) != "permissive", canonical(name)


def test_every_identifier_that_is_known_is_spelled_as_in_the_table_whatever_its_case() -> None:
    for name in _spellings().values():
        assert canonical(name.lower()) == canonical(name.upper()) == name


def test_every_alias_and_full_name_is_of_a_known_licence() -> None:
    for expression in {*ALIASES, *_full_names().values()}:
        names = re.split(r" (?:OR|WITH) ", expression)
        assert all(licence_class(name) != "unknown" for name in names) or expression not in ALIASES, expression


@given(st.text(max_size=60))
def test_a_name_once_spelled_stays_so(name: str) -> None:
    once = canonical(name)
    assert licence_class(canonical(once)) == licence_class(once)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT", "url": None}}, "MIT"),
        ({"license": {"key": "other", "name": "Other", "spdx_id": "NOASSERTION"}}, ""),
        ({"license": {"key": "gpl-3.0", "name": "GNU General Public License v3.0", "spdx_id": "GPL-3.0"}}, "GPL-3.0"),
        ({"license": None}, ""),
        ({"license": "MIT License"}, "MIT"),
        ({"licenses": ["mit", {"name": "Apache License 2.0"}]}, "MIT AND Apache-2.0"),
        ({"max_stars_repo_licenses": ["mit", "MIT"]}, "MIT"),
    ],
)
def test_a_row_of_a_table_names_it_so_too(row: dict[str, object], expected: str) -> None:
    assert declared_in_row(row)[0] == expected


def test_what_holds_no_name_gives_none() -> None:
    assert [canonical_of(value) for value in (None, 3, b"MIT", {}, [])] == [""] * 5
