"""`midspan corpus …`: preparing data by itself, without the rest of the road."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Prepare a corpus by itself.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def build(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="A recipe (.yaml), or what to read: folders, git repositories, zip and tar archives, Parquet or JSONL "
            "files, 'stdlib'."
        ),
    ],
    directory: Annotated[
        Path | None,
        typer.Option("--run", "--output", help="Where to: the corpus is in its folder 'corpus'. Default: runs/<name>."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be read and kept, and what it would take.")
    ] = False,
    licences: Annotated[
        str | None, typer.Option(help="What may be kept: permissive, unknown, non-permissive; with commas.")
    ] = None,
    languages: Annotated[str | None, typer.Option(help="What is kept, such as python,c++; default: all.")] = None,
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
    """Build a corpus, and its card, in RUN/corpus. Killed at any moment, the same command goes on where it was."""
    from midspan.corpus.forecast import forecast
    from midspan.corpus.stages import build_corpus
    from midspan.corpus.token_writer import encode_documents
    from midspan.corpus.unwritten import keep_recipe, recipe_for
    from midspan.engines import EngineChoice
    from midspan.files import only_one, remove_leftovers
    from midspan.recipe import parse_overrides
    from midspan.report.data_card import write_data_card
    from midspan.tokens import Tokenizer

    if tokenizer is not None:
        Tokenizer.load(tokenizer)  # a wrong folder is better known now than after the build
    given: dict[str, Any] = {"runtime.engine": engine, "runtime.workers": workers, "runtime.address": address}
    given |= {"corpus.licences": _listed(licences), "corpus.languages": _listed(languages)}
    values = parse_overrides(override or []) | {field: value for field, value in given.items() if value is not None}
    asked, unwritten = recipe_for(paths, values)
    run = directory or Path("runs") / asked.name
    choice = EngineChoice(asked.runtime.engine, asked.runtime.workers or os.cpu_count() or 1, asked.runtime.address)
    if dry_run:
        for line in forecast(asked.corpus, run, choice.workers, asked.seed):
            print(line)
        return
    if unwritten is not None:
        keep_recipe(unwritten, run, named=directory is not None)
    run.mkdir(parents=True, exist_ok=True)
    with only_one(run):
        for folder in (run / "corpus", run / "corpus" / "tokens"):
            remove_leftovers(folder)
        build_corpus(asked.corpus, run / "corpus", choice, asked.seed)
        if tokenizer is not None:
            for side in ("train", "heldout"):
                encode_documents(run / "corpus" / side, tokenizer, run / "corpus" / "tokens" / side, choice)
        write_data_card(run / "corpus")


def _listed(words: str | None) -> list[str] | None:
    return None if words is None else [word.strip() for word in words.split(",") if word.strip()]


@app.command()
def card(directory: Annotated[Path, typer.Argument(help="A corpus, or the run that holds one.")]) -> None:
    """Write a corpus's data card anew: card.html, and README.md for a dataset hub. Prints their paths."""
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


@app.command()
def label(
    directory: Annotated[Path, typer.Argument(help="A corpus, or the run that holds one.")],
    count: Annotated[int, typer.Option(min=1, help="How many files.")] = 400,
    output: Annotated[Path, typer.Option(help="Where to, as JSON lines.")] = Path("labels.jsonl"),
) -> None:
    """Draw files of a corpus to be labelled: set "label" of each line to "good" or "bad", by hand or with a judge."""
    from midspan.corpus.inspection import corpus_folder
    from midspan.corpus.scorer import write_files_to_label

    written = write_files_to_label(corpus_folder(directory), count, output)
    languages = ", ".join(f"{number} {name}" for name, number in written.most_common())
    print(f"{output}: {written.total():,} files, {languages}")
    print('Set "label" of each line to "good" or "bad"; then: midspan corpus learn-scorer', output)


@app.command("learn-scorer")
def learn_scorer(
    labels: Annotated[
        Path, typer.Argument(help="JSONL, CSV or Parquet with text (or id, or path, of --corpus) and label or score.")
    ],
    output: Annotated[Path, typer.Option(help="The scorer's folder.")] = Path("scorer"),
    corpus: Annotated[
        Path | None, typer.Option(help="A corpus, or its run: where texts are looked up that the labels only name.")
    ] = None,
    good_from: Annotated[
        float | None, typer.Option(help="Where the labels are scores: from which on a file counts as good.")
    ] = None,
    decontaminate: Annotated[
        list[Path] | None, typer.Option(help="An evaluation set, nothing of which is learnt from. May be repeated.")
    ] = None,
) -> None:
    """Learn a quality scorer of your own from labels, and say how well it does on labels that it has not seen.

    In a recipe: corpus: {scorer: {path: scorer, threshold: 0.5}}.
    """
    from midspan.corpus.inspection import corpus_folder
    from midspan.corpus.scorer import account_of_scorer
    from midspan.corpus.scorer import learn_scorer as learn

    folder = None if corpus is None else corpus_folder(corpus)
    scorer, speed = learn(labels, output, folder, good_from, decontaminate or [])
    for line in account_of_scorer(scorer, output, speed):
        print(line)
