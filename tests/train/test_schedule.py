"""The learning rate warms up, peaks once and ends where the recipe says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from midspan.recipe import Schedule
from midspan.train.schedule import learning_rate


@given(st.integers(1, 500), st.floats(0, 0.9), st.floats(0, 1))
def test_it_rises_then_falls_and_stays_within_bounds(steps: int, warmup: float, final: float) -> None:
    schedule = Schedule(learning_rate=1.0, warmup=warmup, final_fraction=final)
    rates = [learning_rate(schedule, step, steps) for step in range(steps)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert all(later <= earlier + 1e-12 for earlier, later in zip(rates[peak:], rates[peak + 1 :], strict=False))
    assert all(0 <= rate <= 1 for rate in rates)


def test_the_named_points() -> None:
    schedule = Schedule(learning_rate=2.0, warmup=0.1, final_fraction=0.25)
    assert learning_rate(schedule, 0, 101) == 0.2
    assert learning_rate(schedule, 9, 101) == 2.0
    assert learning_rate(schedule, 55, 101) == 2.0 * (0.25 + 0.75 / 2)  # half-way down
    assert learning_rate(schedule, 100, 101) == 0.5
