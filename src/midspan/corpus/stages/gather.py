"""Fourth stage: the documents of one shard, from all the tasks that judged documents, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from midspan.corpus.documents import to_table
from midspan.corpus.stages.amounts import amount
from midspan.corpus.stages.guard import Guard
from midspan.corpus.stages.tables import STAGED_SCHEMA, StagedDocument, documents_of, join_partitions, write_documents

ORDER = [(name, "ascending") for name in ("repository", "source", "path", "id")]


@dataclass(frozen=True)
class GatherTask:
    """One shard among what all judging tasks wrote."""

    senders: tuple[Path, ...]
    shard: int
    by_repository: bool  # are whole repositories compared with each other?


def gather(task: GatherTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write documents.parquet in order and with it, if asked for, repositories.parquet."""
    table = _each_by_its_own_path(join_partitions(task.senders, task.shard).sort_by(ORDER))
    write_documents(folder / "documents.parquet", table)
    repositories = list(_repositories(table)) if task.by_repository else []
    if task.by_repository:
        write_documents(folder / "repositories.parquet", to_table(repositories, STAGED_SCHEMA))
    size = amount(len(table), int(pc.sum(table["size"]).as_py() or 0))
    return {"in": size, "out": size, "documents": len(table), "repositories": len(repositories)}


def _each_by_its_own_path(table: pa.Table) -> pa.Table:
    """The documents such that source, repository and path name one: the second of a path is called "path@2".

    A table may hold several revisions of a file. `table` is in ORDER.
    """
    places = zip(*(table[name].to_pylist() for name in ("repository", "source", "path")), strict=True)
    paths: list[str] = []
    before, number = None, 1
    for place in places:
        number = number + 1 if place == before else 1
        before = place
        paths.append(place[2] if number == 1 else f"{place[2]}@{number}")
    return table.set_column(table.column_names.index("path"), table.schema.field("path"), pa.array(paths, pa.string()))


def _repositories(table: pa.Table) -> Iterator[StagedDocument]:
    """Each repository as one document: its files joined (DeepSeek-Coder, section 2.2)."""
    for _, documents in groupby(documents_of(table), key=lambda document: (document.repository, document.source)):
        files = list(documents)
        licences = sorted({file.licence for file in files})
        yield replace(
            files[0],
            text="\n".join(file.text for file in files),
            path="",
            licence=licences[0] if len(licences) == 1 else " AND ".join(f"({one})" for one in licences),
            stars=max(file.stars for file in files),
            date=min(file.date or "~" for file in files).removeprefix("~"),
            size=sum(file.size for file in files),
        )
