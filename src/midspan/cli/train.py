"""`midspan run` and what belongs to it: carrying a recipe out, one stage of it, and the report."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

PR_SET_PDEATHSIG = 1  # prctl(2)


def run(
    recipe: Annotated[Path, typer.Argument(help="The recipe, such as recipes/quickstart.yaml.")],
    directory: Annotated[
        Path | None, typer.Option("--run", help="Where to; default: runs/<name of the recipe>.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="A folder of repositories in place of corpus.source.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Short for --set runtime.threads=…")] = None,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="field=value, such as stages.base.context=512.")
    ] = None,
) -> None:
    """Carry a recipe out: corpus, tokenizer, training, evaluation, export, report. Goes on where it was."""
    from midspan.recipe import load_recipe, parse_overrides

    given = {"corpus.source": source, "runtime.threads": threads}
    values = parse_overrides(override or []) | {field: value for field, value in given.items() if value is not None}
    asked = load_recipe(recipe, values)

    from midspan.run import run_recipe  # brings torch with it, which a mistake in the recipe need not wait for

    run_recipe(asked, directory or Path("runs") / asked.name)


def train(
    directory: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory whose earlier steps are done.")],
    stage: Annotated[str, typer.Argument(help="The stage's name.")],
) -> None:
    """Train one stage of a run, as one of the processes that torchrun or a cluster's launcher starts."""
    from midspan.run import run_stage

    if "TORCHELASTIC_RUN_ID" in os.environ and sys.platform == "linux":
        end_with_parent()
    run_stage(directory, stage)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Not by way of the interpreter's own end, which a thread of gloo may meet while it still lets go of a tensor: the
    # process would abort though all is done and written.
    os._exit(0)


def end_with_parent() -> None:
    """From now on this process is killed when its parent ends: a torchrun that was killed leaves nobody behind who
    would go on writing where the next one starts."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def report(directory: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]) -> None:
    """Write a run's report.html anew and print its path."""
    from midspan.report import render_report

    print(render_report(directory))
