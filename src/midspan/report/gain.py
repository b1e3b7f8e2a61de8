"""What training gave the released model that it began with, on what neither has seen; and the places side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from midspan.evaluate.places import FilledGap, places_of
from midspan.report.comparisons import Change, changes_of, differences
from midspan.report.record import START, RunRecord

SHOWN = 5  # of the places where one of both was right
BEFORE_LINES, AFTER_LINES = 6, 3


@dataclass(frozen=True)
class Gain:
    """The released model and the last one that came of it."""

    start: str
    model: str
    better: list[Change]  # what is clearly so
    worse: list[Change]
    places: list[FilledGap]
    won: int  # gaps that only the last model filled exactly
    lost: int


def gain_of(run: RunRecord) -> Gain | None:
    """None where training did not begin with a released model, or one of both was not evaluated."""
    model = next(reversed(run.evaluations), None)
    start = model
    while start is not None and not start.startswith(START):
        start = run.start_of(start)
    if model is None or start is None or start == model or start not in run.evaluations:
        return None
    found = differences(run, start, run, model)
    if not found:
        return None
    places = list(_places(run, start, model))
    won, lost = ([place for place in places if place.second_passed == side] for side in (True, False))
    clear = [one for one in found if one.clear]
    better, worse = (changes_of([one for one in clear if one.better == side]) for side in (True, False))
    return Gain(start, model, better, worse, won[:SHOWN] + lost[:SHOWN], len(won), len(lost))


def _places(run: RunRecord, start: str, model: str) -> Iterator[FilledGap]:
    """The places that one of both filled exactly and the other did not, in the order in which they were asked."""
    folder = run.path / "evaluation"
    for benchmark in run.evaluations[model]:
        for place in places_of(*(folder / name / f"{benchmark}.jsonl" for name in (start, model))):
            if place.first_passed != place.second_passed:
                before = "".join(place.before.splitlines(keepends=True)[-BEFORE_LINES:]).lstrip("\n")
                after = "".join(place.after.splitlines(keepends=True)[: AFTER_LINES + 1]).rstrip()
                yield replace(place, before=before, after=after)
