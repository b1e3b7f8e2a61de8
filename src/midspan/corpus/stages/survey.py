"""Sixth stage: what is left; which of it is taken, how often, and held out: numbers, applied to each document alone.

A document's hash decides, so the same document is on the same side in every corpus that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from midspan.corpus.stages.amounts import Amount, add, amount
from midspan.corpus.stages.guard import Guard
from midspan.corpus.stages.near import Shard, near_copies

HASH_DIGITS = 13  # of the hexadecimal content hash: 52 bits, exact in a float
HASH_END = 16**HASH_DIGITS
Group = tuple[str, str]  # source, language


@dataclass(frozen=True)
class Choice:
    """What decides about each document."""

    split_below: int  # documents whose split key is below are held out
    cap_above: int  # documents whose cap key is above are over max_bytes
    epochs: dict[Group, float]  # passes over the documents of a source and language; 1 for those not named
    by_time: frozenset[str] = frozenset()  # sources of which no files are held out


@dataclass(frozen=True)
class SurveyTask:
    """One shard."""

    shard: Shard
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


def survey(task: SurveyTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Count what is left of a shard by source and language; write keys.npy [3, documents]: split, cap, bytes."""
    table = pq.read_table(task.shard.documents, columns=["id", "repository", "source", "language", "size"])
    ids, repositories, sources, languages, sizes = (column.to_pylist() for column in table.columns)
    copies = near_copies(task.shard, list(zip(repositories, sources, strict=True)))
    groups: dict[str, Amount] = {}
    keys: list[tuple[int, int, int]] = []
    for row, (content_hash, source, language, size) in enumerate(zip(ids, sources, languages, sizes, strict=True)):
        if row not in copies:
            add(groups, f"{source}\n{language}", size)
            keys.append((split_key(content_hash), cap_key(content_hash), size))
    array = np.array(keys, np.int64).reshape(-1, 3).T
    if task.keys:
        np.save(folder / "keys.npy", array)
    taken = amount(len(table), sum(sizes))
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
