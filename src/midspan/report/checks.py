"""Did the run do what it should? Directions that must hold, judged by the measured numbers alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from midspan.report.figures import decimal, difference_interval, percent, wilson
from midspan.report.record import RunRecord, number

Evaluation = dict[str, Any] | None


@dataclass(frozen=True)
class Measured:
    """One number with what it says, its text, and over how many trials it was measured (None: not a share)."""

    label: str
    value: float | None
    text: str
    trials: float | None = None


@dataclass(frozen=True)
class Check:
    """A claim about two numbers. `holds` is None while a number is missing."""

    claim: str
    before: Measured
    after: Measured
    holds: bool | None
    remark: str


def _share(label: str, evaluation: Evaluation, path: tuple[str, ...], trials: tuple[str, ...]) -> Measured:
    value = number(evaluation, *path)
    return Measured(label, value, percent(value), number(evaluation, *trials))


def _pass_at_1(label: str, evaluation: Evaluation) -> Measured:
    split = "heldout-parameter"
    return _share(label, evaluation, ("pass_at_1", split), ("exercises", split))


def _check(claim: str, before: Measured, after: Measured, holds: Callable[[float, float], bool]) -> Check:
    missing = [side.label for side in (before, after) if side.value is None]
    if before.value is None or after.value is None:
        return Check(claim, before, after, None, f"Not measured yet: {' and '.join(missing)}.")
    verdict = holds(before.value, after.value)
    remarks = []
    if not verdict:
        remarks.append("This does not hold in this run.")
    if before.value != after.value and not _clear(before, after):
        remarks.append(f"With {after.trials:.0f} trials the two cannot be told apart at 95%.")
    return Check(claim, before, after, verdict, " ".join(remarks))


def _clear(before: Measured, after: Measured) -> bool:
    """Whether chance is an unlikely reason for the difference; numbers that are no shares count as exact."""
    if before.value is None or after.value is None or not after.trials:
        return True
    if before.trials:
        low, high = difference_interval(before.value, before.trials, after.value, after.trials)
        return not low <= 0 <= high
    low, high = wilson(after.value, after.trials)
    return not low <= before.value <= high


def _bits_per_byte(run: RunRecord) -> list[Check]:
    """One check for each pre-training stage after the first."""
    names = run.names("causal")
    measured = [
        Measured(f"after “{name}”", value, decimal(value) + (" bits/byte" if value is not None else ""))
        for name in names
        for value in [number(run.evaluations.get(name), "bits_per_byte")]
    ]
    return [
        _check("Bits per byte fall from one pre-training stage to the next", before, after, lambda b, a: a < b)
        for before, after in pairwise(measured)
    ]


def check_run(run: RunRecord, ablation: RunRecord | None = None) -> list[Check]:
    """Judge every direction a run should show; `ablation` is the same recipe trained without FIM.

    A direction that this recipe cannot show (no second pre-training stage, no SFT in it) is left out.
    """
    pretrained, tuned, aligned = run.last("causal"), run.last("sft"), run.last("dpo")
    exact, lines = ("fim_exact_match",), ("fim_lines",)
    fim = _share("fill-in-the-middle", pretrained, exact, lines)
    left_to_right = _share("left-to-right", pretrained, ("left_to_right_exact_match",), lines)
    checks = _bits_per_byte(run)
    checks.append(
        _check("Held-out lines: seeing both sides beats seeing only the left", left_to_right, fim, lambda b, a: a > b)
    )
    if ablation is not None:
        without = ablation.last("causal")
        checks += [
            _check(
                f"Held-out lines: training with FIM beats training without, {asked}",
                _share("trained without FIM", without, (field,), lines),
                _share("trained with FIM", pretrained, exact, lines),
                lambda b, a: a > b,
            )
            for asked, field in (
                ("both shown both sides", "fim_exact_match"),
                ("that one shown only the left", "left_to_right_exact_match"),
            )
        ]
    if _wanted(run, "sft"):
        nothing = Measured("needed: more than", 0.0, "0.0%")
        after_tuning = _pass_at_1("pass@1 after SFT", tuned)
        checks.append(
            _check("The instructed model solves held-out exercises", nothing, after_tuning, lambda b, a: a > b)
        )
    return checks + _preference_checks(tuned, aligned) if _wanted(run, "dpo") else checks


def _preference_checks(tuned: Evaluation, aligned: Evaluation) -> list[Check]:
    """What preference training must not cost, and what it must give."""
    solved = _check(
        "Preference training does not cost solved exercises",
        _pass_at_1("pass@1 after SFT", tuned),
        _pass_at_1("pass@1 after DPO", aligned),
        lambda b, a: a >= b,
    )
    if solved.before.value == 0:
        solved = replace(solved, remark=f"{solved.remark} None was solved before: there was nothing to lose.".strip())

    chance = Measured("chance", 0.5, "50.0%")
    accuracy, trials = ("preference_accuracy",), ("preference_pairs",)
    preferred = _share("preference accuracy after DPO", aligned, accuracy, trials)
    prefers = _check("It prefers the answers that pass", chance, preferred, lambda b, a: a > b)
    earlier = number(tuned, *accuracy)
    if earlier is not None and preferred.value is not None:  # answers that fail may be unlikely for other reasons
        remark = f"Before preference training it was {percent(earlier)}: only what is above that came from it."
        prefers = replace(prefers, remark=f"{prefers.remark} {remark}".strip())

    # Only an evaluation that was given the reference model's has this one.
    reward = _share("reward accuracy after DPO", aligned, ("reward_accuracy",), trials)
    claim = "Against the SFT model, answers that pass gained more than those that fail"
    rewarded = [_check(claim, chance, reward, lambda b, a: a > b)] if reward.value is not None else []
    return [solved, prefers, *rewarded]


def _wanted(run: RunRecord, stage: str) -> bool:
    """Whether the recipe has this stage; where there is no recipe, every stage is expected."""
    return not run.recipe or bool(run.recipe.get(stage)) or bool(run.names(stage))
