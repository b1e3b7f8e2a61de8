"""Numbers as text, and intervals against a brute-force reference."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.report.figures import (
    Z_95,
    amount,
    byte_size,
    duration,
    percent,
    wilson,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min"), (754, "12 min 34 s"), (3599.6, "1 h 00 min"),
     (3900, "1 h 05 min"), (200_000, "2 d 8 h")],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_large_counts_keep_three_digits() -> None:
    assert (amount(999_999), amount(5_251_072), amount(2.8e9)) == ("999,999", "5.25 million", "2.8 billion")
    assert (byte_size(14_811_365), byte_size(12)) == ("14.8 MB", "12 bytes")


@given(st.floats(0, 1))
def test_a_percentage_is_within_a_twentieth_of_the_share(share: float) -> None:
    assert abs(float(percent(share).rstrip("%")) - 100 * share) <= 0.05 + 1e-9


@given(st.integers(1, 400), st.data())
def test_wilson_bounds_are_the_shares_that_just_explain_what_was_seen(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    share = successes / trials
    low, high = wilson(share, trials)
    assert 0 <= low <= share <= high <= 1
    for bound in (low, high):  # the score test's statistic at a bound is exactly the quantile
        if 0 < bound < 1:
            assert abs(share - bound) / math.sqrt(bound * (1 - bound) / trials) == pytest.approx(Z_95, rel=1e-5)
