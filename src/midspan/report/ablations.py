"""Runs of the same recipe on other data: what did a part of the data give?"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from midspan.errors import UserError
from midspan.report.record import RunRecord, planned_stages, read_recipe, read_run

# What two recipes must have in common for their models to be compared, beside their stages.
SHARED = ("seed", "corpus", "tokenizer", "model")


def find_ablations(run: RunRecord) -> list[RunRecord]:
    """The runs beside `run` that differ from it in the data of their stages alone; one of them may end earlier."""
    path = run.path.resolve()
    found = []
    for file in sorted(path.parent.glob("*/recipe.yaml")):
        with suppress(UserError):  # a neighbour that cannot be read is none of this run's business
            if file.parent != path and is_ablation(run.recipe, read_recipe(file)[1]):
                found.append(read_run(file.parent))
    return found


def is_ablation(recipe: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two recipes have the same first stages but for what those learn from."""
    if not recipe or any(recipe.get(group) != other.get(group) for group in SHARED):
        return False
    stages, others = planned_stages(recipe), planned_stages(other)
    common = min(len(stages), len(others))
    same = all(_without_data(one) == _without_data(two) for one, two in zip(stages, others, strict=False))
    return same and stages[:common] != others[:common]


def _without_data(stage: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stage.items() if name != "data"}
