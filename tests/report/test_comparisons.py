"""How differences are told and drawn."""

from __future__ import annotations

import re

import pytest

from midspan.evaluate.compare import Difference
from midspan.evaluate.result import Better, Score
from midspan.report.comparisons import Change, changes_of


def difference(
    before: float, after: float, half: float, better: Better = "higher", trials: int | None = 50
) -> Difference:
    score = Score("score", "", after, trials, better)
    middle = after - before
    return Difference(score, before, after, middle - half, middle + half, 3, 2, 50, 20)


def drawn(change: Change) -> tuple[float, float, float]:
    """From, to and where, in percent of the width."""
    found = re.search(r'whisker" x1="(.*?)%".* x2="(.*?)%".*circle cx="(.*?)%"', str(change.drawing))
    assert found
    low, high, middle = map(float, found.groups())
    return low, high, middle


@pytest.mark.parametrize(
    ("found", "places"),
    [
        (difference(0.2, 0.4, 0.1), (62.5, 87.5, 75)),
        (difference(0.4, 0.2, 0.1), (12.5, 37.5, 25)),
        (difference(0.4, 0.2, 0.1, "lower"), (62.5, 87.5, 75)),
        (difference(2.0, 1.6, 0.2, "lower", None), (62.5, 87.5, 75)),  # as a part of what it was
        (difference(0.2, 0.2, 0.1), (37.5, 62.5, 50)),
    ],
)
def test_to_the_right_is_better(found: Difference, places: tuple[float, float, float]) -> None:
    widest = difference(0.1, 0.5, 0.0)  # the scale reaches so far
    assert drawn(changes_of([found, widest])[0]) == pytest.approx(places)


def test_what_is_small_looks_small_and_what_is_huge_is_cut() -> None:
    (small,), (huge,) = changes_of([difference(0.2, 0.201, 0.0005)]), changes_of([difference(0.0, 1.0, 0.1)])
    assert drawn(small) == pytest.approx((50.5, 51.5, 51))
    assert drawn(huge)[2] == 150


def test_the_verdict_is_that_of_the_interval() -> None:
    found = [difference(0.2, 0.4, 0.1), difference(0.2, 0.25, 0.1), difference(0.2, 0.4, 0.1, "lower")]
    assert [one.verdict for one in changes_of(found)] == ["better", "unclear", "worse"]
