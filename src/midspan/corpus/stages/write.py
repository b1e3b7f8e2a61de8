"""Last stage: one shard as it is trained on: no near-copies, no secrets, files of a repository in order, split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import DOCUMENT_SCHEMA, content_id
from midspan.corpus.repositories import order_files
from midspan.corpus.secrets import redact
from midspan.corpus.stages.amounts import Amount, Exclusions, add, merged, total
from midspan.corpus.stages.guard import Guard, QuarantinedError
from midspan.corpus.stages.read import ROW_GROUP
from midspan.corpus.stages.survey import (
    Choice,
    SurveyTask,
    cap_key,
    dropped_rows,
    pass_key,
    split_key,
)

MOST_REPOSITORIES = 100  # of a shard, named in the statistics
Row = dict[str, Any]


@dataclass(frozen=True)
class WriteTask:
    """One shard, what of it was dropped, and what is decided for the whole corpus."""

    shard: SurveyTask
    choice: Choice
    secrets: bool
    order: Literal["dependency", "random"]
    seed: int
    prose: frozenset[str]  # sources whose files are no code: they keep their order


def write(task: WriteTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write train-00.parquet (of the first pass; train-01 of the second …), heldout.parquet and excluded.jsonl.

    A file is not written where it would be empty. Repositories keep their order; the files of one are in `order`.
    """
    exclusions = Exclusions("write")
    secrets: Counter[str] = Counter()
    files: dict[str, list[Row]] = {}
    counts: dict[str, dict[str, Amount]] = {name: {} for name in COUNTED}
    for repository, rows in groupby(_cleaned(task, guard, exclusions, secrets), key=lambda row: row["repository"]):
        for row in _in_order(repository, list(rows), task):
            group = row["source"], row["language"]
            names = _files_of(row, task.choice)
            for name in names:
                files.setdefault(name, []).append(row)
                add(counts["written"], "\n".join(("heldout" if name == "heldout" else "train", *group)), row["size"])
            if names:
                count(counts, row, "heldout" if names == ["heldout"] else "train")
            else:
                passes = f"{task.choice.epochs[group]:.3g} passes over {group[1]} of {group[0]}"
                exclude(exclusions, row, "not in the mixture", passes)
    for name, documents in files.items():
        table = pa.Table.from_pylist(documents, schema=DOCUMENT_SCHEMA)
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=ROW_GROUP, compression="zstd")
    exclusions.write(folder)
    taken = total(merged([exclusions.dropped, counts["side"]]))
    by_repository = merged([counts.pop("by_repository")])
    facts = {"in": taken, "out": total(counts["side"]), "dropped": exclusions.dropped, "secrets": dict(secrets)}
    shown = dict(list(by_repository.items())[:MOST_REPOSITORIES])
    return {**facts, **counts, "by_repository": shown, "repositories": len(by_repository)}


COUNTED = ("side", "written", "by_language", "by_licence", "by_licence_class", "by_source", "by_repository")


def count(counts: dict[str, dict[str, Amount]], row: Row, side: str) -> None:
    """Count a document that is kept."""
    add(counts["side"], side, row["size"])
    add(counts["by_licence_class"], row["outcome"], row["size"])
    for group in ("language", "licence", "source", "repository"):
        add(counts[f"by_{group}"], row[group], row["size"])


def exclude(exclusions: Exclusions, row: Row, reason: str, detail: str, text: str = "") -> None:
    """Leave out a document."""
    facts = {"source": row["source"], "language": row["language"], "size": row["size"]}
    exclusions.add(row["repository"], row["path"], reason, detail, text=text, **facts)


def _cleaned(task: WriteTask, guard: Guard, exclusions: Exclusions, secrets: Counter[str]) -> Iterator[Row]:
    """The documents that stay, without their secrets, each with the `key` by which it is held out."""
    with pq.ParquetFile(task.shard.documents) as file:
        repositories = file.read(["repository"])["repository"].to_pylist()
        dropped = dropped_rows(task.shard, repositories)
        batches = (row for batch in file.iter_batches(ROW_GROUP) for row in batch.to_pylist())
        for ordinal, row in guard.each(batches):
            if ordinal in dropped:
                place, similarity = dropped[ordinal]
                exclude(exclusions, row, "near copy", f"{similarity:.2f} of {place}", row["text"])
            elif cap_key(row["id"]) > task.choice.cap_above:
                exclude(exclusions, row, "over max_bytes", f"{row['size']} bytes")
            else:
                row["key"] = row["id"]
                try:
                    yield guard.apply(lambda row: _without_secrets(row, secrets), ordinal, row) if task.secrets else row
                except QuarantinedError as error:
                    exclude(exclusions, row, "quarantined", str(error))


def _without_secrets(row: Row, secrets: Counter[str]) -> Row:
    text, findings = redact(row["text"])
    if not findings:
        return row
    secrets.update(finding.kind for finding in findings)
    secrets["documents"] += 1
    return row | {"text": text, "id": content_id(text), "size": len(text.encode())}


def _in_order(repository: str, rows: list[Row], task: WriteTask) -> list[Row]:
    """The files of one repository as they follow each other; what is no code stays in the order of paths."""
    code = [row for row in rows if row["source"] not in task.prose]
    files = [(row["path"], row["text"], row["language"]) for row in code]
    order = order_files(files, task.seed, task.order)
    return [code[index] for index in order] + [row for row in rows if row["source"] in task.prose]


def _files_of(row: Row, choice: Choice) -> list[str]:
    """Which files a document goes into: one of each pass over its group, or the held-out one."""
    epochs = choice.epochs[row["source"], row["language"]]
    passes = int(epochs) + (pass_key(row["key"]) < epochs % 1)
    if passes and split_key(row["key"]) < choice.split_below:
        return ["heldout"]
    return [f"train-{one:02d}" for one in range(passes)]
