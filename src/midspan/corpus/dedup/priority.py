"""Who stays among duplicates: permissive licence, more stars, the oldest date, no output, repository, path, source.

A document's place in that order is one string that sorts as bytes, so that a range of places can be cut out anywhere
and sorted alone. `rank_documents` numbers all documents by it: it holds eight bytes per document and a range of keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from midspan.corpus.licences import licence_class
from midspan.files import atomic_file

PRIORITY_COLUMNS = ("licence", "stars", "date", "repository", "path", "id", "source")
RANGE_DOCUMENTS = 1_000_000  # sorted at a time
_ROW_GROUP = 16_384  # of key files: what a range reads beyond its ends
_LICENCE_ORDER = {"permissive": "0", "unknown": "1", "non-permissive": "2"}
_MOST_STARS = 10**9
# What tools make of the sources beside it: dist/types/scan.d.ts has the documentation of src/scan.ts, and no code.
_OUTPUT = re.compile(r"(?:^|/)(?:dist|build|_build|out|target)/|\.d\.[cm]?ts$")


@dataclass(frozen=True)
class PriorityTask:
    """The sort keys of one documents shard, whose first document has the number `start`."""

    documents: Path
    start: int
    output: Path


def sort_key(licence: str, stars: int, date: str, repository: str, path: str, identity: str, source: str = "") -> str:
    """A string that is smaller the rather a document is kept; the place in it can be read back by `place_of`."""
    is_output = "\2" if _OUTPUT.search(path) else "\1"  # less than what a longer date goes on with
    head = f"{_licence_place(licence)}{_MOST_STARS - min(stars, _MOST_STARS):010d}{date or '~'}{is_output}"
    fields = (head, repository, path, identity, source)
    key = "\0".join(fields)
    return key if key.count("\0") == 4 else "\0".join(field.replace("\0", "\ufffd") for field in fields)


@cache
def _licence_place(expression: str) -> str:
    return _LICENCE_ORDER[licence_class(expression)]


def place_of(key: str) -> tuple[str, str, str]:
    """Repository, path and source of the document with this sort key."""
    _, repository, path, _, source = key.split("\0")
    return repository, path, source


def sort_keys(table: pa.Table) -> list[str]:
    """The sort keys of a table with PRIORITY_COLUMNS."""
    return [sort_key(*row) for row in zip(*(table[name].to_pylist() for name in PRIORITY_COLUMNS), strict=True)]


def write_sort_keys(task: PriorityTask) -> None:
    """Write the keys of a shard, ascending, each with its document's number."""
    table = pq.read_table(task.documents, columns=list(PRIORITY_COLUMNS), use_threads=False)
    numbers = pa.array(np.arange(task.start, task.start + len(table)))
    write_sorted({"key": pa.array(sort_keys(table), pa.string()), "document": numbers}, task.output)


def rank_documents(keyed: Sequence[Path], count: int, output: Path, range_documents: int = RANGE_DOCUMENTS) -> None:
    """Write the rank of each document, 0 for the best, as an int64 array [count], from files of `write_sort_keys`."""
    samples = sorted(key for path in keyed for key in _every(path, max(range_documents // 64, 1)))
    cuts = ["", *samples[64::64], None]  # about `range_documents` keys between two of them
    rank = 0
    ranks = np.empty(count, np.int64)  # not a memory-mapped file: a full disk would end the process
    for low, high in pairwise(cuts):
        assert low is not None
        table = read_range(keyed, "key", low, high).sort_by("key")
        ranks[table["document"].to_numpy()] = np.arange(rank, rank + len(table))
        rank += len(table)
    assert rank == count
    with atomic_file(output) as aside, aside.open("wb") as stream:
        np.save(stream, ranks)


def read_range(paths: Sequence[Path], column: str, low: str, high: str | None) -> pa.Table:
    """The rows with low <= column < high (no upper end: None) of files sorted by it; other row groups are not read."""
    inside = pc.field(column) >= low
    if high is not None:
        inside &= pc.field(column) < high
    tables = [pq.read_table(path, filters=inside, use_threads=False) for path in paths]
    return pa.concat_tables(tables)


def write_sorted(columns: dict[str, pa.Array], output: Path) -> None:
    """Write a table sorted by its first column, in row groups small enough that a range of it can be read alone."""
    table = pa.table(columns)
    with atomic_file(output) as aside:
        pq.write_table(table.sort_by(table.column_names[0]), aside, row_group_size=_ROW_GROUP, compression="zstd")


def _every(path: Path, step: int) -> list[str]:
    """Every `step`-th key of a sorted file."""
    found: list[str] = []
    seen = 0
    for batch in pq.ParquetFile(path).iter_batches(columns=["key"], use_threads=False):
        found += batch["key"].take(pa.array(range(-seen % step, len(batch), step), pa.int64())).to_pylist()
        seen += len(batch)
    return found
