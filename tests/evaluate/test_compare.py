"""Paired differences: what a plain computation gives, intervals that cover, clusters that widen them."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from midspan.evaluate.compare import compare, student_quantile
from midspan.evaluate.result import Score

EXACT = Score("exact match", "lines", 0.0, 1, "higher", measure="exact")
BITS = Score("bits per byte", "", 0.0, None, "lower", measure="bits", per="bytes")


def rows(values: list[float], clusters: list[str], group: str = "lines", key: str = "exact") -> list[dict[str, Any]]:
    pairs = enumerate(zip(values, clusters, strict=True))
    return [{"item": f"i{n}", "group": group, "cluster": cluster, key: value} for n, (value, cluster) in pairs]


# Quantiles from tables of Student's t.
@pytest.mark.parametrize(("freedom", "value"), [(4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (1000, 1.962)])
def test_students_quantile_is_the_tables(freedom: int, value: float) -> None:
    assert student_quantile(freedom) == pytest.approx(value, abs=0.002)


def test_of_items_that_are_clusters_of_their_own_it_is_the_paired_t_interval() -> None:
    chance = random.Random(3)
    before, after = ([float(chance.random() < share) for _ in range(80)] for share in (0.3, 0.5))
    names = [str(n) for n in range(80)]
    found = compare(EXACT, rows(before, names), rows(after, names)[::-1])
    assert found is not None
    gains = np.array(after) - np.array(before)
    half = student_quantile(79) * gains.std(ddof=1) / np.sqrt(80)
    assert found.after - found.before == pytest.approx(gains.mean())
    assert (found.low, found.high) == pytest.approx((gains.mean() - half, gains.mean() + half), abs=1e-9)
    assert (found.wins, found.losses) == ((gains > 0).sum(), (gains < 0).sum())
    assert found.better


def test_items_of_one_file_count_less_than_items_of_many() -> None:
    values, alone, together = [float(n % 10 < 4) for n in range(100)], [str(n) for n in range(100)], [""] * 0
    together = [str(n // 10) for n in range(100)]
    grouped = [float(n // 10 % 10 < 4) for n in range(100)]  # whole files are right or wrong
    nothing = [0.0] * 100
    one, other = (
        compare(EXACT, rows(nothing, alone), rows(values, alone)),
        compare(EXACT, rows(nothing, together), rows(grouped, together)),
    )
    assert one is not None
    assert other is not None
    assert one.after == other.after
    assert one.high is not None
    assert other.high is not None
    assert other.high - other.after > 2 * (one.high - one.after)
    assert (other.items, other.clusters) == (100, 10)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered, trials = 0, 400
    for seed in range(trials):
        draw = np.random.default_rng(seed)
        own = draw.normal(0, 0.1, 30)  # each file's own gain
        before = np.clip(draw.normal(0.4, 0.2, (30, 8)), 0, 1)
        after = before + 0.05 + own[:, None] + draw.normal(0, 0.1, (30, 8))
        clusters = [str(n) for n in range(30) for _ in range(8)]
        found = compare(EXACT, rows(before.ravel().tolist(), clusters), rows(after.ravel().tolist(), clusters))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.05 <= found.high
    assert 0.92 < covered / trials < 0.98


def test_a_ratio_is_the_sum_over_the_sum_and_lower_may_be_better() -> None:
    before = [{"item": str(n), "group": "", "cluster": str(n), "bits": 10.0 + n, "bytes": 8} for n in range(9)]
    after = [row | {"bits": row["bits"] - 2} for row in before]
    found = compare(BITS, before, after)
    assert found is not None
    assert found.before == pytest.approx(sum(10 + n for n in range(9)) / 72)
    assert found.after - found.before == pytest.approx(-0.25)
    assert found.low == pytest.approx(-0.25)
    assert found.clear
    assert found.better
    assert (found.wins, found.losses) == (9, 0)


def test_what_only_one_was_asked_does_not_count_and_few_files_give_no_interval() -> None:
    found = compare(EXACT, rows([0.0, 1.0], ["a", "b"]), rows([1.0, 1.0, 1.0], ["a", "b", "c"]))
    assert found is not None
    assert (found.items, found.before, found.after, found.low) == (2, 0.5, 1.0, None)
    assert not found.clear
    assert compare(EXACT, rows([1.0], ["a"], group="nodes"), rows([1.0], ["a"])) is None
    assert compare(EXACT, [], []) is None


def test_the_chance_is_that_of_as_uneven_coins_and_only_of_independent_items() -> None:
    before, after = [0.0] * 8 + [1.0] * 2 + [1.0] * 20, [1.0] * 8 + [0.0] * 2 + [1.0] * 20
    names = [str(n) for n in range(30)]
    found = compare(EXACT, rows(before, names), rows(after, names))
    assert found is not None
    uneven = sum(min(heads, 10 - heads) <= 2 for heads in (bin(coins).count("1") for coins in range(2**10)))
    assert found.chance == pytest.approx(uneven / 2**10)
    alike = compare(EXACT, rows(before, names), rows(before, names))
    assert alike is not None
    assert alike.chance == 1.0
    clustered = compare(EXACT, rows(before, ["a", "b", "c", "d", "e"] * 6), rows(after, ["a", "b", "c", "d", "e"] * 6))
    assert clustered is not None
    assert clustered.chance is None
