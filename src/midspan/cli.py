"""The `midspan` command: one verb per step, no logic. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from midspan.corpus_cli import app as corpus_app
from midspan.errors import UserError

app = typer.Typer(
    help="Raw repositories in, a code model in your editor out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(corpus_app, name="corpus")

MODEL_HELP = "A run directory, or any HF-layout model directory of the four families."
ModelOption = Annotated[Path, typer.Option("--model", "-m", help=MODEL_HELP)]
DEFAULT_MODEL = Path("runs/quickstart")


@app.command()
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


@app.command()
def report(directory: Annotated[Path, typer.Argument(help="A run directory.")]) -> None:
    """Write a run's report.html anew and print its path."""
    from midspan.report import write_report

    print(write_report(directory))


@app.command()
def complete(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE[:COLUMN]", help="The cursor; both count from 1.")],
    model: ModelOption = DEFAULT_MODEL,
    max_tokens: Annotated[int, typer.Option(help="At most so many tokens.")] = 64,
    temperature: Annotated[float, typer.Option(help="0: always the likeliest token.")] = 0.0,
) -> None:
    """Fill in the middle at the cursor: print what belongs between the text before it and the text after."""
    from midspan.generate import generate, load
    from midspan.generate.cursor import split_at_cursor

    prefix, suffix = split_at_cursor(place)
    decoder, tokenizer = load(model)
    print(generate(decoder, tokenizer, prefix, suffix, max_tokens=max_tokens, temperature=temperature))


@app.command()
def chat(
    question: Annotated[str | None, typer.Argument(help="One question; without it, a conversation.")] = None,
    model: ModelOption = DEFAULT_MODEL,
    max_tokens: Annotated[int, typer.Option(help="At most so many tokens an answer.")] = 256,
    temperature: Annotated[float, typer.Option(help="0: always the likeliest token.")] = 0.0,
) -> None:
    """Talk with a model; an empty line or Ctrl-D ends it."""
    from midspan.generate import Sampling, load
    from midspan.generate.conversation import converse

    decoder, tokenizer = load(model)
    converse(decoder, tokenizer, Sampling(max_tokens=max_tokens, temperature=temperature), question)


@app.command()
def serve(
    model: Annotated[Path, typer.Argument(help=MODEL_HELP)] = DEFAULT_MODEL,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
) -> None:
    """Serve a model to editors and open the playground at http://HOST:PORT/."""
    from midspan.serve import serve as serve_model

    serve_model(model, host=host, port=port)


def main() -> None:
    """Run the command line: user mistakes are one line on standard error and exit code 2."""
    try:
        app(standalone_mode=True)
    except UserError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        advice = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check its permissions"
        _fail(f"{error.strerror}: {error.filename or os.getcwd()}; {advice} and run the same command again")
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; the same command goes on from here\n")
        sys.exit(130)


def _fail(message: str) -> None:
    sys.stderr.write(f"midspan: {message}\n")
    sys.exit(2)
