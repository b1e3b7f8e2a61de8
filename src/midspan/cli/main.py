"""The `midspan` command: one verb per step, no logic. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

import errno
import io
import os
import sys

import typer

from midspan.cli import corpus, evaluate, models, serve, train
from midspan.errors import UserError

app = typer.Typer(
    help="Raw repositories in, a code model in your editor out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
VERBS = (train.run, train.train, train.report, models.complete, models.chat, serve.serve)
for verb in (*VERBS, evaluate.evaluate, evaluate.compare, evaluate.systems, evaluate.export_evaluation):
    app.command()(verb)
app.command("import")(models.import_model)
app.add_typer(corpus.app, name="corpus")


def main() -> None:
    """Run the command line: user mistakes are one line on standard error and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a character shows that it cannot
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
