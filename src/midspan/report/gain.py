"""What training gave the released model that it began with, on what neither has seen: in words, and side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from midspan.evaluate.compare import Difference
from midspan.report.comparisons import Change, change, differences
from midspan.report.record import START, Fields, RunRecord

SHOWN = 5  # of the places where one of both was right
BEFORE_LINES, AFTER_LINES = 6, 3


@dataclass(frozen=True)
class Place:
    """A gap that one of both models filled exactly."""

    place: str
    before: str
    after: str
    expected: str
    first: str
    second: str
    won: bool


@dataclass(frozen=True)
class Gain:
    """The released model and the last one that came of it."""

    start: str
    model: str
    words: list[str]
    places: list[Place]
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
    won, lost = ([place for place in places if place.won == side] for side in (True, False))
    return Gain(start, model, _words(found), won[:SHOWN] + lost[:SHOWN], len(won), len(lost))


def _words(found: list[Difference]) -> list[str]:
    """What is clearly better, what is clearly worse; or that nothing can be shown."""
    better = [change(one) for one in found if one.clear and one.better]
    worse = [change(one) for one in found if one.clear and not one.better]
    words = []
    if better:
        words.append(f"Better than the model it started from, on what neither has seen: {_listed(better)}.")
    else:
        words.append("No gain over the model it started from can be shown on what neither has seen.")
    if worse:
        words.append(f"Worse: {_listed(worse)}.")
    return words


def _listed(changes: list[Change]) -> str:
    return "; ".join(f"{one.label} {one.before} → {one.after} ({one.difference})" for one in changes)


def _places(run: RunRecord, start: str, model: str) -> Iterator[Place]:
    """The gaps that one of both filled exactly and the other did not, in the order in which they were asked."""
    for benchmark in run.evaluations[model]:
        earlier = {(row["item"], row["group"]): row for row in run.rows(start, benchmark)}
        for row in run.rows(model, benchmark):
            first = earlier.get((row["item"], row["group"]))
            if first is None or "before" not in row or first.get("passed") == row.get("passed"):
                continue
            yield Place(
                row["item"],
                _last_lines(row["before"]),
                _first_lines(row["after"]),
                row["expected"],
                _answer(first),
                _answer(row),
                row["passed"] > first["passed"],
            )


def _answer(row: Fields) -> str:
    """What was written, as far as it stands for what was missing."""
    lines = str(row["answer"] or "").split("\n")
    return "\n".join(lines[: str(row["expected"]).count("\n") + 1])


def _last_lines(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[-BEFORE_LINES:]).lstrip("\n")


def _first_lines(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[: AFTER_LINES + 1]).rstrip()
