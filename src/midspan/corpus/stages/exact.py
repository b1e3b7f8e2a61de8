"""Second stage: which documents equal another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from midspan.corpus.dedup import exact_duplicates
from midspan.corpus.stages.amounts import Amount
from midspan.corpus.stages.manifest import Row
from midspan.corpus.stages.search import run_search
from midspan.corpus.stages.workplace import Workplace


@dataclass(frozen=True)
class ExactTask:
    """Everything that was read."""

    documents: tuple[Path, ...]
    amount: Amount
    input: str  # hash of the documents


def exact(task: ExactTask, workplace: Workplace) -> tuple[Path, Row]:
    """Find the copies; what `read_dropped` reads of them, and the row of the manifest."""
    return run_search(
        workplace,
        "exact",
        lambda folder, run: exact_duplicates(task.documents, folder, run, task.input),
        task.amount,
        task.input,
    )
