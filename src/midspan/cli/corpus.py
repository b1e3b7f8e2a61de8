"""`midspan corpus …`: preparing data by itself, without the rest of the road."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Prepare a corpus by itself.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def build(
    recipe: Annotated[Path, typer.Argument(help="The recipe; its corpus and runtime count here.")],
    directory: Annotated[
        Path | None, typer.Option("--run", help="Where to; default: runs/<name of the recipe>.")
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Folder of a tokenizer or model: token shards are written too.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="local (processes) or ray; default: the recipe's.")] = None,
    workers: Annotated[int | None, typer.Option(help="Tasks at a time; default: the recipe's, or every core.")] = None,
    address: Annotated[
        str | None, typer.Option(help="Of a running Ray cluster; without it, one of this machine.")
    ] = None,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="field=value, such as corpus.secrets=false.")
    ] = None,
) -> None:
    """Build the corpus of a recipe in RUN/corpus. Killed at any moment, it goes on where it was."""
    from midspan.corpus import build_corpus, encode_documents
    from midspan.engines import EngineChoice
    from midspan.files import only_one, remove_leftovers
    from midspan.recipe import load_recipe, parse_overrides
    from midspan.tokens import Tokenizer

    if tokenizer is not None:
        Tokenizer.load(tokenizer)  # a wrong folder is better known now than after the build
    given = {"runtime.engine": engine, "runtime.workers": workers, "runtime.address": address}
    values = parse_overrides(override or []) | {field: value for field, value in given.items() if value is not None}
    asked = load_recipe(recipe, values)
    run = directory or Path("runs") / asked.name
    run.mkdir(parents=True, exist_ok=True)
    choice = EngineChoice(asked.runtime.engine, asked.runtime.workers or os.cpu_count() or 1, asked.runtime.address)
    with only_one(run):
        for folder in (run / "corpus", run / "corpus" / "tokens"):
            remove_leftovers(folder)
        build_corpus(asked.corpus, run / "corpus", choice, asked.seed)
        if tokenizer is not None:
            for side in ("train", "heldout"):
                encode_documents(run / "corpus" / side, tokenizer, run / "corpus" / "tokens" / side, choice)


@app.command()
def card(directory: Annotated[Path, typer.Argument(help="A corpus, or the run that holds one.")]) -> None:
    """Write a corpus's data card: card.html, and README.md for a dataset hub. Prints their paths."""
    from midspan.report.data_card import write_data_card

    for path in write_data_card(directory):
        print(path)


@app.command()
def inspect(
    directory: Annotated[Path, typer.Argument(help="A corpus, or the run that holds one.")],
    path: Annotated[str | None, typer.Argument(help="A file: its path, the end of it, or repository/path.")] = None,
    rule: Annotated[str | None, typer.Option(help="Show samples of what this rule or other reason dropped.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="How many.")] = 5,
) -> None:
    """Show why a file was kept or dropped, or what a rule drops; without either, what was dropped for which reason."""
    from midspan.corpus.inspection import account_of, samples_of, summary
    from midspan.errors import UserError

    if path is not None and rule is not None:
        raise UserError("name a file or a --rule, not both")
    if path is not None:
        lines = account_of(directory, path)
    else:
        lines = summary(directory) if rule is None else samples_of(directory, rule, samples)
    for line in lines:
        print(line)
