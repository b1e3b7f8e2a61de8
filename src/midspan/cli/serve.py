"""`midspan serve`: a model for editors, and the playground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from midspan.cli.models import DEFAULT_MODEL, MODEL_HELP, ThreadsOption


def serve(
    model: Annotated[Path, typer.Argument(help=MODEL_HELP)] = DEFAULT_MODEL,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    threads: ThreadsOption = None,
) -> None:
    """Serve a model to editors and open the playground at http://HOST:PORT/."""
    from midspan.serve import serve as serve_model

    serve_model(model, host=host, port=port, threads=threads)
