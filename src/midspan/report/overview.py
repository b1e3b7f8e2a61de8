"""A run at a glance: the headline numbers, the table of models, what is missing, the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from midspan.report.comparisons import text_of
from midspan.report.curves import title_of
from midspan.report.figures import ABSENT, amount, count, counted, duration, percent, wilson
from midspan.report.plots import interval_bar
from midspan.report.record import START, RunRecord, Stage, number

WEAK_BELOW = 1e9  # parameters


@dataclass(frozen=True)
class Headline:
    label: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A model's score; the model is named in it where the table becomes a list on a narrow screen."""

    model: str
    text: str
    note: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True)
class ScoreRow:
    """One score of every model."""

    benchmark: str
    label: str
    cells: list[Cell]


@dataclass(frozen=True)
class ScoreTable:
    """Every score of every model: the models are the columns, each with what kind of training made it."""

    models: list[tuple[str, str]]
    rows: list[ScoreRow]


def headlines(run: RunRecord) -> list[Headline]:
    """The numbers of the at-a-glance row: the run's, and the first score of every benchmark."""
    seen = [tokens for stage in run.stages if (tokens := number(stage.summary, "tokens")) is not None]
    found = [
        Headline("Parameters", amount(run.parameters)),
        Headline("Tokens seen", amount(sum(seen)) if seen else ABSENT, "in all stages"),
        Headline("Time", duration(run.seconds), "all steps together"),
    ]
    last = {result.benchmark: result.scores[0].label for result in run.results if result.scores}
    for benchmark, label in last.items():
        results = [result for result in run.results if result.benchmark == benchmark]
        measured = [(result.model, score) for result in results for score in result.scores if score.label == label]
        ends = measured if len(measured) == 1 else [measured[0], measured[-1]]
        note = f"{benchmark}; {' → '.join(model for model, _ in ends)}; {ends[0][1].better} is better"
        found.append(Headline(label, " → ".join(text_of(score) for _, score in ends), note))
    return found


def score_table(run: RunRecord) -> ScoreTable:
    """The models that training started from, then the stages' in their order, then whatever else was evaluated."""
    starts = [name for name in run.evaluations if name.startswith(START)]
    names = list(dict.fromkeys([*starts, *(stage.name for stage in run.stages), *run.evaluations]))
    labels = dict.fromkeys((result.benchmark, score.label) for result in run.results for score in result.scores)
    rows = [ScoreRow(*label, [score_cell(run, name, *label) for name in names]) for label in labels]
    stages = {name: run.stage(name) for name in names}
    seconds = {name: number(stage.summary, "seconds") if stage else None for name, stage in stages.items()}
    times = [Cell(name, duration(seconds[name])) for name in names]
    return ScoreTable([(name, _kind(run, name)) for name in names], [*rows, ScoreRow("", "training time", times)])


def _kind(run: RunRecord, name: str) -> str:
    """What made a model, or which released one it is."""
    stage = run.stage(name)
    if stage is None:
        return str(run.models.get(name, {}).get("start") or "as released") if name.startswith(START) else ""
    return title_of(stage).removeprefix(name).removeprefix(": ")


def score_cell(run: RunRecord, model: str, benchmark: str, label: str) -> Cell:
    """A score, with its 95% interval where it is a share of trials that passed or failed."""
    result = run.evaluations.get(model, {}).get(benchmark)
    score = next((score for score in result.scores if score.label == label), None) if result else None
    if score is None:
        return Cell(model, ABSENT)
    if not score.trials:
        return Cell(model, text_of(score))
    clustered = score.error is not None and score.clusters < score.trials
    if not score.binomial and not clustered:
        return Cell(model, text_of(score), f"n = {count(score.trials)}")
    low, high = wilson(score.value, score.trials) if score.binomial else (score.value, score.value)
    if clustered and score.error is not None:
        low, high = max(0.0, score.value - score.error), min(1.0, score.value + score.error)
    note = f"{100 * low:.1f}–{100 * high:.1f}, n = {count(score.trials)}"
    note += f" in {counted(score.clusters, 'cluster')}" if clustered else ""
    return Cell(model, text_of(score), note, interval_bar(low, score.value, high))


def abouts(run: RunRecord) -> list[str]:
    """What the scores mean."""
    return list(dict.fromkeys(result.about for result in run.results if result.scores))


def gaps(run: RunRecord) -> list[str]:
    """What was not asked or not measured, of which models, and why; a sentence for each reason."""
    models: dict[tuple[str, str], list[str]] = {}
    for result in run.results:
        groups: dict[str, list[str]] = {}
        for group, why in result.not_asked.items():
            groups.setdefault(why, []).append(group)
        for why, of_why in groups.items():
            whole = len(of_why) == len(result.not_asked) and not result.scores
            part = "" if whole else f" ({', '.join(of_why)})"
            models.setdefault((f"{result.benchmark}{part}: not asked", why), []).append(result.model)
        if result.not_measured:
            why = f"{counted(result.not_measured, 'item')} without a verdict that would be the model’s"
            models.setdefault((f"{result.benchmark}: not measured", why), []).append(result.model)
    return [f"{what} of {', '.join(names)}: {why}." for (what, why), names in models.items()]


def missing_parts(run: RunRecord) -> list[str]:
    """What a finished run has and this one has not (yet)."""
    missing = [] if run.recipe else ["the recipe"]
    parts = [part for stage in run.planned for part in stage.get("data") or []]
    if not run.statistics and (not parts or any(part.get("tokens") == "corpus" for part in parts)):
        missing.append("the corpus statistics")
    wanted = [str(stage.get("name")) for stage in run.planned] or [stage.name for stage in run.stages]
    asked = list(dict.fromkeys(benchmark for results in run.evaluations.values() for benchmark in results))
    for name in wanted:
        stage = run.stage(name)
        if stage is None:
            missing.append(f"stage {name}")
        elif not stage.summary:
            missing.append(f"the end of stage {name} ({counted(len(stage.metrics), 'step')} logged so far)")
        if name not in run.evaluations:
            missing.append(f"the evaluation of {name}")
            continue
        missing += [f"{benchmark} of {name}" for benchmark in asked if benchmark not in run.evaluations[name]]
    return missing if wanted else [*missing, "every training stage"]


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


def can_chat(stages: Sequence[Stage]) -> bool:
    """Whether any of the stages learnt from conversations or from answers preferred in one."""
    return any(part.get("conversations") or part.get("pairs") for stage in stages for part in stage.parts)


def fills_in(stages: Sequence[Stage]) -> bool:
    """Whether any of the stages learnt to fill in the middle."""
    return any((number(part, "fim", "rate") or 0) > 0 for stage in stages for part in stage.parts)


def started_from(run: RunRecord) -> list[str]:
    """The names of the released models that training started from; one without a name is "a released model"."""
    own = {"previous", "scratch", *(stage.get("name") for stage in run.planned)}
    starts = [stage.get("start", "previous") for stage in run.planned]
    if not any(one not in own for start in starts for one in (start if isinstance(start, list) else [start])):
        return []
    return list(dict.fromkeys(str(facts["start"]) for facts in run.models.values() if facts.get("start"))) or [
        "a released model"
    ]


def honest_words(run: RunRecord) -> list[str]:
    """What this model is, in plain sentences that the numbers support."""
    size, starts = run.parameters, started_from(run)
    trained = [seconds for stage in run.stages if (seconds := number(stage.summary, "seconds")) is not None]
    devices = {value for label, value in machine_facts(run) if label == "Device"}
    where = " on a CPU" if devices == {"cpu"} else ""
    words = []
    if size is not None:
        taken = f", trained for {duration(sum(trained))}{where}" if trained else ""
        origin = f", starting from {', '.join(starts)}" if starts else ""
        words.append(f"A model of {amount(size)} parameters{taken}{origin}.")
        if size < WEAK_BELOW and not starts:
            words.append(
                "That is tiny, and the model is weak: do not expect it to write your code. What is real is the road, "
                "every step of it, and the direction in which the numbers move."
            )
    added = list(dict.fromkeys(token for facts in run.models.values() for token in facts.get("added_tokens") or []))
    if added:
        words.append(f"Tokens that the released tokenizer lacked were added: {', '.join(added)}.")
    if not run.evaluations:
        words.append("Nothing has been evaluated yet.")
    return words
