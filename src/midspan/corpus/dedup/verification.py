"""Candidate pairs → pairs with their exact Jaccard similarity, from the texts themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.dedup.candidates import pack, unpack, without
from midspan.corpus.dedup.notice import compared
from midspan.corpus.dedup.shingles import Hashes, Indices, distinct, shingle_sets, similarities
from midspan.files import atomic_file

VERIFIED_SCHEMA = pa.schema(
    [
        ("better", pa.int64()),
        ("worse", pa.int64()),
        ("similarity", pa.float64()),
        ("repository", pa.string()),  # of the better document, "" where the pair is not alike
        ("path", pa.string()),
        ("source", pa.string()),
    ]
)
PLACE = ("repository", "path", "source")


@dataclass(frozen=True)
class VerificationTask:
    """The pairs whose better document's number is in `numbers` (first, end)."""

    documents: tuple[Path, ...]
    starts: tuple[int, ...]
    numbers: tuple[int, int]
    pairs: tuple[Path, ...]  # of this round
    earlier: tuple[Path, ...]  # outputs of earlier rounds for the same numbers
    sizes: Path
    threshold: float
    chunk_bytes: int
    seed: int
    output: Path


@dataclass(frozen=True)
class _Contents:
    """What is read of some documents, by their numbers."""

    shingles: dict[int, Hashes]
    places: dict[int, tuple[str, ...]]  # PLACE


def verify_pairs(task: VerificationTask) -> None:
    """Compare each pair that no earlier round has compared. At any time about `chunk_bytes` of text are in memory."""
    with (
        atomic_file(task.output) as aside,
        pq.ParquetWriter(aside, VERIFIED_SCHEMA, compression="zstd") as out,
    ):
        for chunk in _chunks(_fresh_pairs(task), np.load(task.sizes, mmap_mode="r"), task.chunk_bytes):
            better, worse = unpack(chunk)
            contents = _read_contents(task, distinct(np.concatenate([better, worse])))
            similarity = similarities(contents.shingles, better, worse)
            alike = similarity >= task.threshold
            places = [
                contents.places[one] if named else ("",) * len(PLACE)
                for one, named in zip(better.tolist(), alike.tolist(), strict=True)
            ]
            names = [[place[side] for place in places] for side in range(len(PLACE))]
            out.write_table(pa.table([better, worse, similarity, *names], schema=VERIFIED_SCHEMA))


def _fresh_pairs(task: VerificationTask) -> Hashes:
    """The distinct pairs of this part, packed and ascending, less those of earlier rounds."""
    low, high = (np.uint64(number << 32) for number in task.numbers)
    found = [np.empty(0, np.uint64)]
    for path in task.pairs:
        packed = np.load(path, mmap_mode="r")
        found.append(distinct(packed[np.searchsorted(packed, low) : np.searchsorted(packed, high)]))
    seen = [np.empty(0, np.uint64)]
    for path in task.earlier:
        table = pq.read_table(path, columns=["better", "worse"], use_threads=False)
        seen.append(pack(table["better"].to_numpy(), table["worse"].to_numpy()))
    return without(np.concatenate(found), np.concatenate(seen))


def _chunks(pairs: Hashes, sizes: Indices, chunk_bytes: int) -> Iterator[Hashes]:
    """Cut the pairs where the texts of those before have reached another `chunk_bytes`."""
    if not len(pairs):
        return
    better, worse = unpack(pairs)
    cost = sizes[worse] + np.where(np.diff(better, prepend=-1) != 0, sizes[better], 0)
    chunk = np.cumsum(cost) // chunk_bytes
    yield from np.split(pairs, np.flatnonzero(np.diff(chunk)) + 1)


def _read_contents(task: VerificationTask, numbers: Indices) -> _Contents:
    """The shingles and the names of some documents, read row group by row group."""
    contents = _Contents({}, {})
    shard_of = np.searchsorted(task.starts, numbers, side="right") - 1
    for shard in np.unique(shard_of):
        wanted = numbers[shard_of == shard]
        rows = wanted - task.starts[shard]
        for group, table in _row_groups(task.documents[shard], rows):
            texts = list(map(compared, table["text"].cast(pa.large_binary()).to_pylist()))
            documents = [task.starts[shard] + row for row in group]
            places = zip(*(table[name].to_pylist() for name in PLACE), strict=True)
            contents.shingles.update(zip(documents, shingle_sets(texts, task.seed), strict=True))
            contents.places.update(zip(documents, places, strict=True))
    return contents


def _row_groups(path: Path, rows: Indices) -> Iterator[tuple[list[int], pa.Table]]:
    """The wanted rows of a shard, as (row numbers, table) per row group that holds any."""
    with pq.ParquetFile(path) as file:
        counts = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
        starts = np.concatenate([[0], np.cumsum(counts)])
        group_of = np.searchsorted(starts, rows, side="right") - 1
        for group in np.unique(group_of):
            wanted = rows[group_of == group]
            table = file.read_row_group(int(group), columns=["text", *PLACE], use_threads=False)
            yield wanted.tolist(), table.take(pa.array(wanted - starts[group]))
