"""pass@k against every way to choose k of n."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.evaluate.benchmark import Verdict, sampled
from midspan.evaluate.programs import pass_at, program_scores, unbiased
from midspan.evaluate.subject import Item
from midspan.inference import Plain


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_it_is_the_share_of_choices_that_hold_one_that_passed(numbers: tuple[int, int, int]) -> None:
    answers, passed, k = numbers
    outcomes = [True] * passed + [False] * (answers - passed)
    choices = list(combinations(outcomes, k))
    assert unbiased(answers, passed, k) == pytest.approx(sum(map(any, choices)) / len(choices))


def test_it_is_the_mean_over_problems_and_not_told_of_more_than_there_are() -> None:
    items = sampled([Item("a", "a", Plain("")), Item("b", "b", Plain(""))], 10)
    outcomes = [Verdict("passed" if item.identifier == "a" and item.sample < 5 else "failed") for item in items]
    scores = {score.name: score.value for score in program_scores(items, outcomes)}
    assert scores == {"pass@1": 0.25, "pass@10": 0.5}
    assert pass_at(100, items, outcomes) == []
    assert [score.value for score in pass_at(1, items, outcomes)] == [pytest.approx(0.25)]
