"""Real licence files against what their packages declare: none that is restricted is called permissive."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from real_licence_files import RealFile, files_here

from midspan.corpus.licences import licence_class, recognise

AT_LEAST = 60
COMMON = Path("/usr/share/common-licenses")
# Debian's own names of the texts in COMMON, and how each expression must begin.
NAMES = {
    **{f"GPL-{version}": f"GPL-{version}.0" for version in (1, 2, 3)},
    **{"LGPL-2": "LGPL-2.0", "LGPL-2.1": "LGPL-2.1", "LGPL-3": "LGPL-3.0", "MPL-1.1": "MPL-1.1", "MPL-2.0": "MPL-2.0"},
    **{"Apache-2.0": "Apache-2.0", "CC0-1.0": "CC0-1.0", "BSD": "BSD-", "Artistic": "Artistic-1.0"},
    **{"GFDL-1.2": "GFDL-1.2", "GFDL-1.3": "GFDL-1.3"},
}


@pytest.fixture(scope="module")
def files() -> list[RealFile]:
    """The Python and npm packages' files, and every sixth of Debian's; too few are a reason to skip."""
    everything = files_here()
    debian = [one for one in everything if one.place == "Debian"][::6]
    chosen = [one for one in everything if one.place != "Debian"] + debian
    if len(chosen) < AT_LEAST:
        pytest.skip(f"only {len(chosen)} licence files on this machine, not {AT_LEAST}")
    return chosen


def test_no_file_whose_package_declares_a_restricted_licence_is_called_permissive(files: list[RealFile]) -> None:
    restricted = [one for one in files if one.declared_outcome == "non-permissive"]
    assert restricted
    wrong = [(str(one.path), one.declared, recognise(one.text)) for one in restricted if is_permissive(one)]
    assert wrong == []


def test_nine_in_ten_permissive_packages_are_recognised_as_such(files: list[RealFile]) -> None:
    """Reference C5: published detectors fail on 8 to 15 of 60."""
    declared = [one for one in files if one.place.endswith("packages") and one.declared_outcome == "permissive"]
    # Wheels also carry what they bundle, in folders below; NumPy's and SciPy's join the GPL of a compiler's library.
    own = [one for one in declared if "third_party" not in one.path.parts and "GNU GENERAL" not in one.text]
    assert sum(map(is_permissive, own)) >= 0.9 * len(own), Counter(map(is_permissive, own))


@pytest.mark.parametrize("name", NAMES)
def test_a_common_licence_is_known_by_its_name(name: str) -> None:
    if not (COMMON / name).is_file():
        pytest.skip(f"no {COMMON / name} on this machine")
    found = recognise((COMMON / name).read_text(encoding="utf-8", errors="replace"))
    assert found is not None
    assert found.startswith(NAMES[name])
    restricted = not name.startswith(("Apache", "CC0", "BSD"))
    assert licence_class(found) == ("non-permissive" if restricted else "permissive")


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("numpy", "BSD-3-Clause"),
        ("colorama", "BSD-3-Clause"),
        ("scipy", "BSD-3-Clause"),
        ("torch", "BSD-3-Clause"),
        ("hypothesis", "MPL-2.0"),
        ("certifi", "MPL-2.0"),
        ("requests", "Apache-2.0"),
        ("shellingham", "ISC"),
        ("typing_extensions", "Python-2.0.1"),
        ("tqdm", "MPL-2.0"),
    ],
)
def test_licences_that_others_miss_are_found(files: list[RealFile], project: str, expected: str) -> None:
    """Reference C5: NumPy's and colorama's BSD-3-Clause, and texts that join several."""
    own = [one for one in files if re.search(rf"/{project}-[\d.]+\S*\.dist-info/", str(one.path), re.IGNORECASE)]
    if not own:
        pytest.skip(f"{project} is not installed here")
    assert any(expected in (recognise(one.text) or "") for one in own)


def test_every_part_of_a_file_with_bundled_licences_counts(files: list[RealFile]) -> None:
    bundled = [one for one in files if len(re.findall(r"GNU GENERAL PUBLIC LICENSE\s+Version [23]", one.text)) > 0]
    if not bundled:
        pytest.skip("no file with the GPL's text among others on this machine")
    assert {licence_class(recognise(one.text) or "") for one in bundled} == {"non-permissive"}


def is_permissive(one: RealFile) -> bool:
    return licence_class(recognise(one.text) or "") == "permissive"
