"""Which samples share a row: best-fit decreasing, nothing truncated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def best_fit(lengths: Sequence[int] | NDArray[np.int64], capacity: int) -> NDArray[np.int64]:
    """The row of each sample, so that none holds more than `capacity` positions: [samples].

    Longest first, each into the row it fills best (Ding et al. 2024, "Fewer Truncations Improve Language Modeling").
    A pure function of the arguments. Raises ValueError for a sample longer than `capacity`.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    if len(sizes) and sizes.max() > capacity:
        index = int(sizes.argmax())
        raise ValueError(f"sample {index} takes {sizes[index]} positions, a row has {capacity}")
    order = np.argsort(-sizes, kind="stable")
    placed = np.empty(len(sizes), dtype=np.int64)
    rows = 0
    with_room: list[list[int]] = [[] for _ in range(capacity + 1)]  # free positions → rows
    rooms = 0  # bit n is set where some row has n free positions
    for index, length in zip(order.tolist(), sizes[order].tolist(), strict=True):
        if wide_enough := rooms >> length:
            room = length + (wide_enough & -wide_enough).bit_length() - 1  # the lowest bit: the least room
            row = with_room[room].pop()
            if not with_room[room]:
                rooms ^= 1 << room
        else:
            row, room = rows, capacity
            rows += 1
        placed[index] = row
        if left := room - length:
            with_room[left].append(row)
            rooms |= 1 << left
    return placed


def best_fit_rows(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """The samples of each row, as `best_fit` places them."""
    placed = best_fit(lengths, capacity)
    rows: list[list[int]] = [[] for _ in range(int(placed.max(initial=-1)) + 1)]
    for sample, row in enumerate(placed.tolist()):
        rows[row].append(sample)
    return rows
