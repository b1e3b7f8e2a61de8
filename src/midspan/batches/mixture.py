"""Several kinds of rows in one stage, each with its weight."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from midspan.batches.batch import Segment
from midspan.batches.randomness import generator
from midspan.batches.rows import Rows

DRAWS = 1024  # after so many, the arrangement of the parts comes again


class Mixture:
    """Rows of several parts in proportion to their weights, evenly through time.

    Row k is the next row of one part, found by counting: each part goes through its own epochs at its own pace. An
    epoch of the mixture is one of its first part: of conversations 7 and replayed code 1, three epochs are three
    passes over the conversations. Parts that are of one stage and one shard must be told apart by their own `stage`.
    """

    def __init__(self, parts: Sequence[tuple[Rows, float]], *, seed: int, stage: str) -> None:
        self.parts = [rows for rows, _ in parts]
        self.counts = shares([weight for _, weight in parts])  # of each part's draws among DRAWS
        self.first = next(part for part, count in enumerate(self.counts) if count)
        self.order = arrangement(self.counts, self.first, generator(seed, stage, "mixture"))  # [DRAWS]
        self.before = np.zeros(DRAWS, dtype=np.int64)  # [DRAWS], earlier draws of the same part
        for part, count in enumerate(self.counts):
            self.before[self.order == part] = np.arange(count)

    def __len__(self) -> int:
        """The rows in which the first part has an epoch; in any e times as many it has e of them, or a row more."""
        return math.ceil(len(self.parts[self.first]) * DRAWS / self.counts[self.first])

    def draw(self, k: int) -> tuple[int, int]:
        """The part that row `k` belongs to, and its number among that part's rows."""
        turn, place = divmod(k, DRAWS)
        part = int(self.order[place])
        return part, turn * self.counts[part] + int(self.before[place])

    def row(self, k: int) -> list[Segment]:
        """The segments of row `k`."""
        part, number = self.draw(k)
        return self.parts[part].row(number)


def shares(weights: Sequence[float]) -> list[int]:
    """DRAWS shared out by weight, the largest remainders rounded up, with at least 1 for each weight above 0.

    ValueError where no weight is above 0, one is below, or there are more parts than draws.
    """
    total = sum(weights)
    if not 0 < len(weights) <= DRAWS or min(weights) < 0 or not 0 < total < math.inf:
        raise ValueError(f"a mixture takes 1 to {DRAWS} parts with weights of 0 or more, not all 0: {list(weights)}")
    exact = [weight / total * DRAWS for weight in weights]
    least = [int(weight > 0) for weight in weights]
    counts = [max(one, math.floor(share)) for one, share in zip(least, exact, strict=True)]
    while missing := DRAWS - sum(counts):  # below 0 where many were lifted to 1: those with most above their share give
        step = 1 if missing > 0 else -1
        changeable = [part for part, count in enumerate(counts) if least[part] and count + step >= 1]
        counts[max(changeable, key=lambda part: step * (exact[part] - counts[part]))] += step
    return counts


def arrangement(counts: Sequence[int], first: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """The part of each draw. The first part's are evenly spread, the others' about evenly and by chance: [DRAWS]."""
    order = np.full(DRAWS, first)
    taken = np.arange(counts[first]) * DRAWS // counts[first]
    others = [part for part in range(len(counts)) if part != first and counts[part]]
    if others:
        places = [(np.arange(counts[part]) + draw.random(counts[part])) / counts[part] for part in others]
        parts = np.repeat(others, [counts[part] for part in others])
        order[np.setdiff1d(np.arange(DRAWS), taken)] = parts[np.argsort(np.concatenate(places), kind="stable")]
    return order
