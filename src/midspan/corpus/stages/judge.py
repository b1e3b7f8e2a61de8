"""Third stage: quality and decontamination of what is no copy; each document on to the shard of its repository."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.dedup import read_dropped
from midspan.corpus.quality import why_not
from midspan.corpus.scorer import OwnJudge
from midspan.corpus.stages.amounts import amount
from midspan.corpus.stages.exclusions import Exclusions
from midspan.corpus.stages.guard import Guard, QuarantinedError
from midspan.corpus.stages.near import survivor_of
from midspan.corpus.stages.places import Place
from midspan.corpus.stages.tables import ROW_GROUP, STAGED_SCHEMA, StagedDocument, documents_of, write_partitions


@dataclass(frozen=True)
class JudgeTask:
    """One part of the documents of a reading task, and what they are judged by."""

    documents: Path
    copies: Path  # what the search for exact copies drops
    start: int  # the number of the first document
    overrides: Mapping[str, Any]  # of quality rules
    evaluation: Path | None  # the index of what must not be trained on
    cuts: tuple[Place, ...]
    scorer: OwnJudge | None = None


def judge(task: JudgeTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write documents.arrow, parted by shard, and excluded.jsonl."""
    exclusions = Exclusions("judge")
    index = None if task.evaluation is None else load_index(task.evaluation)
    kept: list[pa.Table] = []
    receivers: list[int] = []
    size_in = size_out = 0
    with pq.ParquetFile(task.documents) as file:
        count = file.metadata.num_rows
        originals = _originals(task, count)
        for first, batch in _batches(file):
            keep = np.zeros(len(batch), bool)
            for ordinal, document in guard.each(documents_of(batch), first):
                size_in += document.size
                if ordinal in originals:
                    survivor = survivor_of(originals[ordinal], document.source)
                    exclusions.add_document(document, "exact copy", f"of {survivor}")
                elif (reason := _why_out(task, index, guard, ordinal, document)) is not None:
                    exclusions.add_document(document, *reason, excerpt=True)
                else:
                    keep[ordinal - first] = True
                    size_out += document.size
                    receivers.append(bisect_right(task.cuts, (document.repository, document.source, document.path)))
            kept.append(batch.filter(pa.array(keep)))
    table = pa.concat_tables([STAGED_SCHEMA.empty_table(), *kept])
    write_partitions(folder / "documents.arrow", table, np.array(receivers, np.int64), len(task.cuts) + 1)
    exclusions.write(folder)
    out = amount(len(table), size_out)
    return {"in": amount(count, size_in), "out": out, "dropped": exclusions.dropped}


@functools.lru_cache(maxsize=1)
def load_index(path: Path) -> EvaluationIndex:
    """The evaluation sets, once for all tasks of a process; the name tells the content."""
    return EvaluationIndex.load(path)


def _originals(task: JudgeTask, count: int) -> dict[int, dict[str, Any]]:
    """The documents that are copies, by their rows, and what they are copies of."""
    copies = read_dropped(task.copies, task.start, task.start + count).to_pylist()
    return {one["document"] - task.start: one for one in copies}


def _batches(file: pq.ParquetFile) -> Iterator[tuple[int, pa.Table]]:
    """The documents a few at a time, with the row of the first."""
    first = 0
    for batch in file.iter_batches(ROW_GROUP):
        yield first, pa.Table.from_batches([batch], schema=STAGED_SCHEMA)
        first += len(batch)


def _why_out(
    task: JudgeTask, index: EvaluationIndex | None, guard: Guard, ordinal: int, document: StagedDocument
) -> tuple[str, str] | None:
    """Reason and detail, None for a document that stays."""

    def assess(document: StagedDocument) -> tuple[str, str] | None:
        if (rule := why_not(document.text, document.path, document.language, task.overrides)) is not None:
            return rule
        if index is not None and (found := index.find(document.text)) is not None:
            return "contaminated", f"{found.set}, item {found.item}: {found.detail}"
        return None if task.scorer is None else task.scorer.why_not(document.text)

    try:
        return guard.apply(assess, ordinal, document)
    except QuarantinedError as error:
        return "quarantined", str(error)
