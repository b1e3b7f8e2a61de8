"""What became better and what worse: from one stage to the next, against guessing, against other runs.

Directions come from the scores themselves; two models are compared item by item (`evaluate.compare`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from midspan.evaluate.compare import Difference, comparable, compare
from midspan.evaluate.result import Score
from midspan.report.figures import counted, decimal, percent, signed, wilson
from midspan.report.record import RunRecord

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


def change(found: Difference) -> Change:
    """How a score of the second model differs from the first one's, over the items that both were asked."""
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
    return Change(found.score.label, show(found.before), show(found.after), verdict, text, f"{remark}.")


def _between_stages(run: RunRecord) -> list[Comparison]:
    pairs = [(run.start_of(name), name) for name in run.evaluations]
    return [
        Comparison(f"{start} → {name}", "", [change(one) for one in differences(run, start, run, name)])
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
    return [Comparison(title, note, [change(one) for one in differences(other, name, run, name)])]


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
