"""The training curves of a stage, and where a run's time went."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from midspan.report.figures import amount, count, decimal, duration
from midspan.report.plots import Series, bar, line_chart, smooth
from midspan.report.record import RunRecord, Stage, number

# What the loop logs of every objective; anything else is the objective's own.
LOGGED = ("step", "tokens", "loss", "gradient_norm", "weight", "learning_rate", "tokens_per_second", "seconds")


@dataclass(frozen=True)
class Panel:
    """A headline, a line of facts and charts that share one horizontal axis."""

    title: str
    facts: str
    charts: list[Markup]
    caption: str


@dataclass(frozen=True)
class Bar:
    label: str
    text: str
    drawing: Markup


def _series(stage: Stage, key: str) -> tuple[list[float], list[float]]:
    """The steps at which `key` was logged as a finite number, and the numbers."""
    points = [(number(row, "step"), number(row, key)) for row in stage.metrics]
    known = [(step, value) for step, value in points if step is not None and value is not None]
    return [step for step, _ in known], [value for _, value in known]


def _smoothed(stage: Stage, key: str) -> tuple[list[Series], int]:
    """The raw series and its running mean (only the raw one where there is little to smooth), and the window."""
    steps, values = _series(stage, key)
    half_window = len(values) // 40
    if half_window < 1:
        return [Series(key, steps, values, "plain")], 1
    mean = Series("mean", steps, smooth(values, half_window), "smooth")
    return [Series(key, steps, values, "raw"), mean], 2 * half_window + 1


def _caption(window: int) -> str:
    return "" if window == 1 else f"Faint: every logged step. Line: mean of {window} logged steps."


def _loss_panel(stage: Stage) -> Panel:
    loss, window = _smoothed(stage, "loss")
    rate = Series("learning rate", *_series(stage, "learning_rate"))
    top = max(rate.y, default=0.0)
    # A learning rate starts and ends near zero, and is read against it.
    rate_range = (0.0, top * 1.05) if top > 0 else None
    charts = [
        line_chart(loss, "step", "loss (nats)"),
        line_chart([rate], "step", "learning rate", height=130, y_range=rate_range),
    ]
    facts = [
        f"{count(steps)} steps" if (steps := number(stage.summary, "steps")) is not None else "",
        f"{amount(tokens)} tokens" if (tokens := number(stage.summary, "tokens")) is not None else "",
        duration(seconds) if (seconds := number(stage.summary, "seconds")) is not None else "",
        f"final loss {decimal(final)}"
        if (final := number(stage.summary, "final_loss")) is not None
        else "not finished",
    ]
    caption = _caption(window)
    if (lost := sum(number(row, "loss") is None for row in stage.metrics)) > 0:
        caption = f"{caption} {lost} logged steps have no finite loss and are not drawn.".strip()
    return Panel(title_of(stage), " · ".join(fact for fact in facts if fact), charts, caption)


def title_of(stage: Stage) -> str:
    """A stage's name, its objective, what it learns from, and what is frozen."""
    what = " on ".join(part for part in (stage.objective, ", ".join(stage.data)) if part)
    what = ", ".join(part for part in (what, stage.frozen) if part)
    return f"{stage.name}: {what}" if what else stage.name


def _own_panel(stage: Stage, keys: list[str]) -> Panel:
    """The objective's own means."""
    smoothed = [(key, *_smoothed(stage, key)) for key in keys]
    charts = [line_chart(series, "step", key.replace("_", " "), height=180) for key, series, _ in smoothed]
    title = f"{stage.name}: {', '.join(keys).replace('_', ' ')}"
    return Panel(title, "on training data", charts, _caption(smoothed[0][2]))


def stage_panels(run: RunRecord) -> list[Panel]:
    """One panel of loss and learning rate for each stage; a second one where the objective logs more."""
    panels = []
    for stage in run.stages:
        panels.append(_loss_panel(stage))
        own = [key for key in dict.fromkeys(key for row in stage.metrics for key in row) if key not in LOGGED]
        if own:
            panels.append(_own_panel(stage, own))
    return panels


def time_bars(run: RunRecord) -> list[Bar]:
    """How long every step of the run took, a model's evaluation as one; for steps that are not done, their status."""
    taken: dict[str, list[float]] = {}
    undone: dict[str, str] = {}
    for name, step in (run.steps or {stage.name: stage.summary for stage in run.stages}).items():
        model, colon, _ = name.partition(": ")  # "sft: infilling" is one of several benchmarks
        label = f"evaluation of {model}" if colon else name
        seconds = number(step, "seconds")
        taken.setdefault(label, []).extend([] if seconds is None else [seconds])
        if step.get("status", "done") != "done":
            undone[label] = str(step["status"])
    longest = max(map(sum, taken.values()), default=0.0) or 1.0
    return [
        Bar(label, undone.get(label) or duration(sum(parts) if parts else None), bar(sum(parts) / longest))
        for label, parts in taken.items()
    ]
