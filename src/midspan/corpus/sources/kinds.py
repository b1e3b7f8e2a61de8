"""What lies at a path, as a source of a recipe: for a build that is given paths instead of a recipe."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from midspan.corpus.languages import PROSE_AND_SETTINGS, language_of_name
from midspan.corpus.sources.archives import archive_stem
from midspan.corpus.sources.commits import has_history
from midspan.errors import UserError

STDLIB = "stdlib"
TABLES = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
OTHER_ARCHIVES = (".7z", ".rar", ".jar", ".deb", ".rpm", ".tar.lz", ".cab")
MOST_LOOKED_AT = 10_000  # files of a folder, to see what they are
_GIT_ADDRESS = re.compile(r"^(?:git|ssh|git\+ssh)://|^[\w.-]+@[\w.-]+:|^https?://.*\.git/?$")
_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*://")
Source = dict[str, Any]


def sources_at(paths: Sequence[str]) -> list[Source]:
    """The sources of a recipe that read what lies at `paths`, each with a name of its own.

    A git repository, or a folder of nothing else, is read by its commits, other folders and archives (zip, tar …) file
    by file; folders of Parquet or JSON lines, such files, and globs of them as tables; an address that ends in .git is
    cloned. UserError for a path that is absent, and for what could be meant in two ways.
    """
    places = list(dict.fromkeys(path.rstrip("/") or "/" if path != STDLIB else path for path in paths))
    found = [_source_at(place) for place in _without_listings(places)]
    return _named(list({str(source): source for source in found}.values()))


def _source_at(place: str) -> Source:
    if place == STDLIB and not _is_there(place):
        return {"kind": STDLIB}
    if _GIT_ADDRESS.match(place):
        return {"kind": "git", "url": place}
    if (kind := _table_kind(place)) and not os.path.isdir(os.path.expanduser(place)):
        if not _ADDRESS.match(place) and not _matches(place):
            raise UserError(f"no file at {place}")
        return {"kind": kind, "path": place if _ADDRESS.match(place) else _absolute(place)}
    path = Path(place).expanduser()
    if _ADDRESS.match(place):
        raise UserError(f"{place}: an address is that of a repository (ending in .git) or of {_known(TABLES)} files")
    if not path.exists():
        raise UserError(f"nothing is at {place}; give folders, git repositories, {_known(TABLES)} files, or a recipe")
    if path.is_dir():
        return {**_folder(place, path), "path": _absolute(place)}
    if archive_stem(path.name):
        return {"kind": "folder", "path": _absolute(place)}
    if place.lower().endswith(OTHER_ARCHIVES):
        raise UserError(f"{place} is an archive of a kind that is not read: unpack it, and give the folder")
    raise UserError(f"{place} is one file: give the folder that it is in, or {_known(TABLES)} files")


def _absolute(place: str) -> str:
    return os.path.abspath(os.path.expanduser(place))


def _is_there(place: str) -> bool:
    """Whether a word is the name of something here, so that it cannot be told from it."""
    if Path(place).exists():
        raise UserError(f"{place}: the standard library, or the folder of that name? For the folder, give ./{place}")
    return False


def _folder(place: str, path: Path) -> Source:
    """A folder by what is in it: repositories with a history, tables, or files of code."""
    try:
        if has_history(path):
            return {"kind": "git"}
        found = _contents(path)
    except OSError as error:
        raise UserError(f"cannot read {place}: {error.strerror}") from None
    if not found:
        raise UserError(f"{place} holds no files")
    kinds = [kind for kind in ("parquet", "jsonl") if found[kind]]
    if not kinds or found["code"]:
        return {"kind": "folder"}
    if len(kinds) > 1:
        raise UserError(f"{place} holds Parquet and JSON files: give those that are meant, as {place}/*.parquet")
    return {"kind": kinds[0]}


def _contents(path: Path) -> Counter[str]:
    """How many tables, files of code and others are among the first files of a folder; JSON is settings beside code."""
    found: Counter[str] = Counter()
    for _, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            language = language_of_name(name)
            code = language is not None and language not in PROSE_AND_SETTINGS
            found[_table_kind(name) or ("code" if code else "other")] += 1
        if found.total() > MOST_LOOKED_AT:
            break
    return found


def _table_kind(place: str) -> str | None:
    name = place.lower().split("?")[0] if _ADDRESS.match(place) else place.lower()
    stem, ending = os.path.splitext(name)
    return TABLES.get(os.path.splitext(stem)[1] if ending in COMPRESSED else ending)


def _matches(place: str) -> bool:
    """Whether a path or glob stands for any file."""
    place = os.path.expanduser(place)
    return os.path.isfile(place) or any(map(os.path.isfile, glob.iglob(place, recursive=True)))


def _without_listings(places: list[str]) -> list[str]:
    """One glob instead of all the tables that the shell made of it: they are one source."""
    groups: dict[str, list[str]] = {}
    for place in places:
        whole = place
        if _table_kind(place) and not _ADDRESS.match(place) and os.path.isfile(place):
            folder, name = os.path.split(place)
            whole = os.path.join(glob.escape(folder), f"*{name[name.index('.', 1) :]}")
        groups.setdefault(whole, []).append(place)
    found: list[str] = []
    for whole, members in groups.items():
        is_listing = len(members) > 1 and set(glob.glob(whole)) == set(members)
        found += [whole] if is_listing else members
    return found


def _named(sources: list[Source]) -> list[Source]:
    """With names that differ: the last part of a place, and as many before it as are needed."""
    places = [_parts(source) for source in sources]
    for source, own in zip(sources, places, strict=True):
        length = 1
        while length < len(own) and sum(other[-length:] == own[-length:] for other in places) > 1:
            length += 1
        source["name"] = "/".join(own[-length:])
    return sources


def _parts(source: Source) -> list[str]:
    place = str(source.get("path") or source.get("url") or source["kind"])
    parts = re.split(r"[/:]", place)
    named = [part.removesuffix(".git") or part for part in parts if part]
    if named and named[-1].startswith("*"):  # a listing is named by its folder
        named = named[:-1]
    return named or [place]


def _known(names: Iterable[str]) -> str:
    return ", ".join(names)
