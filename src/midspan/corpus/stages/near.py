"""Fifth stage: which documents, or whole repositories, are nearly another; and what of a shard goes for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from midspan.corpus.dedup import NearSettings, near_duplicates_in_files, read_dropped
from midspan.corpus.stages.amounts import Amount
from midspan.corpus.stages.manifest import Row
from midspan.corpus.stages.search import run_search
from midspan.corpus.stages.workplace import Workplace


@dataclass(frozen=True)
class NearTask:
    """Everything that was gathered."""

    documents: tuple[Path, ...]  # or repositories, each as one document
    amount: Amount
    input: str  # hash of the documents
    threshold: float  # Jaccard similarity


@dataclass(frozen=True)
class Shard:
    """The documents that one task gathered, and where it says which of them are near-copies."""

    documents: Path
    copies: Path | None  # what the search for near-copies drops; None: there was none
    start: int  # the number of the shard's first document, or of its first repository
    by_repository: bool


@dataclass(frozen=True)
class NearCopy:
    """Why a document goes."""

    survivor: str  # where the document is that stays instead
    similarity: float


def near(task: NearTask, workplace: Workplace) -> tuple[Path, Row]:
    """Find the near-copies; what `read_dropped` reads of them, and the row of the manifest."""
    settings = NearSettings(threshold=task.threshold)
    return run_search(
        workplace,
        "near",
        lambda folder, run: near_duplicates_in_files(task.documents, folder, settings, run, task.input),
        task.amount,
        f"{task.input} {task.threshold}",
    )


def near_copies(shard: Shard, repositories: Sequence[str]) -> dict[int, NearCopy]:
    """The near-copies by their rows of the shard; of a repository that is one, all rows are.

    `repositories` [documents], in order.
    """
    if shard.copies is None:
        return {}
    unit = np.arange(len(repositories))  # [documents]: which document, or which repository, it is
    if shard.by_repository and len(unit):
        changes = [a != b for a, b in zip(repositories[1:], repositories[:-1], strict=True)]
        unit = np.concatenate([[0], np.cumsum(changes)])
    count = int(unit[-1]) + 1 if len(unit) else 0
    dropped = read_dropped(shard.copies, shard.start, shard.start + count).to_pylist()
    found: dict[int, NearCopy] = {}
    for one in dropped:
        survivor = ": ".join(filter(None, (one["repository"], one["path"])))
        found[one["document"] - shard.start] = NearCopy(survivor, one["similarity"])
    return {row: found[one] for row, one in enumerate(unit.tolist()) if one in found}
