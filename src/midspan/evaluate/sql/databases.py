"""Where queries run: on SQLite in the sandbox, or on a PostgreSQL server; and whether the questions fit there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.sql import sqlite
from midspan.evaluate.sql.dumps import sqlite_of
from midspan.evaluate.sql.frames import Frame
from midspan.evaluate.sql.questions import right_queries
from midspan.sandbox import Sandbox

# Of a dump's database, what each query gives, or what is wrong with it; None where that could not be found out.
ResultsOf = Callable[[Path, Sequence[str]], list[Frame | str] | None]

TRIED = 40  # questions whose right queries are run before a model is asked
MOST_BROKEN = 0.2  # of them, for the questions to be this dialect's; a third of PostgreSQL's fail on SQLite


@contextmanager
def opened(server: str, dumps: Sequence[Path], sandbox: Sandbox) -> Iterator[ResultsOf]:
    """The databases of these dumps, loaded afresh: their dates are reckoned from today. "" is SQLite.

    Raises UserError where there is no such server, and for a dump that does not load.
    """
    if server:
        try:
            from midspan.evaluate.sql import postgres
        except ImportError as error:
            raise UserError(
                f"text-to-sql.server {server} needs a driver: pip install 'midspan[postgres]' ({error})"
            ) from None
        with postgres.opened(server, dumps) as results_of:
            yield results_of
        return
    files = {dump: sqlite_of(dump.read_text(encoding="utf-8"), dump.stem) for dump in dumps}
    yield lambda dump, queries: sqlite.results_of(sandbox, files[dump], queries)


def check(data: str, rows: Sequence[Mapping[str, Any]], dumps: Sequence[Path], server: str) -> None:
    """Raises UserError where the questions are another server's: by their own word, or as their right queries fail."""
    dialect, other = ("postgres", '""') if server else ("sqlite", "postgres")
    advice = f"give the questions for {dialect}, or set text-to-sql.server to {other}"
    if told := {row["db_type"] for row in rows if row.get("db_type")} - {dialect}:
        raise UserError(f"{data}: these questions are for {', '.join(sorted(told))}; {advice}")
    some = list(zip(rows, dumps, strict=True))[:: 1 + len(rows) // TRIED]
    with opened(server, sorted({dump for _, dump in some}), Sandbox()) as results_of:
        found = [results_of(dump, right_queries(row["query"])) for row, dump in some]
    broken = [one[0] for one in found if one and not any(isinstance(result, Frame) for result in one)]
    if len(broken) > max(1, MOST_BROKEN * len(some)):
        raise UserError(f"{data}: {len(broken)} of {len(some)} right queries fail ({broken[0]}); {advice}")
