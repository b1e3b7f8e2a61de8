"""A run at a glance: the headline numbers, the table of models, what is missing, the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from midspan.report.curves import OBJECTIVE_NAMES
from midspan.report.figures import ABSENT, amount, count, counted, decimal, duration, percent, wilson
from midspan.report.plots import interval_bar
from midspan.report.record import RunRecord, number

WEAK_BELOW = 1e9  # parameters


@dataclass(frozen=True)
class Headline:
    label: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A table cell; `header` is repeated in it where the table becomes a list on a narrow screen."""

    header: str
    text: str
    note: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True)
class ModelRow:
    name: str
    kind: str
    cells: list[Cell]


def _arrow(values: Sequence[float | None], text: Callable[[float], str]) -> str:
    """Numbers as "first → last"."""
    texts = [ABSENT if value is None else text(value) for value in values]
    return " → ".join(texts) if set(texts) - {ABSENT} else ABSENT


def headlines(run: RunRecord) -> list[Headline]:
    """The numbers of the at-a-glance row."""
    causal = run.names("causal")
    seen = [number(stage.summary, "tokens") for stage in run.stages if stage.objective == "causal"]
    known = [tokens for tokens in seen if tokens is not None]
    bits = [value for name in causal if (value := number(run.evaluations.get(name), "bits_per_byte")) is not None]
    pretrained = run.last("causal")
    solved = [number(run.last(objective), "pass_at_1", "heldout-parameter") for objective in ("sft", "dpo")]
    preferred = [number(run.last(objective), "preference_accuracy") for objective in ("sft", "dpo")]
    return [
        Headline("Parameters", amount(run.parameters)),
        Headline("Tokens seen", amount(sum(known)) if known else ABSENT, "in pre-training"),
        Headline("Time", duration(run.seconds), "all steps together"),
        Headline(
            "Bits per byte",
            _arrow(bits if len(bits) < 2 else [bits[0], bits[-1]], decimal),
            "first → last pre-training stage; lower is better" if len(bits) > 1 else "lower is better",
        ),
        Headline(
            "Lines filled in exactly",
            percent(number(pretrained, "fim_exact_match")),
            "held-out lines, fill-in-the-middle, after pre-training",
        ),
        Headline("Exercises solved, pass@1", _arrow(solved, percent), "new parameters, after SFT → DPO"),
        Headline(
            "Preference accuracy",
            _arrow(preferred, percent),
            "held-out pairs, after SFT → DPO",
        ),
    ]


def share_cell(header: str, evaluation: dict[str, Any], value: tuple[str, ...], trials: tuple[str, ...]) -> Cell:
    """A share with its 95% interval, where the number of trials is known."""
    share, n = number(evaluation, *value), number(evaluation, *trials)
    if share is None or not n:
        return Cell(header, percent(share))
    low, high = wilson(share, n)
    return Cell(
        header, percent(share), f"{100 * low:.1f}–{100 * high:.1f}, n = {count(n)}", interval_bar(low, share, high)
    )


def model_rows(run: RunRecord) -> list[ModelRow]:
    """One row for every model: the stages' in training order, then whatever else was evaluated."""
    names = list(dict.fromkeys([stage.name for stage in run.stages] + list(run.evaluations)))
    rows = []
    for name in names:
        stage, evaluation = run.stage(name), run.evaluations.get(name, {})
        seconds = number(stage.summary, "seconds") if stage else None
        cells = [
            Cell("Bits/byte", decimal(number(evaluation, "bits_per_byte"))),
            share_cell("Line, FIM", evaluation, ("fim_exact_match",), ("fim_lines",)),
            share_cell("Line, left-to-right", evaluation, ("left_to_right_exact_match",), ("fim_lines",)),
            *(
                share_cell(f"pass@1, new {what}", evaluation, ("pass_at_1", split), ("exercises", split))
                for what, split in (("parameters", "heldout-parameter"), ("families", "heldout-family"))
            ),
            share_cell("Preference accuracy", evaluation, ("preference_accuracy",), ("preference_pairs",)),
            Cell("Training time", duration(seconds)),
        ]
        rows.append(ModelRow(name, OBJECTIVE_NAMES[stage.objective] if stage else "", cells))
    return rows


def missing_parts(run: RunRecord) -> list[str]:
    """What a finished run has and this one has not (yet)."""
    recipe = run.recipe
    pretraining = recipe.get("pretrain")
    wanted = list(pretraining) if isinstance(pretraining, dict) else []
    wanted += [name for name in ("sft", "dpo") if recipe.get(name)]
    missing = []
    if not recipe:
        missing.append("the recipe")
    if not run.statistics:
        missing.append("the corpus statistics")
    for name in wanted or [stage.name for stage in run.stages]:
        stage = run.stage(name)
        if stage is None:
            missing.append(f"stage {name}")
        elif not stage.summary:
            missing.append(f"the end of stage {name} ({counted(len(stage.metrics), 'step')} logged so far)")
        if name not in run.evaluations:
            missing.append(f"the evaluation of {name}")
    if not wanted and not run.stages:
        missing.append("every training stage")
    return missing


def machine_facts(run: RunRecord) -> list[tuple[str, str]]:
    """Platform, cores, library versions and speed, as the stages recorded them."""
    facts: dict[str, str] = {}
    for stage in run.stages:
        machine = stage.summary.get("machine")
        recorded = {**stage.summary, **(machine if isinstance(machine, dict) else {})}
        for key, label in MACHINE_FIELDS.items():
            value = recorded.get(key)
            if isinstance(value, str | int) and not isinstance(value, bool):
                facts.setdefault(label, str(value))
        peak, utilisation = number(stage.summary, "peak_flops"), number(stage.summary, "mfu")
        if peak is not None:
            facts["Peak speed"] = (
                f"{peak / 1e9:,.0f} GFLOP/s, {stage.summary.get('peak_source', 'source not recorded')}"
            )
        if utilisation is not None:
            facts[f"Model FLOPs utilisation, {stage.name}"] = f"{percent(utilisation)} of the peak"
    return list(facts.items())


MACHINE_FIELDS = {
    "platform": "Platform",
    "processor": "Processor",
    "cores": "Cores",
    "threads": "Threads",
    "device": "Device",
    "precision": "Precision",
    "python": "Python",
    "torch": "PyTorch",
    "torch_version": "PyTorch",
}


def started_from(run: RunRecord) -> str | None:
    """The checkpoint that training started from; None where it started from nothing."""
    model = run.recipe.get("model")
    start = model.get("start_from") if isinstance(model, dict) else None
    return str(start) if start else None


def honest_words(run: RunRecord) -> list[str]:
    """What this model is, in plain sentences that the numbers support."""
    size = run.parameters
    trained = [seconds for stage in run.stages if (seconds := number(stage.summary, "seconds")) is not None]
    devices = {value for label, value in machine_facts(run) if label == "Device"}
    where = " on a CPU" if devices == {"cpu"} else ""
    start = started_from(run)
    words = []
    if size is not None:
        taken = f", trained for {duration(sum(trained))}{where}" if trained else ""
        origin = f", starting from {start}" if start else ""
        words.append(f"A model of {amount(size)} parameters{taken}{origin}.")
        if size < WEAK_BELOW and not start:
            words.append(
                "That is tiny, and the model is weak: do not expect it to write your code. What is real is the road, "
                "every step of it, and the direction in which the numbers move."
            )
    if not run.evaluations:
        words.append("Nothing has been evaluated yet.")
    return words
