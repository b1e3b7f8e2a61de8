"""Results on the terminal: a column for each model, and two models item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from midspan.errors import UserError
from midspan.evaluate.compare import Difference, comparable, compare, student_quantile
from midspan.evaluate.result import Result, Score, read_result
from midspan.files import read_jsonl

LEGEND = (
    "Intervals are of 95 %, clustered. Seen from: the smallest difference between two models that shows four times in "
    "five, if they answer independently of each other; paired by item, smaller ones show."
)
POWER = 0.8416  # the normal quantile of 80 %: how often so large a difference would be seen


def print_scores(results: Mapping[str, Sequence[Result]]) -> None:
    """Every score of every model with half of its 95 % interval, and the smallest difference that could be seen."""
    console = Console()
    table = Table("score", *results, "n", "seen from", box=None, header_style="bold", pad_edge=False)
    found: dict[tuple[str, str], dict[str, Score]] = {}
    for model, of_model in results.items():
        for result in of_model:
            for score in result.scores:
                found.setdefault((result.benchmark, score.label), {})[model] = score
    for (name, label), scores in found.items():
        one = next(iter(scores.values()))
        cells = [text_of(scores[model]) if model in scores else "" for model in results]
        least = smallest_difference(one)
        table.add_row(
            f"{name}: {label}",
            *cells,
            _counted(one),
            "" if least is None else shown(least, one),
        )
    console.print(table)
    for model, of_model in results.items():
        for result in of_model:
            for group, why in result.not_asked.items():
                console.print(f"{model}: {result.benchmark}{f', {group}' if group else ''}: not asked, for {why}")
            if result.not_measured:
                console.print(f"{model}: {result.benchmark}: {result.not_measured} items not measured, counted nowhere")
    console.print(LEGEND)


def print_comparison(before: Path, after: Path, items: int) -> None:
    """The differences between two models' results on the benchmarks that both were asked, alike."""
    console = Console()
    common = sorted({file.name for file in before.glob("*.json")} & {file.name for file in after.glob("*.json")})
    if not common:
        raise UserError(f"{before} and {after} have no benchmark in common")
    for name in common:
        one, other = read_result(before / name), read_result(after / name)
        if not comparable(one, other):
            raise UserError(f"{name}: {before} and {after} were asked differently: evaluate both again, alike")
        earlier, later = (read_jsonl((folder / name).with_suffix(".jsonl")) for folder in (before, after))
        table = Table(one.benchmark, one.model, other.model, "difference", "better", "worse", box=None, pad_edge=False)
        for score in other.scores:
            if (found := compare(score, earlier, later)) is not None:
                table.add_row(score.label, *_sides(found), f"{found.wins}", f"{found.losses}")
        console.print(table)
        passed = {(row["item"], row["group"], row["sample"]): row.get("passed") for row in earlier}
        moved = [(row, passed.get((row["item"], row["group"], row["sample"]))) for row in later]
        for word, was, now in (("better", 0.0, 1.0), ("worse", 1.0, 0.0)):
            named = [row["item"] for row, then in moved if then == was and row.get("passed") == now][:items]
            if named:
                console.print(f"  {word}: {', '.join(named)}")
    console.print("Differences are paired by item, their 95 % intervals clustered.")


def _counted(score: Score) -> str:
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
    """A score with half of its interval."""
    return shown(score.value, score) + (f" ± {shown(score.error, score).rstrip(' %')}" if score.error else "")


def shown(value: float, score: Score) -> str:
    """A share as a percentage, any other number as it is."""
    return f"{value:.3f}" if score.trials is None else f"{100 * value:.1f} %"


def smallest_difference(score: Score) -> float | None:
    """The difference from an independent model of the same error that is found in 80 % of cases, at 95 %."""
    if not score.error or score.clusters < 2:
        return None
    quantile = student_quantile(score.clusters - 1)
    return (quantile + POWER) * 2**0.5 * score.error / quantile
