"""An evaluation as one self-contained page: scores beside published ones, models item by item, answers, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from markupsafe import Markup

from midspan.evaluate.pairs import EvaluatedRow, Pair, pairs_of, results_in
from midspan.evaluate.result import Result, Score
from midspan.evaluate.systems import Label, published_for
from midspan.evaluate.table import LEGEND, counted, scores_of, shown, smallest_difference, text_of
from midspan.files import write_text
from midspan.report.comparisons import Comparison, comparison_of
from midspan.report.examples import Examples, examples_among
from midspan.report.page import environment
from midspan.report.plots import interval_bar

SHOWN = 3  # items of each kind whose answers stand side by side


@dataclass(frozen=True)
class Cell:
    """One model's score, and where it lies between 0 and 100 %."""

    text: str
    drawing: Markup | None


@dataclass(frozen=True)
class ScoreRow:
    """One score of every model, beside what is published of it."""

    benchmark: str
    label: str
    counted: str
    cells: list[Cell]
    published: list[tuple[str, str]]  # by whom, and in percent or on the source's own scale
    least: str  # the smallest difference that could be seen


@dataclass(frozen=True)
class Moved:
    """Items that one of two models passes and the other does not."""

    title: str
    words: str
    first: str
    second: str
    better: bool
    names: list[str]
    shown: list[Mapping[str, str]]


def render_evaluation(folders: Sequence[Path], page: Path) -> Path:
    """Write the page of some models' folders of results, and return its path; each is compared with the one before.

    Raises UserError where a folder has no results.
    """
    results = {folder.name: results_in(folder) for folder in folders}
    every = [result for of_model in results.values() for result in of_model]
    pairs = [pair for before, after in pairwise(folders) for pair in _pairs(before, after)]
    found = scores_of(results)
    beside = published_for([*found])
    text = (
        environment(autoescape=True)
        .get_template("evaluation.html")
        .render(
            models=[*results],
            published=bool(beside),
            rows=[_row(label, scores, [*results], beside) for label, scores in found.items()],
            legend=LEGEND,
            abouts=[*dict.fromkeys(result.about for result in every)],
            gaps=[*_gaps(every)],
            comparisons=[_comparison(pair) for pair in pairs],
            moved=[group for pair in pairs for group in _moved(pair)],
            examples=_examples(every),
            asked=[{"title": f"{one.benchmark}: {one.model}", "pairs": [*_facts(one)]} for one in every],
        )
    )
    write_text(page, text)
    return page


def _pairs(before: Path, after: Path) -> list[Pair]:
    """Only what both were asked alike."""
    common = {one.benchmark: one.asked for one in results_in(before)}
    alike = [one.benchmark for one in results_in(after) if common.get(one.benchmark) == one.asked]
    return pairs_of(before, after, alike) if alike else []


def _row(
    label: Label, scores: Mapping[str, Score], models: Sequence[str], beside: Mapping[str, Mapping[Label, float]]
) -> ScoreRow:
    one = next(iter(scores.values()))
    least = smallest_difference(one)
    return ScoreRow(
        *label,
        counted(one),
        [_cell(scores[model]) if model in scores else Cell("", None) for model in models],
        [(name, f"{of[label]:.1f}") for name, of in beside.items() if label in of],
        "" if least is None else shown(least, one),
    )


def _cell(score: Score) -> Cell:
    if score.trials is None or score.error is None:
        return Cell(text_of(score), None)
    low, high = max(0.0, score.value - score.error), min(1.0, score.value + score.error)
    return Cell(text_of(score), interval_bar(low, score.value, high))


def _gaps(results: Sequence[Result]) -> Iterator[str]:
    """What was not asked or not measured."""
    for one in results:
        for group, why in one.not_asked.items():
            yield f"{one.model}: {one.benchmark}{f', {group}' if group else ''} was not asked, for {why}."
        if one.not_measured:
            yield f"{one.model}: {one.benchmark}: {one.not_measured:,} items were not measured and count nowhere."


def _comparison(pair: Pair) -> Comparison:
    note = f"{pair.alike:,} of {pair.answers:,} answers are alike to the letter." if pair.answers else ""
    return comparison_of(f"{pair.after.benchmark}: {pair.before.model} → {pair.after.model}", note, pair.differences)


def _moved(pair: Pair) -> Iterator[Moved]:
    for better, items in ((True, pair.better), (False, pair.worse)):
        if not items:
            continue
        who, other = (pair.after.model, pair.before.model) if better else (pair.before.model, pair.after.model)
        yield Moved(
            f"{pair.after.benchmark}: passed by {who} alone",
            f"{len(items)} items that {other} does not pass; the first {min(SHOWN, len(items))} with both answers.",
            pair.before.model,
            pair.after.model,
            better,
            [row["item"] for _, row in items],
            [_both(*rows) for rows in items[:SHOWN]],
        )


def _both(first: EvaluatedRow, second: EvaluatedRow) -> dict[str, str]:
    return {
        "name": second["item"],
        "first": first["answer"] or "",
        "first_detail": first["detail"],
        "second": second["answer"] or "",
        "second_detail": second["detail"],
    }


def _examples(results: Sequence[Result]) -> list[Examples]:
    return [examples_among(result) for result in results if result.examples]


def _facts(result: Result) -> Iterator[tuple[str, Any]]:
    """Settings and what it was made by, a line each."""
    for name, value in result.asked.get("settings", {}).items():
        yield name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
    for name, value in result.asked.items():
        if name != "settings":
            yield name, ", ".join(map(str, value)) if isinstance(value, list) else value
    yield from result.made.items()
