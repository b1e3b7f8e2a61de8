"""Before and after: places of the user's held-out code as the released and the fitted model filled them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from midspan.errors import UserError
from midspan.evaluate.places import AFTER, BEFORE, FilledGap, places_of
from midspan.inference import RELEASE
from midspan.model import ModelFacts

MOST = 300  # places that are sent, so that the page stays small


@dataclass(frozen=True)
class Sides:
    """Where the rows of the released model lie, and those of the model that came of it; what both are called."""

    released: Path
    fitted: Path
    released_name: str
    fitted_name: str


def sides_of(model: Path) -> Sides | None:
    """The two sides of the model in the directory `model`: of a run's stage, or its release, which is the last stage.

    None where it is not in a run, or the run did not evaluate it beside the first released model that it starts from.
    """
    if model.parent.name != "models":
        return None
    run = model.parent.parent
    stage = _last_stage(run / "recipe.yaml") if model.name == RELEASE else model.name
    released = min(run.glob("evaluation/start-*"), default=None)
    if stage is None or released is None or stage == released.name:
        return None
    name = ModelFacts.read(run / "models" / released.name).start or released.name
    sides = Sides(released, run / "evaluation" / stage, name, stage)
    return sides if any(map(_holds_places, _rows_of_both(sides))) else None


def side_by_side(sides: Sides) -> dict[str, Any]:
    """All places counted, and at most `MOST` of them: those that one model alone filled exactly before all others."""
    places = list(_places(sides))
    differing = [place for place in places if place.first_passed != place.second_passed]
    kept = sorted(places, key=lambda place: place.first_passed == place.second_passed)[:MOST]
    return {
        "released": sides.released_name,
        "fitted": sides.fitted_name,
        "total": len(places),
        "fitted_alone": sum(place.second_passed for place in differing),
        "released_alone": sum(place.first_passed for place in differing),
        "both": sum(place.first_passed and place.second_passed for place in places),
        "places": [_shown(place) for place in kept],
    }


def _rows_of_both(sides: Sides) -> list[Path]:
    """The fitted model's rows of each benchmark that both were asked."""
    return [rows for rows in sorted(sides.fitted.glob("*.jsonl")) if (sides.released / rows.name).is_file()]


def _holds_places(rows: Path) -> bool:
    """Whether there is any, at a glance: what is damaged is told where it is asked for."""
    with rows.open(encoding="utf-8", errors="replace") as lines:
        return any('"before"' in line for line in lines)


def _places(sides: Sides) -> Iterator[FilledGap]:
    """The places of every benchmark, in the order in which they were asked."""
    for rows in _rows_of_both(sides):
        try:
            yield from places_of(sides.released / rows.name, rows)
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{rows}: cannot be read beside {sides.released} ({error}): evaluate both again") from None


def _shown(place: FilledGap) -> dict[str, Any]:
    """The place with whole lines around it, where the rows hold so many characters that the outermost may be cut."""
    before, after = place.before, place.after
    if len(before) == BEFORE and "\n" in before:
        before = before.partition("\n")[2]
    if len(after) == AFTER and "\n" in after:
        after = after.rpartition("\n")[0] + "\n"
    return asdict(replace(place, before=before, after=after))


def _last_stage(recipe: Path) -> str | None:
    try:
        return str(yaml.safe_load(recipe.read_text(encoding="utf-8"))["stages"][-1]["name"])
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
        return None  # it is served all the same
