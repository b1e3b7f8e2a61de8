"""A mixture draws from its parts by weight, and each part is gone through in its own order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.batches import Mixture, Segment
from midspan.batches.mixture import DRAWS, shares

WEIGHTS = st.lists(st.floats(0, 1e6) | st.integers(0, 1000), min_size=1, max_size=40).filter(lambda w: sum(w) > 0)


@dataclass
class Numbers:
    """Rows that say whose they are and which."""

    name: int
    count: int

    def __len__(self) -> int:
        return self.count

    def row(self, k: int) -> list[Segment]:
        return [Segment([self.name, k])]


def mixture(*weights: float, count: int = 10, seed: int = 0, stage: str = "sft") -> Mixture:
    return Mixture([(Numbers(n, count), weight) for n, weight in enumerate(weights)], seed=seed, stage=stage)


@given(WEIGHTS)
def test_draws_are_shared_out_by_weight_and_none_is_forgotten(weights: list[float]) -> None:
    counts = shares(weights)
    assert sum(counts) == DRAWS
    exact = [weight / sum(weights) * DRAWS for weight in weights]
    assert all((count > 0) == (weight > 0) for count, weight in zip(counts, weights, strict=True))
    if all(share >= 1 for share, weight in zip(exact, weights, strict=True) if weight):
        assert all(abs(count - share) < 1 for count, share in zip(counts, exact, strict=True))


def test_remainders_go_to_the_largest() -> None:
    assert shares([1, 1, 1]) in ([342, 341, 341], [341, 342, 341], [341, 341, 342])
    assert shares([7, 1]) == [896, 128]
    assert shares([1, 0]) == [1024, 0]
    assert shares([1e6, 1, 1]) == [1022, 1, 1]
    assert shares([1.0] * 1024) == [1] * 1024


@pytest.mark.parametrize("weights", [[], [0.0], [1, -1], [float("nan")], [float("inf"), 1], [1] * 1025])
def test_weights_that_share_nothing_out_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="1 to 1024 parts"):
        shares(weights)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any), st.integers(0, 5000))
def test_the_rows_of_each_part_follow_each_other_without_a_gap(weights: list[int], length: int) -> None:
    mixed = mixture(*weights)
    drawn: Counter[int] = Counter()
    for k in range(length % 2500):
        part, number = mixed.draw(k)
        assert number == drawn[part]
        drawn[part] += 1
    assert mixed.row(length) == mixed.parts[mixed.draw(length)[0]].row(mixed.draw(length)[1])


@given(st.integers(0, 10**15))
def test_a_number_far_away_is_found_without_a_loop(k: int) -> None:
    mixed = mixture(5, 2, 1)
    turns, place = divmod(k, DRAWS)
    part, number = mixed.draw(k)
    assert number == turns * mixed.counts[part] + sum(mixed.draw(earlier)[0] == part for earlier in range(place))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_any_stretch_of_rows_has_about_its_share_of_each_part(weights: list[int]) -> None:
    mixed = mixture(*weights)
    for start in range(0, 2 * DRAWS, 97):
        drawn = Counter(mixed.draw(k)[0] for k in range(start, start + 64))
        for part, weight in enumerate(weights):
            assert abs(drawn[part] - 64 * weight / sum(weights)) < 2 + len(weights)


def test_a_step_of_eight_rows_has_one_replayed_among_seven() -> None:
    mixed = mixture(7, 1)
    for step in range(300):
        assert sum(mixed.draw(8 * step + index)[0] for index in range(8)) == 1


@given(st.integers(1, 3000), st.lists(st.floats(0.01, 100), min_size=1, max_size=5), st.integers(1, 5))
def test_so_many_epochs_are_as_many_passes_over_the_first_part(count: int, weights: list[float], epochs: int) -> None:
    mixed = mixture(*weights, count=count)
    ks = epochs * len(mixed)
    turns, rest = divmod(ks, DRAWS)
    seen = turns * mixed.counts[0] + sum(mixed.draw(k)[0] == 0 for k in range(rest))
    assert epochs * count <= seen <= epochs * count + epochs


def test_a_first_part_without_weight_is_never_drawn_and_counts_no_epochs() -> None:
    mixed = mixture(0, 3, 1, count=30)
    assert len(mixed) == 40
    assert {mixed.draw(k)[0] for k in range(5000)} == {1, 2}


def test_one_part_alone_is_that_part() -> None:
    mixed = mixture(0.25, count=10)
    assert len(mixed) == 10
    assert [mixed.draw(k) for k in range(3000)] == [(0, k) for k in range(3000)]


def test_the_arrangement_is_another_for_another_seed_or_stage_and_the_same_for_the_same() -> None:
    arrangements = [
        [mixture(2, 1, 1, 1, seed=seed, stage=stage).draw(k)[0] for k in range(DRAWS)]
        for seed, stage in ((0, "sft"), (0, "sft"), (1, "sft"), (0, "dpo"))
    ]
    assert arrangements[0] == arrangements[1]
    assert arrangements[0] not in arrangements[2:]
    assert arrangements[2] != arrangements[3]
