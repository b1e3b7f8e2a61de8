"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math

from midspan import recipe


def learning_rate(schedule: recipe.Schedule, step: int, steps: int) -> float:
    """Linear warm-up to `schedule.learning_rate`, then a cosine to `final_fraction` of it at the last of `steps`."""
    warmup = max(1, round(schedule.warmup * steps))
    if step < warmup:
        return schedule.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - 1 - warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    return schedule.learning_rate * (schedule.final_fraction + (1 - schedule.final_fraction) * cosine)
