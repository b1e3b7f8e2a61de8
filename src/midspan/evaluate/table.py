"""Results on the terminal: a column for each model, and two models item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from midspan.evaluate.compare import Difference, student_quantile
from midspan.evaluate.families import family_of
from midspan.evaluate.pairs import pairs_of
from midspan.evaluate.result import Result, Score
from midspan.evaluate.systems import SYSTEMS, Label, published_for

LEGEND = (
    "Intervals are of 95 %, clustered. Seen from: the smallest difference between two models that shows four times in "
    "five, if they answer independently of each other; paired by item, smaller ones show."
)
FIRST = ("stable-code-3b", "stable-code-instruct-3b")  # whose published scores everything is measured by
POWER = 0.8416  # the normal quantile of 80 %: how often so large a difference would be seen


def print_scores(results: Mapping[str, Sequence[Result]]) -> None:
    """Every score of every model with half of its 95 % interval, and the smallest difference that could be seen.

    Beside them what is published of the same scores, of those systems alone that are asked here or began it all.
    """
    console = Console()
    found = scores_of(results)
    beside = {name: of for name, of in published_for([*found]).items() if name.partition(",")[0] in {*results, *FIRST}}
    columns = [Column(name, overflow="fold") for name in (*results, *(f"{name} (published)" for name in beside))]
    table = Table("score", *columns, "n", "seen from", box=None, header_style="bold", pad_edge=False)
    benchmark = ""
    for label, scores in found.items():
        if label[0] != benchmark:
            benchmark = label[0]
            table.add_row(f"[bold]{benchmark}[/]")
        one = next(iter(scores.values()))
        cells = [text_of(scores[model]) if model in scores else "" for model in results]
        cells += [f"{of[label]:.1f}" if label in of else "" for of in beside.values()]
        least = smallest_difference(one)
        table.add_row(f"  {label[1]}", *cells, counted(one), "" if least is None else shown(least, one))
    console.print(table)
    for model, of_model in results.items():
        for result in of_model:
            for group, why in result.not_asked.items():
                console.print(f"{model}: {result.benchmark}{f', {group}' if group else ''}: not asked, for {why}")
            if result.not_measured:
                console.print(f"{model}: {result.benchmark}: {result.not_measured} items not measured, counted nowhere")
    console.print(LEGEND)


def scores_of(results: Mapping[str, Sequence[Result]]) -> dict[Label, dict[str, Score]]:
    """By benchmark and label, the score of each model."""
    found: dict[Label, dict[str, Score]] = {}
    for model, of_model in results.items():
        for result in of_model:
            for score in result.scores:
                found.setdefault((result.benchmark, score.label), {})[model] = score
    return found


def print_comparison(before: Path, after: Path, items: int) -> None:
    """The differences between two models' results on the benchmarks that both were asked, alike."""
    console = Console()
    for pair in pairs_of(before, after):
        names = (pair.after.benchmark, pair.before.model, pair.after.model)
        table = Table(*names, "difference", "better", "worse", "chance", box=None, header_style="bold", pad_edge=False)
        for found in pair.differences:
            chance = "" if found.chance is None else f"{found.chance:.2g}"
            table.add_row(found.score.label, *_sides(found), f"{found.wins}", f"{found.losses}", chance)
        console.print(table)
        if pair.answers:
            console.print(f"  answers alike to the letter: {pair.alike:,} of {pair.answers:,}", highlight=False)
        for word, moved in (("better", pair.better), ("worse", pair.worse)):
            if moved:
                console.print(f"  {word}: {', '.join(row['item'] for _, row in moved[:items])}", highlight=False)
    console.print(
        "Differences are paired by item, their 95 % intervals clustered. Chance: McNemar's exact test, where items are "
        "independent."
    )


def print_systems() -> None:
    """The systems that have a name, how each is asked, and what is published for it."""
    console = Console(highlight=False)
    for name, system in SYSTEMS.items():
        family = family_of(system.hub)
        ways = ["middles"] * bool(family and family.fill) + ["conversations"] * bool(family and family.chat)
        console.print(
            f"[bold]{name}[/]  {system.size}  {system.given}  {family.name if family else ''} {', '.join(ways)}"
        )
        for published in system.published:
            scores = [f"{label.rpartition(', ')[2]} {value:.1f}" for (_, label), value in published.scores.items()]
            console.print(f"    {published.source}: {', '.join(scores)}")


def counted(score: Score) -> str:
    """How many items a share is of, and in how many clusters."""
    if score.trials is None:
        return ""
    return f"{score.trials} in {score.clusters}" if 0 < score.clusters < score.trials else f"{score.trials}"


def _sides(found: Difference) -> tuple[str, str, str]:
    scale, unit = (100, " points") if found.score.trials is not None else (1, "")
    difference = f"{scale * (found.after - found.before):+.3g}{unit}"
    if found.low is not None and found.high is not None:
        difference += f" [{scale * found.low:+.3g}, {scale * found.high:+.3g}]"
    return shown(found.before, found.score), shown(found.after, found.score), difference


def text_of(score: Score) -> str:
    """A score with half of its interval; where all or none passed, with the bound that this leaves at 95 %."""
    text = shown(score.value, score)
    if score.error == 0 and score.binomial and score.clusters and score.value in (0, 1):
        bound = 0.05 ** (1 / score.clusters)  # as many successes of as many trials are seen in one case of 20
        return (
            f"{text} (below {100 - 100 * bound:.0f} %)" if score.value == 0 else f"{text} (above {100 * bound:.0f} %)"
        )
    return text + (f" ± {shown(score.error, score).rstrip(' %')}" if score.error else "")


def shown(value: float, score: Score) -> str:
    """A share as a percentage, any other number as it is."""
    return f"{value:.3f}" if score.trials is None else f"{100 * value:.1f} %"


def smallest_difference(score: Score) -> float | None:
    """The difference from an independent model of the same error that is found in 80 % of cases, at 95 %."""
    if not score.error or score.clusters < 2:
        return None
    quantile = student_quantile(score.clusters - 1)
    return (quantile + POWER) * 2**0.5 * score.error / quantile
