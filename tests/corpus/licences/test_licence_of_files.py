"""The licence of a file from its source and the licence files above it; which files those are; dataset columns."""

from __future__ import annotations

from typing import Any

import pytest
from licence_samples import APACHE_NOTICE, BSD_3, GPL_NOTICE, MIT

from midspan.corpus.licences import declared_in_row, is_licence_file, licence_class, licence_of, spoken_for


def test_a_licence_file_decides_and_names_itself() -> None:
    found = licence_of("x = 1\n", "", "", [("vendored/COPYING", GPL_NOTICE)])
    assert (found.expression, found.outcome, found.evidence) == ("GPL-3.0", "non-permissive", "vendored/COPYING")


def test_all_licence_files_hold_and_an_unknown_one_spoils_them() -> None:
    both = licence_of("", "", "", [("LICENSE-APACHE", APACHE_NOTICE), ("LICENSE-MIT", MIT)])
    assert (both.expression, both.outcome) == ("Apache-2.0 AND MIT", "permissive")
    assert both.evidence == "LICENSE-APACHE: Apache-2.0; LICENSE-MIT: MIT"
    assert licence_of("", "", "", [("COPYING", GPL_NOTICE), ("LICENSE", MIT)]).outcome == "non-permissive"
    assert licence_of("", "", "", [("LICENSE", MIT), ("LICENSE-X", "Ask Bob.")]).outcome == "unknown"


def test_a_file_that_only_points_at_the_others_adds_nothing() -> None:
    pointer = (
        "This software is made available under the terms of *either* of the licenses\nfound in LICENSE.APACHE or "
        "LICENSE.BSD. Contributions are made under the terms of *both* these licenses.\n"
    )
    files = [("LICENSE", pointer), ("LICENSE.APACHE", APACHE_NOTICE), ("LICENSE.BSD", BSD_3)]
    assert licence_of("", "", "", files).outcome == "permissive"
    assert licence_of("", "", "", files[:1]).outcome == "unknown"
    assert (
        licence_of("", "", "", [("LICENSE", pointer + "Selling it is forbidden."), *files[1:]]).outcome != "permissive"
    )


def test_nothing_known_is_unknown_and_no_more() -> None:
    assert licence_of("x = 1\n", "", "", []).outcome == "unknown"
    found = licence_of("x = 1\n", "", "", [("LICENSE", "Ask Bob.")])
    assert (found.expression, found.evidence, found.outcome) == ("unknown", "LICENSE", "unknown")


def test_what_the_source_declares_counts_with_its_evidence_and_together_with_licence_files() -> None:
    found = licence_of("x = 1\n", "PSF-2.0", "standard library of Python", [])
    assert (found.expression, found.evidence, found.outcome) == ("PSF-2.0", "standard library of Python", "permissive")
    assert licence_of("", "MIT", "metadata", [("COPYING", GPL_NOTICE)]).outcome == "non-permissive"
    assert licence_of("", "GPL-3.0", "metadata", [("LICENSE", MIT)]).outcome == "non-permissive"
    assert licence_of("", "MIT) OR (MIT", "metadata", [("LICENSE", GPL_NOTICE)]).outcome == "non-permissive"


YES = (
    "LICENSE LICENCE LICENSE.txt LICENSE.md LICENCE.rst LICENSE.html COPYING COPYING3 COPYING.LESSER COPYING.LIB"
    " COPYRIGHT MIT-LICENSE MIT-LICENSE.txt LICENSE-MIT LICENSE-APACHE LICENSE.APACHE2 LICENSE.BSD LICENSE-2.0.txt"
    " LICENSE_1_0.txt UNLICENSE license GPL-LICENSE.txt third-party-licenses.txt gpl-3.0.txt LICENSES/MIT.txt"
    " LICENSES/MIT LICENSES/GPL-3.0-only.txt sub/LICENSES/LicenseRef-Ours.txt a/b/LICENSE"
)
NO = (
    "licence.py LICENSE.py licenses.json license-checker.js licensing.go LicenseManager.java license.key licenses.yml"
    " update-license.sh license_header.tmpl README.md NOTICE LICENSES/README.py package.json copyright.py licensed"
)


@pytest.mark.parametrize("name", YES.split())
def test_a_licence_file_is_known_by_its_name(name: str) -> None:
    assert is_licence_file(name)


@pytest.mark.parametrize("name", NO.split())
def test_a_program_about_licences_is_not_a_licence(name: str) -> None:
    assert not is_licence_file(name)


def test_a_licence_file_speaks_for_its_folder_and_reuse_for_the_one_above() -> None:
    assert [spoken_for(path) for path in ("LICENSE", "a/b/COPYING", "LICENSES/MIT.txt", "a/LICENSES/MIT.txt")] == [
        "",
        "a/b",
        "",
        "a",
    ]


@pytest.mark.parametrize(
    ("row", "evidence", "outcome"),
    [
        ({"max_stars_repo_licenses": ["MIT", "Apache-2.0"]}, "column max_stars_repo_licenses", "permissive"),
        ({"max_stars_repo_licenses": ["MIT", "GPL-3.0"]}, "column max_stars_repo_licenses", "non-permissive"),
        ({"detected_licenses": ["MIT"], "license_type": "permissive"}, "column detected_licenses", "permissive"),
        ({"detected_licenses": [], "license_type": "no_license"}, "", "unknown"),
        ({"detected_licenses": None, "license_type": "permissive"}, "", "unknown"),
        (
            {"detected_licenses": ["MIT"], "license_type": "non_permissive"},
            "columns detected_licenses and license_type",
            "unknown",
        ),
        ({"detected_licenses": ["LicenseRef-scancode-unknown", "MIT"]}, "column detected_licenses", "unknown"),
        ({"detected_licenses": ["LicenseRef-scancode-public-domain"]}, "column detected_licenses", "permissive"),
        (
            {"detected_licenses": ["LicenseRef-scancode-proprietary-license"]},
            "column detected_licenses",
            "non-permissive",
        ),
        ({"license": "apache-2.0"}, "column license", "permissive"),
        ({"license": "other"}, "", "unknown"),
        ({"license": "MIT OR GPL-2.0"}, "column license", "permissive"),
        ({"license": ["MIT OR GPL-2.0", "AGPL-3.0"]}, "column license", "non-permissive"),
        ({"content": "x"}, "", "unknown"),
    ],
)
def test_dataset_columns(row: dict[str, Any], evidence: str, outcome: str) -> None:
    declared, where = declared_in_row(row)
    assert (where, licence_class(declared)) == (evidence, outcome)
