"""What a model does in the terminal: complete at a cursor, chat; and how one comes in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

MODEL_HELP = "A run directory, a model directory in HF layout, a GGUF file, or a hub id (owner/name)."
ModelOption = Annotated[Path, typer.Option("--model", "-m", help=MODEL_HELP)]
ThreadsOption = Annotated[
    int | None, typer.Option(min=1, help="Threads that compute; default: one for each core that is free right now.")
]
DEFAULT_MODEL = Path("runs/quickstart")


def complete(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE[:COLUMN]", help="The cursor; both count from 1.")],
    model: ModelOption = DEFAULT_MODEL,
    max_tokens: Annotated[int, typer.Option(help="At most so many tokens.")] = 64,
    temperature: Annotated[float, typer.Option(help="0: always the likeliest token.")] = 0.0,
    threads: ThreadsOption = None,
) -> None:
    """Fill in the middle at the cursor: print what belongs between the text before it and the text after."""
    from midspan.compute import free_threads, use_threads
    from midspan.inference import Sampling, load
    from midspan.inference.cursor import prompt_at_cursor, split_at_cursor

    prefix, suffix = split_at_cursor(place)
    use_threads(threads or free_threads())
    engine = load(model)
    sampling = Sampling(max_tokens=max_tokens, temperature=temperature, stop_at_suffix=True)
    print(engine.complete([prompt_at_cursor(engine, prefix, suffix)], sampling)[0].text)


def chat(
    question: Annotated[str | None, typer.Argument(help="One question; without it, a conversation.")] = None,
    model: ModelOption = DEFAULT_MODEL,
    max_tokens: Annotated[int, typer.Option(help="At most so many tokens an answer.")] = 256,
    temperature: Annotated[float, typer.Option(help="0: always the likeliest token.")] = 0.0,
    threads: ThreadsOption = None,
) -> None:
    """Talk with a model; an empty line or Ctrl-D ends it."""
    from midspan.compute import free_threads, use_threads
    from midspan.inference import Sampling, load
    from midspan.inference.conversation import converse

    use_threads(threads or free_threads())
    converse(load(model), Sampling(max_tokens=max_tokens, temperature=temperature), question)


def import_model(
    source: Annotated[str, typer.Argument(help="A GGUF file, an HF-layout directory, or a hub id (owner/name).")],
    directory: Annotated[Path, typer.Argument(help="Where to; replaced if it holds a model.")],
) -> None:
    """Write a released model in the HF layout: weights, tokenizer, licence and name."""
    from midspan.export import import_model as write

    write(source, directory)
