"""Models side by side on benchmarks, from the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

SUBJECT_HELP = (
    "What is evaluated: a run, a model directory, a GGUF file or a hub id; transformers:MODEL; the URL of an "
    "OpenAI-compatible server, up to /v1, with #MODEL where it has several; or answers:FILE."
)
SET_HELP = "A setting of a benchmark, such as humaneval.data=HumanEval.jsonl.gz; values are YAML."


def evaluate(
    models: Annotated[list[str], typer.Argument(help=SUBJECT_HELP, metavar="MODEL...")],
    on: Annotated[str, typer.Option(help="Benchmarks, with commas between them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder; what it has is not asked again.")] = Path(
        "evaluation"
    ),
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help=SET_HELP)] = None,
    seed: Annotated[int, typer.Option(help="Of what is drawn and sampled.")] = 0,
    precision: Annotated[Literal["auto", "stored", "bf16", "fp32"], typer.Option(help="Of weights.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that compute.")] = None,
) -> None:
    """Ask models benchmarks, run what they write in a sandbox, and say how well they do, and how sure that is."""
    from midspan.compute import free_threads, use_threads
    from midspan.evaluate.session import evaluate as ask
    from midspan.evaluate.session import settings_of
    from midspan.evaluate.table import print_scores
    from midspan.step import Tools

    chosen = settings_of(on.split(","), changes or [])
    use_threads(threads or free_threads())
    print_scores(ask(models, chosen, output, seed=seed, precision=precision, tools=Tools()))


def compare(
    before: Annotated[Path, typer.Argument(help="A model's folder of results: OUTPUT/MODEL.")],
    after: Annotated[Path, typer.Argument(help="Another's, asked the same.")],
    items: Annotated[int, typer.Option(help="So many items that became better, and worse, are named.")] = 5,
) -> None:
    """Compare two models item by item: differences with their intervals, wins and losses, and the very items."""
    from midspan.evaluate.table import print_comparison

    print_comparison(before, after, items)


def export_evaluation(
    folder: Annotated[Path, typer.Argument(help="What `midspan evaluate -o` wrote, or one model's folder in it.")],
    form: Annotated[Literal["inspect", "lm-eval"], typer.Option("--as", help="Whose files.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for them.")],
) -> None:
    """Write results as the logs of Inspect, or as the files of lm-evaluation-harness."""
    from midspan.evaluate.exports import export_evaluation as export

    for file in export(folder, form, output):
        typer.echo(file)
