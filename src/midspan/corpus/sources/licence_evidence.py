"""The files of a repository that tell of a file's licence: read where they are needed, those that weigh most first."""

from __future__ import annotations

import functools
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from midspan.corpus.encodings import NotTextError, decode_source
from midspan.corpus.licences import by_weight, is_settled, kind_of_evidence, says_something, spoken_for
from midspan.corpus.sources.items import Entry, UnreadableError

MAX_LICENCE_CHARACTERS = 200_000  # of one file; more says nothing new
MAX_FILES = 100  # that speak for one folder
MAX_LINKS = 8  # that lead on to one another
UNREADABLE = "This file could not be read."  # stands for a licence that is there but unknown
Evidence = tuple[tuple[str, str], ...]  # paths and texts


def above(files: Iterable[Entry], licences: Mapping[str, list[Entry]]) -> dict[str, tuple[Entry, ...]]:
    """What speaks for `files` themselves or for the folders at or above them, by file or folder."""
    entries = list(files)
    folders = {str(folder) for entry in entries for folder in PurePosixPath(entry.path).parents}
    places = {"" if folder == "." else folder for folder in folders} | {entry.path for entry in entries}
    weighed = {
        place: sorted(licences[place], key=lambda entry: by_weight(entry.path)) for place in places & licences.keys()
    }
    return {place: tuple(weighed[place][:MAX_FILES]) for place in sorted(weighed)}


def evidence_by_path(
    read: Callable[[Entry], bytes], licences: Mapping[str, tuple[Entry, ...]]
) -> Callable[[str], Evidence]:
    """What tells of the licence of the file at a path: its sidecar, REUSE files, and what speaks for its folder.

    For a folder speak its licence texts, or those of the nearest folder above that has any, and the manifests up to
    there; READMEs only if none of these says anything.
    """

    @functools.cache
    def texts(place: str) -> Evidence:
        entries = (
            entry for entry in licences.get(place, ()) if kind_of_evidence(entry.path) not in ("readme", "agreement")
        )
        return tuple((entry.path, _text(read, entry)) for entry in entries)

    @functools.cache
    def of_folder(folder: str) -> Evidence:
        chain = [folder, *(str(one) for one in PurePosixPath(folder).parents)] if folder else [""]
        chain = ["" if one == "." else one for one in chain]
        found: list[tuple[str, str]] = []
        settled = ""
        for settled in chain:
            found += [file for file in texts(settled) if kind_of_evidence(file[0]) != "reuse"]
            if any(says_something(*file) for file in found):
                break
        found += [file for place in chain for file in texts(place) if kind_of_evidence(file[0]) == "reuse"]
        if not is_settled(found):
            read_me = (entry for place in chain for entry in licences.get(place, ()))
            found += [(one.path, _text(read, one)) for one in read_me if kind_of_evidence(one.path) == "readme"]
        return tuple(found)

    return lambda path: texts(path) + of_folder(path.rpartition("/")[0])


def linked_file(root: Path, path: str) -> Entry | None:
    """The file inside `root` to which a link leads that is to tell of a licence, None if it leads elsewhere."""
    if not kind_of_evidence(path):
        return None
    target = os.path.realpath(root / path)
    inside = os.path.relpath(target, os.path.realpath(root))
    if inside.split(os.sep)[0] in ("..", ".git") or not os.path.isfile(target):
        return None
    return Entry(path, inside.replace(os.sep, "/"))


def linked_objects(
    links: Mapping[str, str], objects: Mapping[str, str], read: Callable[[str], bytes]
) -> Iterator[Entry]:
    """The same in a git tree, of its links' and its files' objects by path; `read` gives the target of a link."""
    for path in links:
        target = path if kind_of_evidence(path) else ""
        for _ in range(MAX_LINKS):
            if target in links:
                try:
                    told = read(links[target]).decode("utf-8", "replace")
                except UnreadableError:
                    break
                target = posixpath.normpath(posixpath.join(posixpath.dirname(target), told))
        if target in objects:
            yield Entry(path, objects[target])


def add_evidence(licences: dict[str, list[Entry]], entry: Entry) -> None:
    """Note a file if it tells of a licence."""
    if kind_of_evidence(entry.path):
        licences.setdefault(spoken_for(entry.path), []).append(entry)


def _text(read: Callable[[Entry], bytes], entry: Entry) -> str:
    """The text of a file, UNREADABLE if it cannot be read."""
    try:
        data = read(entry)
    except UnreadableError:
        return UNREADABLE
    try:
        return decode_source(data, entry.path)[:MAX_LICENCE_CHARACTERS]
    except NotTextError:
        return data[:MAX_LICENCE_CHARACTERS].decode("utf-8", "replace")
