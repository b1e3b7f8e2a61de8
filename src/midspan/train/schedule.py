"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math
from collections.abc import Callable

from midspan import recipe


def learning_rate(schedule: recipe.Schedule, step: int, steps: int) -> float:
    """Linear warm-up to `schedule.learning_rate`, then the schedule's own fall to `final_fraction` at the last step."""
    warmup = max(1, round(schedule.warmup * steps))
    if step < warmup:
        return schedule.learning_rate * (step + 1) / warmup
    height = SCHEDULES[schedule.kind](schedule, step - warmup, max(1, steps - 1 - warmup), warmup)
    return schedule.learning_rate * height


def _cosine(schedule: recipe.Schedule, step: int, steps: int, warmup: int) -> float:
    cosine = 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))
    return schedule.final_fraction + (1 - schedule.final_fraction) * cosine


def _linear(schedule: recipe.Schedule, step: int, steps: int, warmup: int) -> float:
    return schedule.final_fraction + (1 - schedule.final_fraction) * (1 - min(step / steps, 1.0))


def _warmup_stable_decay(schedule: recipe.Schedule, step: int, steps: int, warmup: int) -> float:
    """Hu et al. 2024, "MiniCPM", section 4, with a linear decay."""
    return _into_decay(schedule, step, steps, 1.0)


def _inverse_square_root(schedule: recipe.Schedule, step: int, steps: int, warmup: int) -> float:
    """Vaswani et al. 2017, "Attention Is All You Need", equation 3, with a linear decay at the end."""
    return _into_decay(schedule, step, steps, math.sqrt(warmup / (warmup + step)))


def _into_decay(schedule: recipe.Schedule, step: int, steps: int, height: float) -> float:
    """`height`, and in the last `decay` of the steps a straight line from it to `final_fraction`."""
    left = (steps - step) / max(1.0, schedule.decay * steps)
    return height if left >= 1 else schedule.final_fraction + (height - schedule.final_fraction) * max(left, 0.0)


# (schedule, step after the warm-up, steps after it, steps of it) → the share of the highest rate
SCHEDULES: dict[str, Callable[[recipe.Schedule, int, int, int], float]] = {
    "cosine": _cosine,
    "linear": _linear,
    "warmup-stable-decay": _warmup_stable_decay,
    "inverse-square-root": _inverse_square_root,
}
