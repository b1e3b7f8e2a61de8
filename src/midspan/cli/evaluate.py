"""Models side by side on benchmarks, from the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from midspan.errors import UserError

SUBJECT_HELP = (
    "What is evaluated: a system of `midspan systems`, a run, a model directory, a GGUF file or a hub id; "
    "transformers:MODEL; the URL of an OpenAI-compatible server, up to /v1, with #MODEL where it has several; or "
    "answers:FILE."
)
PRICES_HELP = "What a million tokens cost, read and written, to be told what a server's answers cost."
SET_HELP = "A setting of a benchmark, such as humaneval.data=HumanEval.jsonl.gz; values are YAML."


def evaluate(
    models: Annotated[list[str], typer.Argument(help=SUBJECT_HELP, metavar="MODEL...")],
    on: Annotated[str, typer.Option(help="Benchmarks, with commas between them.")] = "",
    together: Annotated[str | None, typer.Option("--suite", help="Benchmarks that were published together.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder; what it has is not asked again.")] = Path(
        "evaluation"
    ),
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help=SET_HELP)] = None,
    seed: Annotated[int, typer.Option(help="Of what is drawn and sampled.")] = 0,
    precision: Annotated[Literal["auto", "stored", "bf16", "fp32"], typer.Option(help="Of weights.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that compute.")] = None,
    run: Annotated[Path | None, typer.Option(help="A run: what it holds out of your code is asked, too.")] = None,
    prices: Annotated[str | None, typer.Option(help=PRICES_HELP, metavar="READ,WRITTEN")] = None,
) -> None:
    """Ask models benchmarks, run what they write in a sandbox, and say how well they do, and how sure that is."""
    from midspan.compute import free_threads, use_threads
    from midspan.evaluate.session import evaluate as ask
    from midspan.evaluate.session import settings_of
    from midspan.evaluate.table import print_scores
    from midspan.report import render_evaluation
    from midspan.step import Tools

    chosen = settings_of([name for name in on.split(",") if name.strip()], changes or [], together)
    use_threads(threads or free_threads())
    results = ask(
        models, chosen, output, seed=seed, precision=precision, prices=_prices(prices), run=run, tools=Tools()
    )
    print_scores(results)
    page = render_evaluation([output / name for name in results], output / "evaluation.html")
    print(f"The page: {page}")


def _prices(given: str | None) -> tuple[float, float] | None:
    try:
        read, written = map(float, given.split(",")) if given else (0.0, 0.0)
    except ValueError:
        raise UserError(f"--prices {given}: write two numbers with a comma between them, such as 0.5,1.5") from None
    return (read, written) if given else None


def systems() -> None:
    """List the systems that have a name: where each comes from, how it is asked, and what is published for it."""
    from midspan.evaluate.table import print_systems

    print_systems()


def compare(
    before: Annotated[Path, typer.Argument(help="A model's folder of results: OUTPUT/MODEL.")],
    after: Annotated[Path, typer.Argument(help="Another's, asked the same.")],
    items: Annotated[int, typer.Option(help="So many items that became better, and worse, are named.")] = 5,
    page: Annotated[Path | None, typer.Option(help="Also write it as a page, with answers side by side.")] = None,
) -> None:
    """Compare two models item by item: differences with their intervals, wins and losses, and the very items."""
    from midspan.evaluate.table import print_comparison
    from midspan.report import render_evaluation

    print_comparison(before, after, items)
    if page:
        print(f"The page: {render_evaluation([before, after], page)}")


def export_evaluation(
    folder: Annotated[Path, typer.Argument(help="What `midspan evaluate -o` wrote, or one model's folder in it.")],
    form: Annotated[Literal["inspect", "lm-eval"], typer.Option("--as", help="Whose files.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for them.")],
) -> None:
    """Write results as the logs of Inspect, or as the files of lm-evaluation-harness."""
    from midspan.evaluate.exports import export_evaluation as export

    for file in export(folder, form, output):
        typer.echo(file)
