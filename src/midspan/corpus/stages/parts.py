"""What a task reads, written as it comes: files of a bounded size each, which later tasks take one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from midspan.corpus.documents import to_table
from midspan.corpus.stages.places import SizedPlace, sample_places
from midspan.corpus.stages.tables import ROW_GROUP, STAGED_SCHEMA, StagedDocument

GROUP_BYTES = 16_000_000  # of text that is held at once
HELD_PLACES = 20_000  # before they are thinned out to samples


@dataclass
class Parts:
    """The documents of a task in files of about `part_bytes` of text, and a place for every `sample_bytes` of it."""

    folder: Path
    part_bytes: int
    sample_bytes: int
    counts: list[int] = field(default_factory=list)  # documents of each file
    size: int = 0  # bytes of all the text
    _waiting: list[StagedDocument] = field(default_factory=list)
    _waiting_bytes: int = 0
    _places: list[SizedPlace] = field(default_factory=list)
    _room: int = 0  # bytes that still go into the last file
    _writer: pq.ParquetWriter | None = None

    def add(self, document: StagedDocument) -> None:
        """Take in the next document."""
        self._waiting.append(document)
        self._waiting_bytes += document.size
        self._places.append((document.repository, document.source, document.path, document.size))
        if self._waiting_bytes >= min(GROUP_BYTES, self.part_bytes) or len(self._waiting) == ROW_GROUP:
            self._write()
        if len(self._places) == HELD_PLACES:
            self._places = self.samples()

    def samples(self) -> list[SizedPlace]:
        """A place for every `sample_bytes` of the text, in order."""
        return sample_places(sorted(self._places), self.sample_bytes)

    def close(self) -> None:
        """Write what is left."""
        if self._waiting:
            self._write()
        self._close_file()

    def _write(self) -> None:
        if self._writer is None:
            path = self.folder / part_name(len(self.counts))
            self._writer = pq.ParquetWriter(path, STAGED_SCHEMA, compression="zstd")
            self._room = self.part_bytes
            self.counts.append(0)
        self._writer.write_table(to_table(self._waiting, STAGED_SCHEMA), row_group_size=ROW_GROUP)
        self.counts[-1] += len(self._waiting)
        self.size += self._waiting_bytes
        self._room -= self._waiting_bytes
        self._waiting, self._waiting_bytes = [], 0
        if self._room <= 0:
            self._close_file()

    def _close_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@contextmanager
def parts_in(folder: Path, part_bytes: int, sample_bytes: int) -> Iterator[Parts]:
    """What writes the documents of a task into `folder`; whole at the end of the block."""
    parts = Parts(folder, part_bytes, sample_bytes)
    try:
        yield parts
    finally:
        parts.close()


def part_name(number: int) -> str:
    """The file of the `number`th part in a task's folder."""
    return f"documents-{number:04d}.parquet"
