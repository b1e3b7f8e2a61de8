"""What became better and what worse: from one stage to the next, against guessing, against other runs.

Directions come from the scores themselves; two models are compared item by item (`evaluate.compare`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from midspan.evaluate.compare import Difference, comparable, compare
from midspan.evaluate.result import Score
from midspan.report.figures import counted, decimal, percent, signed, wilson
from midspan.report.plots import difference_bar
from midspan.report.record import RunRecord

LEAST_REACH, MOST_REACH = 0.05, 0.5  # of the scale on which differences are drawn: the small are to look small
Verdict = Literal["better", "worse", "unclear"]


@dataclass(frozen=True)
class Change:
    """One score before and after; "unclear" where chance may be the reason for the difference, or there is none."""

    label: str
    before: str
    after: str
    verdict: Verdict
    difference: str = ""  # with its interval
    remark: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True)
class Comparison:
    """The scores that two models have in common; of those that no item moved only the labels."""

    title: str
    note: str
    changes: list[Change]
    equal: list[str] = field(default_factory=list)


def comparisons_of(run: RunRecord, ablations: list[RunRecord]) -> list[Comparison]:
    """All comparisons that have something to say."""
    found = [*_between_stages(run), *_against_chance(run)]
    found += [comparison for other in ablations for comparison in _against_run(run, other)]
    return [comparison for comparison in found if comparison.changes or comparison.equal]


def text_of(score: Score) -> str:
    """A share as a percentage, any other number with three decimals."""
    return decimal(score.value) if score.trials is None else percent(score.value)


def changes_of(found: Sequence[Difference]) -> list[Change]:
    """How scores of the second model differ from the first one's, drawn on one scale: to the right is better."""
    reach = min(MOST_REACH, max([LEAST_REACH, *(abs(side) for one in found for side in _gain(one))]))
    return [_change(one, reach) for one in found]


def _gain(found: Difference) -> tuple[float, float, float]:
    """How much better, from and to; not of a share, as a part of what it was."""
    unit = (abs(found.before) or 1.0) if found.score.trials is None else 1.0
    middle = found.after - found.before
    low, high = (middle if side is None else side for side in (found.low, found.high))
    if found.score.better == "lower":
        low, middle, high = -high, -middle, -low
    return low / unit, middle / unit, high / unit


def _change(found: Difference, reach: float) -> Change:
    verdict: Verdict = ("better" if found.better else "worse") if found.clear else "unclear"
    show = decimal if found.score.trials is None else percent
    unit = "" if found.score.trials is None else " points"
    scale = 1 if found.score.trials is None else 100
    text = f"{signed(scale * (found.after - found.before), scale)}{unit}"
    if found.low is not None and found.high is not None:
        text += f" [{signed(scale * found.low, scale)}, {signed(scale * found.high, scale)}]"
    remark = (
        f"{found.wins:,} better, {found.losses:,} worse, of {found.items:,} in {counted(found.clusters, 'cluster')}"
    )
    if found.low is None:
        remark += ": too few to say how sure that is"
    elif verdict == "unclear":
        remark += ": no difference can be shown at 95%"
    if found.chance is not None and found.wins + found.losses:
        remark += f" (McNemar's exact test: {found.chance:.2g})"
    drawing = difference_bar(*_gain(found), reach, verdict)
    return Change(found.score.label, show(found.before), show(found.after), verdict, text, f"{remark}.", drawing)


def comparison_of(title: str, note: str, found: Sequence[Difference]) -> Comparison:
    """The differences that some item makes, and the labels of the others."""
    moved = [one for one in found if one.wins or one.losses]
    equal = [one.score.label for one in found if one not in moved]
    return Comparison(title, note, changes_of(moved), equal)


def _between_stages(run: RunRecord) -> list[Comparison]:
    pairs = [(run.start_of(name), name) for name in run.evaluations]
    return [
        comparison_of(f"{start} → {name}", "", differences(run, start, run, name))
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
    return Change(score.label, percent(score.chance), text_of(score), verdict, remark=remark)


def _against_run(run: RunRecord, other: RunRecord) -> list[Comparison]:
    """The last stage that both have."""
    common = [name for name in run.evaluations if name in other.evaluations]
    if not common:
        return []
    name = common[-1]
    title = f"{other.name} → {run.name}, after {name}"
    note = "The same recipe, but for the data of its stages."
    return [comparison_of(title, note, differences(other, name, run, name))]


def differences(before: RunRecord, model: str, after: RunRecord, other: str) -> list[Difference]:
    """Of every score that both models have, where both were asked the same."""
    found: list[Difference] = []
    for benchmark, result in after.evaluations[other].items():
        earlier = before.evaluations[model].get(benchmark)
        if earlier is None or not comparable(earlier, result):
            continue
        rows = before.rows(model, benchmark), after.rows(other, benchmark)
        found += [one for score in result.scores if (one := compare(score, *rows))]
    return found
