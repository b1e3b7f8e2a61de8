"""Best-fit packing loses nothing, overfills nothing and is not wasteful."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.batches.packing import best_fit, best_fit_rows

LENGTHS = st.lists(st.integers(1, 64), max_size=200)


@given(LENGTHS)
def test_every_sample_is_in_exactly_one_row_and_no_row_is_overfull(lengths: list[int]) -> None:
    rows = best_fit_rows(lengths, 64)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(sum(lengths[index] for index in row) <= 64 for row in rows)


@given(LENGTHS)
def test_at_most_one_row_is_less_than_half_full(lengths: list[int]) -> None:
    fills = [sum(lengths[index] for index in row) for row in best_fit_rows(lengths, 64)]
    assert sum(fill < 32 for fill in fills) <= 1  # two such rows would have been one


@given(LENGTHS)
def test_each_sample_goes_where_least_room_is_left(lengths: list[int]) -> None:
    free: list[int] = []  # brute force: scan all rows for the fullest that still takes it
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        fitting = [row for row, room in enumerate(free) if room >= lengths[index]]
        if fitting:
            free[min(fitting, key=lambda row: free[row])] -= lengths[index]
        else:
            free.append(64 - lengths[index])
    assert sorted(64 - sum(lengths[i] for i in row) for row in best_fit_rows(lengths, 64)) == sorted(free)


@given(LENGTHS)
def test_rows_are_numbered_as_they_are_opened_and_hold_what_was_placed(lengths: list[int]) -> None:
    placed = best_fit(lengths, 64).tolist()
    rows = best_fit_rows(lengths, 64)
    assert [[sample for sample, row in enumerate(placed) if row == number] for number in range(len(rows))] == rows
    assert sorted(set(placed)) == list(range(len(rows)))


def test_a_sample_longer_than_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="sample 1 takes 65 positions"):
        best_fit([3, 65], 64)
