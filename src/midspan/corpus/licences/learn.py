"""Writes what the package knows of licences: `python -m midspan.corpus.licences.learn SPDX BLUEOAK SCANCODE PYTHON`.

SPDX is `spdx-full.json` of the npm package spdx-license-list (6.12.0, CC0-1.0), BLUEOAK `index.json` of @blueoak/list
(15.0.0, CC0-1.0), SCANCODE the folder licensedcode/data/licenses of scancode-toolkit (32.5.0, data CC-BY-4.0), PYTHON
CPython's LICENSE, which tells more than SPDX's text of it.
`classes.tsv` gets the class of every licence, `full_names.tsv` the names of those of SPDX,
`grams.npz` hashes of five-word runs of the texts, not the texts.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from midspan.corpus.licences.words import grams_of, is_compared, words_of

HERE = Path(__file__).parent
MIN_GRAMS = 12
ALIKE = 0.4  # a text that is not permissive, but has so many runs of permissive ones, must be told from them
# Free of charge, but not for every purpose or not for a price: ScanCode lists them as permissive, Blue Oak does not.
RESTRICTED = frozenset(
    {"JSON", "3D-Slicer-1.0", "LicenseRef-scancode-chris-maunder", "LicenseRef-scancode-happy-bunny"}
    | {"LicenseRef-scancode-info-zip-1997-10", "LicenseRef-scancode-pine", "LicenseRef-scancode-classic-vb"}
    | {"LicenseRef-scancode-rh-eula-apache2"}
)
_PERMISSIVE = frozenset({"Permissive", "Public Domain"})
_UNDECIDED = frozenset({"CLA", "Unstated License"})
# The restricted licences that are met most: their texts are known too, so that what they mention is not taken for more.
RESTRICTED_TEXTS = (
    *("AGPL-3.0", "GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0", "MPL-1.0", "MPL-1.1", "MPL-2.0"),
    *("EPL-1.0", "EPL-2.0", "CDDL-1.0", "CDDL-1.1", "EUPL-1.1", "EUPL-1.2", "SSPL-1.0", "BUSL-1.1", "Elastic-2.0"),
    *("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0", "CC-BY-ND-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CPL-1.0"),
    *("OSL-3.0", "Artistic-1.0", "Artistic-1.0-Perl", "Artistic-2.0", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "APSL-2.0"),
    *("MS-RL", "Sleepycat", "CECILL-2.1", "Ruby", "Vim", "IPL-1.0", "JSON", "QPL-1.0", "CC-BY-NC-3.0", "APL-1.0"),
    *("PolyForm-Noncommercial-1.0.0", "PolyForm-Small-Business-1.0.0", "RPL-1.5", "OFL-1.1", "Parity-7.0.0"),
)


def scancode_classes(folder: Path) -> dict[str, str]:
    """The class of each licence in ScanCode's data, by its SPDX identifier or else LicenseRef-scancode-…."""
    classes: dict[str, str] = {}
    for file in sorted(folder.glob("*.LICENSE")):
        front = _parts(file)[0]
        fields = dict(re.findall(r"^(key|category|spdx_license_key): *(.*)$", front, re.MULTILINE))
        others = re.search(r"^other_spdx_license_keys:\n((?: +- .*\n)+)", front + "\n", re.MULTILINE)
        names = {fields.get("spdx_license_key") or f"LicenseRef-scancode-{fields['key']}"}
        names |= set(re.findall(r"- (\S+)", others.group(1))) if others else set()
        if fields.get("category") not in _UNDECIDED | {None}:
            kind = "permissive" if fields["category"] in _PERMISSIVE else "non-permissive"
            classes |= dict.fromkeys(names, kind)
    return classes


def _parts(file: Path) -> tuple[str, str]:
    """The fields and the text of one of ScanCode's licences."""
    front, _, text = file.read_text(encoding="utf-8", errors="replace").removeprefix("---").partition("\n---")
    return front, text


def blue_oak_permissive(file: Path) -> set[str]:
    """The licences the Blue Oak Council rates silver or better."""
    ratings = json.loads(file.read_text(encoding="utf-8"))
    return {
        one["id"] for rating in ratings if rating["name"] in ("Model", "Gold", "Silver") for one in rating["licenses"]
    }


def texts_to_grams(texts: Mapping[str, str]) -> dict[str, set[int]]:
    """The hashes of each text; what stands in <angle brackets> is to be filled in and breaks the run."""
    grams = {}
    for name, text in texts.items():
        parts = re.split(
            r"<[^>\n]{1,60}>|^\W*(?:Portions )?Copyright (?:\(c\)|©|[A-Z<\d]).*$", text, flags=re.MULTILINE
        )
        runs = ([word for word in words_of(part) if is_compared(word)] for part in parts)
        found = {int(gram) for run in runs for gram in grams_of(run)}
        if len(found) >= MIN_GRAMS:
            grams[name] = found
    return grams


def full_names(published: Mapping[str, str]) -> dict[str, str]:
    """Names of licences to identifiers; of old and new ones that share a name the new one, which is longer."""
    return {
        name: identifier for identifier, name in sorted(published.items(), key=lambda item: (len(item[0]), item[0]))
    }


def main(spdx: Path, blue_oak: Path, scancode: Path, python: Path) -> None:
    """Write the files beside this module."""
    classes = scancode_classes(scancode) | dict.fromkeys(sorted(blue_oak_permissive(blue_oak)), "permissive")
    classes |= dict.fromkeys(sorted(RESTRICTED), "non-permissive")
    lines = [f"{name}\t{kind}\n" for name, kind in sorted(classes.items()) if re.fullmatch(r"[\w.+-]+", name)]
    (HERE / "classes.tsv").write_text("".join(lines), encoding="utf-8")

    entries = json.loads(spdx.read_text(encoding="utf-8"))
    names = full_names({identifier: entry["name"] for identifier, entry in entries.items()})
    lines = [f"{name}\t{identifier}\n" for name, identifier in sorted(names.items())]
    (HERE / "full_names.tsv").write_text("".join(lines), encoding="utf-8")
    published = {name: entry["licenseText"] for name, entry in entries.items()}
    published["Python-2.0.1"] += "\n\n" + python.read_text(encoding="utf-8")
    published["LLVM-exception"] = _parts(scancode / "llvm-exception.LICENSE")[1]
    everything = texts_to_grams(published)
    grams = {name: everything[name] for name in sorted(everything) if classes.get(name) == "permissive"}
    permitted = set().union(*grams.values())
    for name, found in sorted(everything.items()):
        alike = classes.get(name) != "permissive" and len(found & permitted) >= ALIKE * len(found)
        if alike or name in RESTRICTED_TEXTS:
            grams[name] = found
    owners: dict[int, list[int]] = {}
    for index, name in enumerate(grams):
        for gram in grams[name]:
            owners.setdefault(gram, []).append(index)
    distinct = sorted(owners)
    np.savez_compressed(
        HERE / "grams.npz",
        names=np.array(list(grams)),
        grams=np.array(distinct, np.uint32),  # [distinct]
        starts=np.cumsum([0, *(len(owners[gram]) for gram in distinct)], dtype=np.int32),  # [distinct + 1]
        owners=np.array([owner for gram in distinct for owner in sorted(owners[gram])], np.uint16),
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
