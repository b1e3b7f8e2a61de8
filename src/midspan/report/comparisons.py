"""What became better and what worse: from one stage to the next, against guessing, against other runs.

Directions come from the scores themselves. Two models are treated as if each had been asked items of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from midspan.evaluate.result import Result, Score
from midspan.report.figures import decimal, difference_interval, percent, wilson
from midspan.report.record import RunRecord

Verdict = Literal["better", "worse", "unclear"]


@dataclass(frozen=True)
class Change:
    """One score before and after; "unclear" where chance may be the reason for the difference, or there is none."""

    label: str
    before: str
    after: str
    verdict: Verdict
    remark: str = ""


@dataclass(frozen=True)
class Comparison:
    """The scores that two models have in common."""

    title: str
    note: str
    changes: list[Change]


def comparisons_of(run: RunRecord, ablations: list[RunRecord]) -> list[Comparison]:
    """All comparisons that have something to say."""
    found = [*_between_stages(run), *_against_chance(run)]
    found += [comparison for other in ablations for comparison in _against_run(run, other)]
    return [comparison for comparison in found if comparison.changes]


def text_of(score: Score) -> str:
    """A share as a percentage, any other number with three decimals."""
    return decimal(score.value) if score.trials is None else percent(score.value)


def change(before: Score, after: Score) -> Change:
    """How `after` differs from `before`, the same score of another model."""
    clear, trials = _is_clear(before, after), after.trials
    verdict: Verdict = "unclear"
    if clear:
        verdict = "better" if (after.value > before.value) == (after.better == "higher") else "worse"
    unsure = before.value != after.value and not clear
    remark = f"With {trials:,} trials the two cannot be told apart at 95%." if unsure else ""
    return Change(after.label, text_of(before), text_of(after), verdict, remark)


def _is_clear(before: Score, after: Score) -> bool:
    """Whether chance is an unlikely reason for the difference; numbers that are no shares count as exact."""
    if before.trials is None or after.trials is None:
        return before.value != after.value
    low, high = difference_interval(before.value, before.trials, after.value, after.trials)
    return not low <= 0 <= high


def _between_stages(run: RunRecord) -> list[Comparison]:
    pairs = [(run.start_of(name), name) for name in run.evaluations]
    return [
        Comparison(f"{start} → {name}", "", _changes(run.evaluations[start], run.evaluations[name]))
        for start, name in pairs
        if start in run.evaluations
    ]


def _against_chance(run: RunRecord) -> list[Comparison]:
    """Of the last model that has a score, where it is known what guessing gives."""
    last: dict[tuple[str, str], tuple[str, Score]] = {}
    for result in run.results:
        for score in result.scores:
            if score.chance is not None and score.trials:
                last[(result.benchmark, score.label)] = (result.model, score)
    changes: dict[str, list[Change]] = {}
    for model, score in last.values():
        changes.setdefault(model, []).append(_from_chance(score))
    return [Comparison(f"guessing → {model}", "", of_model) for model, of_model in changes.items()]


def _from_chance(score: Score) -> Change:
    assert score.chance is not None
    assert score.trials
    low, high = wilson(score.value, score.trials)
    clear = not low <= score.chance <= high
    verdict: Verdict = "unclear"
    if clear:
        verdict = "better" if (score.value > score.chance) == (score.better == "higher") else "worse"
    remark = "" if clear else f"With {score.trials:,} trials it cannot be told apart from guessing at 95%."
    return Change(score.label, percent(score.chance), text_of(score), verdict, remark)


def _against_run(run: RunRecord, other: RunRecord) -> list[Comparison]:
    """The last stage that both have."""
    common = [name for name in run.evaluations if name in other.evaluations]
    if not common:
        return []
    name = common[-1]
    title = f"{other.name} → {run.name}, after {name}"
    note = "The same recipe, but for the data of its stages."
    return [Comparison(title, note, _changes(other.evaluations[name], run.evaluations[name]))]


def _changes(before: dict[str, Result], after: dict[str, Result]) -> list[Change]:
    """Of every score that both have, where both were asked the same."""
    changes = []
    for benchmark, result in after.items():
        earlier = before.get(benchmark)
        if earlier is None or earlier.asked != result.asked:
            continue
        known = {score.label: score for score in earlier.scores}
        changes += [change(known[score.label], score) for score in result.scores if score.label in known]
    return changes
