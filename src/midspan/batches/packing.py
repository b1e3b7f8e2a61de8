"""Which samples share a row: best-fit decreasing, nothing truncated."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

import numpy as np


def best_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Group sample indices into rows of at most `capacity` positions.

    Longest first, each into the row it fills best (Ding et al. 2024, "Fewer Truncations Improve Language Modeling").
    Equal lengths keep their order, so the result is a pure function of the arguments. Raises ValueError for a sample
    longer than `capacity`.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    rows: list[list[int]] = []
    open_rows: list[tuple[int, int]] = []  # (free positions, row), ascending
    for index in order.tolist():
        length = lengths[index]
        if length > capacity:
            raise ValueError(f"sample {index} takes {length} positions, a row has {capacity}")
        place = bisect_left(open_rows, (length, -1))
        if place == len(open_rows):
            rows.append([index])
            free, row = capacity - length, len(rows) - 1
        else:
            free, row = open_rows.pop(place)
            rows[row].append(index)
            free -= length
        if free > 0:
            insort(open_rows, (free, row))
    return rows
