"""The order of draws: a permutation in every epoch, another in each, and as random as one drawn by hand."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.batches import shuffled


def order(count: int, epoch: int = 0, seed: int = 0, stage: str = "base") -> list[int]:
    return [shuffled(epoch * count + place, count, seed, stage)[1] for place in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 97, 255, 256, 257, 1000, 1021, 4096])
def test_every_epoch_has_each_thing_once(count: int) -> None:
    for epoch in (0, 1, 5):
        assert sorted(order(count, epoch)) == list(range(count))
        assert [shuffled(epoch * count + place, count, 0, "base")[0] for place in (0, count - 1)] == [epoch, epoch]


@given(st.integers(1, 300), st.integers(), st.text(max_size=5), st.integers(0, 10**12))
def test_any_epoch_of_any_count_is_a_permutation(count: int, seed: int, stage: str, epoch: int) -> None:
    assert sorted(order(count, epoch, seed, stage)) == list(range(count))


@pytest.mark.parametrize("count", [10**9 + 7, 2**40, 2**40 + 1])
def test_a_count_that_fits_in_no_memory_is_drawn_without_repetition(count: int) -> None:
    places = [*range(3000), *range(count - 3000, count), *range(0, count, count // 3000)]
    drawn = {place: shuffled(place, count, 1, "base")[1] for place in places}
    assert len(set(drawn.values())) == len(drawn)
    assert all(0 <= index < count for index in drawn.values())
    tenths = Counter(index * 10 // count for index in drawn.values())
    assert all(abs(tenths[tenth] / len(drawn) - 0.1) < 0.02 for tenth in range(10))


def test_seed_stage_and_epoch_each_change_the_order() -> None:
    orders = [order(50), order(50, epoch=1), order(50, seed=1), order(50, stage="long"), order(50, stage="base/1")]
    assert all(one != other for one, other in itertools.combinations(orders, 2))
    assert order(50) == orders[0]


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_all_orders_of_a_few_things_are_equally_frequent(count: int) -> None:
    epochs = 400 if count < 4 else 12_000
    orders = Counter(tuple(order(count, epoch)) for epoch in range(epochs))
    possible = len(list(itertools.permutations(range(count))))
    expected = epochs / possible
    chi_squared = sum((orders[one] - expected) ** 2 / expected for one in itertools.permutations(range(count)))
    # The mean of the distribution is the degrees of freedom, its variance twice as much.
    assert chi_squared < possible - 1 + 4 * (2 * (possible - 1)) ** 0.5


@pytest.mark.parametrize("count", [11, 97, 300])
def test_every_place_gets_every_thing_and_neighbours_know_nothing_of_each_other(count: int) -> None:
    epochs = 20_000 // count
    orders = [order(count, epoch) for epoch in range(epochs)]
    pairs = [(one, other) for drawn in orders for one, other in itertools.pairwise(drawn)]
    mean = (count - 1) / 2
    variance = (count**2 - 1) / 12
    correlation = sum((one - mean) * (other - mean) for one, other in pairs) / len(pairs) / variance
    assert abs(correlation + 1 / (count - 1)) < 4 / len(pairs) ** 0.5  # without repetition: -1 / (count - 1)
    first = [drawn[0] for drawn in orders]
    assert abs(sum(first) / epochs - mean) < 4 * (variance / epochs) ** 0.5
