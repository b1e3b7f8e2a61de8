"""Which documents are taken, how often, and which are held out: numbers per corpus, applied to each document alone.

A document's hash decides, so the same document is on the same side in every corpus that holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from midspan.corpus.dedup import read_dropped
from midspan.corpus.stages.amounts import Amount, add, amount
from midspan.corpus.stages.guard import Guard

HASH_DIGITS = 13  # of the hexadecimal content hash: 52 bits, exact in a float
HASH_END = 16**HASH_DIGITS
Group = tuple[str, str]  # source, language


@dataclass(frozen=True)
class Choice:
    """What decides about each document."""

    split_below: int  # documents whose split key is below are held out
    cap_above: int  # documents whose cap key is above are over max_bytes
    epochs: dict[Group, float]  # passes over the documents of a source and language; 1 for those not named


@dataclass(frozen=True)
class SurveyTask:
    """One shard and what near-deduplication drops of it."""

    documents: Path
    dropped: Path | None
    start: int  # the number of the shard's first document, or of its first repository
    by_repository: bool
    keys: bool  # are the keys of every document needed?


def split_key(content_hash: str) -> int:
    """Where a document stands in the order by which files are held out."""
    return int(content_hash[:HASH_DIGITS], 16)


def cap_key(content_hash: str) -> int:
    """Where a document stands in the order in which max_bytes is filled."""
    return int(content_hash[: -HASH_DIGITS - 1 : -1], 16)


def pass_key(content_hash: str) -> float:
    """A number in [0, 1) that decides about the fraction of a pass."""
    digits = content_hash[HASH_DIGITS : 2 * HASH_DIGITS - 1]
    return float(int(digits, 16) / 16 ** len(digits))


def dropped_rows(task: SurveyTask, repositories: Sequence[str]) -> dict[int, tuple[str, float]]:
    """Row of the shard → where the document is that stays instead, and how alike they are.

    `repositories` [documents], in order; of a dropped repository all rows are.
    """
    if task.dropped is None:
        return {}
    unit = np.arange(len(repositories))  # [documents]: which document, or which repository, it is
    if task.by_repository and len(unit):
        changes = [a != b for a, b in zip(repositories[1:], repositories[:-1], strict=True)]
        unit = np.concatenate([[0], np.cumsum(changes)])
    count = int(unit[-1]) + 1 if len(unit) else 0
    table = read_dropped(task.dropped, task.start, task.start + count).to_pylist()
    found = {row["document"] - task.start: row for row in table}
    return {
        row: (": ".join(filter(None, (found[one]["repository"], found[one]["path"]))), found[one]["similarity"])
        for row, one in enumerate(unit.tolist())
        if one in found
    }


def survey(task: SurveyTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Count what is left of a shard by source and language; write keys.npy [3, documents]: split, cap, bytes."""
    table = pq.read_table(task.documents, columns=["id", "repository", "source", "language", "size"])
    dropped = dropped_rows(task, table["repository"].to_pylist())
    groups: dict[str, Amount] = {}
    keys: list[tuple[int, int, int]] = []
    for row, one in enumerate(table.to_pylist()):
        if row not in dropped:
            add(groups, f"{one['source']}\n{one['language']}", one["size"])
            keys.append((split_key(one["id"]), cap_key(one["id"]), one["size"]))
    array = np.array(keys, np.int64).reshape(-1, 3).T
    if task.keys:
        np.save(folder / "keys.npy", array)
    taken = amount(len(table), sum(table["size"].to_pylist()))
    left = amount(len(keys), int(array[2].sum()))
    return {"in": taken, "out": left, "groups": groups, "split": sorted(array[0].tolist())[:: max(len(keys) - 1, 1)]}


def highest_cap(keys: npt.NDArray[np.int64], max_bytes: int) -> int:
    """The cap key of the last document that fits into `max_bytes`, -1 if none does; `keys` [3, documents]."""
    order = np.argsort(keys[1], kind="stable")
    fits = int(np.searchsorted(np.cumsum(keys[2][order]), max_bytes, side="right"))
    return int(keys[1][order[fits - 1]]) if fits else -1


def split_threshold(fraction: float, lowest: int, highest: int, documents: int) -> int:
    """Below which split key a document is held out: both sides get one at least, where there are two documents.

    `lowest` and `highest` are the split keys found.
    """
    if fraction == 0 or documents < 2:
        return 0
    threshold = int(fraction * HASH_END)
    return min(max(threshold, lowest + 1), highest)
