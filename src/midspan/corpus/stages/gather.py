"""Fourth stage: the documents of one shard, from all the tasks that judged documents, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from midspan.corpus.stages.amounts import amount
from midspan.corpus.stages.guard import Guard
from midspan.corpus.stages.read import write_documents
from midspan.corpus.stages.tables import join_partitions

ORDER = [(name, "ascending") for name in ("repository", "path", "source", "id")]


@dataclass(frozen=True)
class GatherTask:
    """One shard among what all judging tasks wrote."""

    senders: tuple[Path, ...]
    shard: int
    by_repository: bool  # are whole repositories compared with each other?


def gather(task: GatherTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write documents.parquet in the order of repository and path, and with it, if asked for, repositories.parquet."""
    table = join_partitions(task.senders, task.shard).sort_by(ORDER)
    write_documents(folder / "documents.parquet", table)
    rows = list(_repositories(table)) if task.by_repository else []
    if task.by_repository:
        write_documents(folder / "repositories.parquet", pa.Table.from_pylist(rows, schema=table.schema))
    size = amount(len(table), int(pc.sum(table["size"]).as_py() or 0))
    return {"in": size, "out": size, "documents": len(table), "repositories": len(rows)}


def _repositories(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Each repository as one document: its files joined (DeepSeek-Coder, section 2.2)."""
    for repository, rows in groupby(table.to_pylist(), key=lambda row: row["repository"]):
        files = list(rows)
        licences = sorted({row["licence"] for row in files})
        yield {
            **files[0],
            "text": "\n".join(row["text"] for row in files),
            "path": "",
            "repository": repository,
            "licence": licences[0] if len(licences) == 1 else " AND ".join(f"({one})" for one in licences),
            "stars": max(row["stars"] for row in files),
            "date": min(row["date"] or "~" for row in files).removeprefix("~"),
            "size": sum(row["size"] for row in files),
        }
