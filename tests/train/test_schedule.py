"""The learning rate warms up, peaks once and ends where the recipe says."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from midspan.recipe import Schedule
from midspan.train.schedule import SCHEDULES, learning_rate

KINDS = tuple(SCHEDULES)


@given(st.sampled_from(KINDS), st.integers(1, 500), st.floats(0, 0.9), st.floats(0, 1), st.floats(0, 1))
def test_it_rises_then_falls_and_stays_within_bounds(
    kind: str, steps: int, warmup: float, decay: float, final: float
) -> None:
    if kind == "inverse-square-root":
        final = 0.0  # else it may end higher than it has fallen
    schedule = Schedule(kind=kind, learning_rate=1.0, warmup=warmup, decay=decay, final_fraction=final)  # type: ignore[arg-type]
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


def test_the_other_kinds_at_their_named_points() -> None:
    def rates(kind: str, final: float) -> list[float]:
        schedule = Schedule(kind=kind, learning_rate=1.0, warmup=0.1, decay=0.2, final_fraction=final)  # type: ignore[arg-type]
        return [learning_rate(schedule, step, 101) for step in range(101)]

    linear = rates("linear", 0.5)
    assert (linear[9], linear[55], linear[100]) == (1.0, 0.75, 0.5)
    stable = rates("warmup-stable-decay", 0.0)
    assert set(stable[9:83]) == {1.0}
    assert stable[91] == 0.5
    assert stable[100] == 0.0
    root = rates("inverse-square-root", 0.0)
    assert root[40] == (10 / 40) ** 0.5
    assert root[100] == 0.0


def test_every_kind_of_the_recipe_has_its_schedule() -> None:
    assert set(get_args(Schedule.model_fields["kind"].annotation)) == set(SCHEDULES)
