"""What a source holds, found part by part and kept on disk: fragments to read, one JSON line each, and their sizes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from midspan.corpus.sources.items import (
    ArrowRows,
    Entry,
    Excluded,
    Files,
    Fragment,
    HubShard,
    Lines,
    Listed,
    ParquetRows,
    Repository,
    SourceTask,
    Values,
)

Item = TypeVar("Item")

KINDS: dict[str, type[Any]] = {
    "rows": ParquetRows,
    "arrow": ArrowRows,
    "lines": Lines,
    "values": Values,
    "shard": HubShard,
}
MAX_FRAGMENTS_OF_TASK = 1_000
MAX_FILES_OF_TASK = 100_000
ALONE = MAX_FILES_OF_TASK  # files that a shard of the hub counts as, for its size is not known


@dataclass
class Listing:
    """What there is in a part of a source."""

    stamp: str = ""  # changes when what is read does
    fragments: list[Fragment] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    repositories: list[Repository] = field(default_factory=list)  # as they are trained on
    later: list[Fragment] = field(default_factory=list)  # what is held out because it was written later
    newest: list[Repository] = field(default_factory=list)  # as they are later on
    whys: list[str] = field(default_factory=list)  # a side of a history has nothing
    facts: dict[str, Any] = field(default_factory=dict)


class FragmentFile:
    """Fragments on their way to a file, and the sizes that say where each one lies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None
        self._sizes: list[tuple[int, int, int]] = []  # bytes of the line, bytes of input, files

    def add(self, fragments: Iterable[Fragment]) -> None:
        """Write fragments behind those that are there."""
        for fragment in fragments:
            self._stream = self._stream or self._path.open("wb")
            line = f"{json.dumps(_written(fragment))}\n".encode()
            self._stream.write(line)
            self._sizes.append((len(line), fragment.size, files_of(fragment)))

    def close(self) -> None:
        """Write the sizes; nothing at all where there are no fragments."""
        if self._stream is not None:
            self._stream.close()
            np.save(self._path.with_suffix(".npy"), np.array(self._sizes, np.int64))

    @property
    def size(self) -> int:
        """Bytes of input."""
        return sum(size for _, size, _ in self._sizes)

    @property
    def files(self) -> int:
        """Files, or fragments of another kind."""
        return sum(files for _, _, files in self._sizes)


def grouped(sized: Iterable[tuple[Item, int, int]], task_bytes: int) -> Iterator[list[Item]]:
    """Put (item, bytes, files) together, in their order, until they are about `task_bytes`: what one task reads."""
    group: list[Item] = []
    size = files = 0
    for item, bytes_, files_ in sized:
        group.append(item)
        size, files = size + bytes_, files + files_
        if size >= task_bytes or files >= MAX_FILES_OF_TASK or len(group) >= MAX_FRAGMENTS_OF_TASK:
            yield group
            group, size, files = [], 0, 0
    if group:
        yield group


def cut_tasks(files: Iterable[Path], task_bytes: int) -> Iterator[tuple[Listed, ...]]:
    """Where in listings the fragments of each task lie."""
    for group in grouped(_ranges(files), task_bytes):
        runs: list[Listed] = []
        for one in group:
            if runs and (runs[-1].file, runs[-1].stop) == (one.file, one.start):
                runs[-1] = replace(runs[-1], stop=one.stop, size=runs[-1].size + one.size)
            else:
                runs.append(one)
        yield tuple(runs)


def listed_fragments(fragments: Iterable[Fragment | Listed]) -> Iterator[Fragment]:
    """The fragments that listings hold; neighbouring parts of a table as one, so that it is decoded once."""
    before: Fragment | None = None
    for fragment in _each(fragments):
        if before is not None and (joined := _joined(before, fragment)) is not None:
            before = joined
            continue
        if before is not None:
            yield before
        before = fragment
    if before is not None:
        yield before


def _each(fragments: Iterable[Fragment | Listed]) -> Iterator[Fragment]:
    for fragment in fragments:
        if not isinstance(fragment, Listed):
            yield fragment
            continue
        with open(fragment.file, "rb") as stream:
            stream.seek(fragment.start)
            while stream.tell() < fragment.stop:
                yield _read(json.loads(stream.readline()))


def described(task: SourceTask) -> str:
    """What a task reads, by its source, first and last fragment."""
    names = [str(fragment) for fragment in _each(task.fragments)] or ["nothing"]
    return f"source {task.source}: {names[0]}" + (f" … {names[-1]}" if names[0] != names[-1] else "")


def _joined(one: Fragment, following: Fragment) -> Fragment | None:
    """Two parts of a table as one, None where they are no neighbours."""
    if isinstance(one, ParquetRows) and isinstance(following, ParquetRows):
        alike = (one.file, one.row_group, one.stop) == (following.file, following.row_group, following.start)
        return replace(one, stop=following.stop, size=one.size + following.size) if alike else None
    if isinstance(one, Lines) and isinstance(following, Lines):
        alike = one.stop is not None and (one.file, one.stop) == (following.file, following.start)
        return replace(one, stop=following.stop, size=one.size + following.size) if alike else None
    return None


def _ranges(files: Iterable[Path]) -> Iterator[tuple[Listed, int, int]]:
    """Each fragment of the listings, with its bytes of input and its files."""
    for file in files:
        sizes = file.with_suffix(".npy")
        start = 0
        for length, size, count in np.load(sizes).tolist() if sizes.exists() else ():
            yield Listed(str(file), start, start + length, size), size, count
            start += length


def files_of(fragment: Fragment) -> int:
    """How many files a fragment counts as where tasks are bounded."""
    if isinstance(fragment, Files):
        return len(fragment.files)
    return ALONE if isinstance(fragment, HubShard) else 1


def _written(fragment: Fragment) -> list[Any]:
    if isinstance(fragment, Files):
        return ["files", vars(fragment) | {"repository": vars(fragment.repository)}]
    return [next(kind for kind, one in KINDS.items() if isinstance(fragment, one)), vars(fragment)]


def _read(line: list[Any]) -> Fragment:
    kind, fields = line
    if kind != "files":
        fragment: Fragment = KINDS[kind](**fields)
        return fragment
    repository, files = Repository(**fields.pop("repository")), tuple(Entry(*one) for one in fields.pop("files"))
    licences = {folder: tuple(Entry(*one) for one in own) for folder, own in fields.pop("licences").items()}
    return Files(repository, files, licences, **fields)
