"""Licence files found on this machine, and what others say of them; run it to measure how they are judged.

`python tests/corpus/licences/real_licence_files.py` prints the tables of docs/results/corpus-licences.md.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from midspan.corpus.licences import is_licence_file, licence_class, licence_of, recognise

ORDER = ("permissive", "non-permissive", "unknown")
# The judgement of others is read by these words alone, independently of the package under test.
_RESTRICTED = re.compile(
    r"GPL|GNU|GFDL|MPL|Mozilla|EPL|CDDL|EUPL|CC-BY-(NC|SA|ND)|Proprietary|Artistic|SSPL|BUSL|CeCILL|copyleft|Ruby|Perl"
)
_FREE = re.compile(
    r"MIT|Expat|BSD|Apache|ISC|PSF|Python|Zlib|CC0|Unlicense|HPND|Public[- ]Domain|BSL|Boost|X11|BlueOak|WTFPL",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(r"Apache\S*[- ]with[- ]\S*exceptions?", re.IGNORECASE)  # permits more, though it names the GPL


@dataclass(frozen=True)
class RealFile:
    """A licence file and the licence its package declares elsewhere."""

    place: str
    path: Path
    text: str
    declared: str  # by the package's metadata, "" if unknown

    @property
    def declared_outcome(self) -> str:
        """What the declaration means where it is plain: all permissive, or nothing but restricted; else ""."""
        parts = re.split(r"; | OR | or | AND | and |, ", _EXCEPTION.sub("Apache", self.declared))
        restricted = [bool(_RESTRICTED.search(part)) for part in parts if part.strip()]
        if all(restricted) and restricted:
            return "non-permissive"
        free = [bool(_FREE.search(part)) for part in parts if part.strip()]
        return "permissive" if free and all(free) and not any(restricted) else ""


def python_packages(folders: Iterable[str]) -> Iterator[RealFile]:
    """Licence files among the metadata of installed distributions."""
    for distribution in importlib.metadata.distributions(path=sorted(set(folders))):
        metadata = distribution.metadata
        classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
        named = [line.rsplit(" :: ", 1)[1] for line in classifiers if line.count("::") > 1]
        declared = metadata.get("License-Expression") or "; ".join(named) or (metadata.get("License") or "")[:60]
        for file in distribution.files or []:
            if ".dist-info" in file.parts[0] and is_licence_file(file.name):
                yield from _read("Python packages", Path(str(distribution.locate_file(file))), declared)


def npm_packages(folder: Path) -> Iterator[RealFile]:
    """Licence files beside a package.json that names a licence."""
    for package in sorted(folder.rglob("package.json")):
        try:
            declared = json.loads(package.read_text(encoding="utf-8")).get("license")
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(declared, str):
            for file in sorted(package.parent.iterdir()):
                if is_licence_file(file.name):
                    yield from _read("npm packages", file, declared)


def debian_copyrights(folder: Path) -> Iterator[RealFile]:
    """Debian's copyright files; the names in "License:" lines are the declaration and are taken out of the text."""
    for file in sorted(folder.glob("*/copyright")):
        for one in _read("Debian", file, ""):
            names = re.findall(r"^License:[ \t]*(\S.*)$", one.text, re.MULTILINE)
            bare = re.sub(r"^License:.*$", "", one.text, flags=re.MULTILINE)
            yield RealFile("Debian", file, bare, "; ".join(dict.fromkeys(names)))


def _read(place: str, path: Path, declared: str) -> Iterator[RealFile]:
    try:
        yield RealFile(place, path, path.read_text(encoding="utf-8", errors="replace"), declared)
    except OSError:
        return


def files_here(folders: Iterable[str] = ()) -> list[RealFile]:
    """All licence files of this machine that are known how to be found, each text once for each declaration."""
    everything = [
        *python_packages([*sys.path, sysconfig.get_path("purelib"), *folders]),
        *npm_packages(Path("/usr/lib/node_modules")),
        *debian_copyrights(Path("/usr/share/doc")),
    ]
    return list({(one.text, one.declared_outcome): one for one in everything}.values())


def _row(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def _head(*names: str) -> list[str]:
    return ["", _row(*names), "|---" * len(names) + "|"]


def _print_files(files: list[RealFile]) -> None:
    """Print how the files are judged, where that differs from the declaration, and what is wrongly permissive."""
    counts: Counter[tuple[str, str, str]] = Counter()
    rows = _head("licence files of", "files", "MB", *ORDER, "MB/s")
    mistakes = []
    for place in dict.fromkeys(one.place for one in files):
        chosen = [one for one in files if one.place == place]
        start = time.process_time()
        outcomes = [licence_class(recognise(one.text) or "") for one in chosen]
        seconds = time.process_time() - start
        size = sum(len(one.text) for one in chosen) / 1e6
        rows.append(_row(place, len(chosen), size, *(outcomes.count(name) for name in ORDER), size / seconds))
        for one, outcome in zip(chosen, outcomes, strict=True):
            counts[place, one.declared_outcome, outcome] += 1
            if (one.declared_outcome, outcome) == ("non-permissive", "permissive"):
                mistakes.append(f"{one.path}: declared {one.declared}, recognised {recognise(one.text)}")
    rows += _head("licence files of", "declared", *ORDER)
    for place, declared in dict.fromkeys((place, declared) for place, declared, _ in sorted(counts) if declared):
        rows.append(_row(place, declared, *(counts[place, declared, name] for name in ORDER)))
    print("\n".join([*rows, "", f"Declared non-permissive, called permissive: {len(mistakes)}", *mistakes]))


def _print_headers() -> None:
    """Print how fast the headers of source files are read."""
    folders = {
        "Python's standard library": (Path(sysconfig.get_path("stdlib")), "*.py"),
        "npm, *.js": (Path("/usr/lib/node_modules"), "*.js"),
        "/usr/include, *.h": (Path("/usr/include"), "*.h"),
    }
    rows = _head("headers of", "files", "MB", "with a licence", "files/s", "MB/s")
    for name, (folder, pattern) in folders.items():
        paths = [path for path in sorted(folder.rglob(pattern)) if path.is_file()]
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths]
        start = time.process_time()
        said = sum(licence_of(text, "", "", []).evidence != "" for text in texts)
        seconds, size = time.process_time() - start, sum(map(len, texts)) / 1e6
        if texts:
            rows.append(_row(name, len(texts), size, said, round(len(texts) / seconds), size / seconds))
    print("\n".join(rows))


if __name__ == "__main__":
    _print_files(files_here(sys.argv[1:]))
    _print_headers()
