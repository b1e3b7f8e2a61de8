"""`midspan run` and what belongs to it: carrying a recipe out, and the report of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    recipe: Annotated[Path, typer.Argument(help="The recipe, such as recipes/quickstart.yaml.")],
    directory: Annotated[
        Path | None, typer.Option("--run", help="Where to; default: runs/<name of the recipe>.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="A folder of repositories in place of corpus.source.")] = None,
    override: Annotated[list[str] | None, typer.Option("--set", help="field=value, such as fim.rate=0.9.")] = None,
) -> None:
    """Carry a recipe out: corpus, tokenizer, training, evaluation, export, report. Goes on where it was."""
    from midspan.recipe import load_recipe, parse_overrides
    from midspan.run import run_recipe

    values = parse_overrides(override or [])
    if source is not None:
        values["corpus.source"] = source
    plan = load_recipe(recipe, values)
    run_recipe(plan, directory or Path("runs") / plan.name)


def report(directory: Annotated[Path, typer.Argument(help="A run directory.")]) -> None:
    """Write a run's report.html anew and print its path."""
    from midspan.report import write_report

    print(write_report(directory))
