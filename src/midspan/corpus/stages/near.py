"""Fifth stage: which documents, or whole repositories, are nearly another; and what of a shard goes for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from midspan.corpus.dedup import NearSettings, near_duplicates_in_files, read_dropped
from midspan.corpus.stages.amounts import Amount
from midspan.corpus.stages.manifest import Row
from midspan.corpus.stages.search import run_search
from midspan.corpus.stages.workplace import Workplace

Whose = tuple[str, str]  # a repository, and the source that it is of


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


def survivor_of(dropped: Mapping[str, Any], source: str) -> str:
    """Where the document is for which one of `source` was dropped; of another source, with that one's name."""
    place = ": ".join(filter(None, (dropped["repository"], dropped["path"])))
    return place if dropped["source"] == source else f"{place} (source {dropped['source']})"


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


def near_copies(shard: Shard, repositories: Sequence[Whose]) -> dict[int, NearCopy]:
    """The near-copies by their rows of the shard; of a repository that is one, all rows are.

    `repositories` [documents], in order, each with its source: another source's of the same name is another.
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
        own = one["document"] - shard.start
        whose = repositories[int(np.searchsorted(unit, own))]
        found[own] = NearCopy(survivor_of(one, whose[1]), one["similarity"])
    return {row: found[one] for row, one in enumerate(unit.tolist()) if one in found}
