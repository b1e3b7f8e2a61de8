"""Exact deduplication through files: of the documents with the same text the one of best priority stays.

Two steps, like every shuffle here: each shard writes its content hashes in order; each range of hashes, a bounded task,
reads its part of all these files and chooses the survivors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.dedup.dropped import write_dropped
from midspan.corpus.dedup.priority import (
    PRIORITY_COLUMNS,
    PriorityTask,
    place_of,
    read_range,
    sort_keys,
    write_sorted,
)
from midspan.corpus.dedup.tasks import Run, claim, document_starts, run_here, run_missing

PARTITION_DOCUMENTS = 2_000_000  # about 250 bytes each in the memory of a task


@dataclass(frozen=True)
class ChoiceTask:
    """One range of content hashes [low, high) of all shards."""

    hashed: Path  # the folder of the files of `write_hashes`
    low: str
    high: str | None
    output: Path


def exact_duplicates(
    shards: Sequence[Path], work: Path, run: Run = run_here, fingerprint: str = "", partitions: int | None = None
) -> Path:
    """Find exact copies among documents shards; returns the folder for `read_dropped`.

    `shards` need the columns PRIORITY_COLUMNS, where `id` is the hash of the text; `fingerprint` names their content.
    `work` is this step's own folder: run again after a kill, it goes on.
    """
    starts = document_starts(shards)
    parts = partitions or -(-starts[-1] // PARTITION_DOCUMENTS) or 1
    claim(
        work, {"shards": [str(shard) for shard in shards], "starts": starts, "fingerprint": fingerprint, "parts": parts}
    )
    if not starts[-1]:
        (work / "dropped").mkdir(exist_ok=True)
        return work / "dropped"
    hashed = [
        PriorityTask(shard, start, work / "hashes" / f"{index:06d}.parquet")
        for index, (shard, start) in enumerate(zip(shards, starts[:-1], strict=True))
    ]
    run_missing(run, write_hashes, hashed, "hash documents")
    bounds = ["", *(f"{part * 16**8 // parts:08x}" for part in range(1, parts)), None]
    choices = [
        ChoiceTask(work / "hashes", bounds[part] or "", bounds[part + 1], work / "dropped" / f"{part:06d}.parquet")
        for part in range(parts)
    ]
    run_missing(run, choose_survivors, choices, "exact copies")
    return work / "dropped"


def write_hashes(task: PriorityTask) -> None:
    """Write the content hashes of a shard in order, each with its document's priority and number."""
    table = pq.read_table(task.documents, columns=list(PRIORITY_COLUMNS), use_threads=False)
    numbers = pa.array(np.arange(task.start, task.start + len(table)))
    columns = {"id": table["id"], "key": pa.array(sort_keys(table), pa.string()), "document": numbers}
    write_sorted(columns, task.output)


def choose_survivors(task: ChoiceTask) -> None:
    """Of the documents with the same hash, all but the first in the order of priority are dropped."""
    table = read_range(sorted(task.hashed.glob("*.parquet")), "id", task.low, task.high)
    table = table.sort_by([("id", "ascending"), ("key", "ascending"), ("document", "ascending")])
    ids = table["id"].to_numpy(zero_copy_only=False)
    first = np.ones(len(ids), np.bool_)
    first[1:] = ids[1:] != ids[:-1]
    leader = np.flatnonzero(first)[np.cumsum(first) - 1] if len(ids) else np.empty(0, np.int64)  # [rows]
    rows = np.flatnonzero(~first)
    documents = table["document"].to_numpy()
    places = [place_of(key) for key in table["key"].take(pa.array(leader[rows], pa.int64())).to_pylist()]
    dropped = {
        "document": pa.array(documents[rows], pa.int64()),
        "survivor": pa.array(documents[leader[rows]], pa.int64()),
        "similarity": pa.array(np.ones(len(rows))),
        "repository": pa.array([repository for repository, _, _ in places], pa.string()),
        "path": pa.array([path for _, path, _ in places], pa.string()),
        "source": pa.array([source for _, _, source in places], pa.string()),
    }
    write_dropped(pa.table(dropped), task.output)
