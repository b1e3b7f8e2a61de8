"""Queries on SQLite: run in the sandbox, on a database that they can only read."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from midspan.evaluate.sql.frames import Frame
from midspan.sandbox import Policy, Sandbox, interpreter

POLICY = Policy(cpu_seconds=10.0, wall_seconds=30.0, memory_mb=512, processes=8, file_mb=16, output_kb=8 << 10)
MOST_ROWS = 20_000
RUNNER = f"""
import sqlite3, sys
connection = sqlite3.connect("file:/box/database?mode=ro&immutable=1", uri=True)
for query in sys.stdin.read().split("\\0"):
    try:
        cursor = connection.execute(query)
        rows = cursor.fetchmany({MOST_ROWS})
        print(ascii(([one[0] for one in cursor.description or ()], rows)), flush=True)
    except Exception as error:
        print(ascii(str(error)), flush=True)
"""


def results_of(sandbox: Sandbox, database: bytes, queries: Sequence[str]) -> list[Frame | str] | None:
    """The result of each query, or what is wrong with it; None where the sandbox failed."""
    files: dict[str, str | bytes] = {"main.py": RUNNER, "database": database}
    command = [interpreter(), "-s", "-S", "-B", "main.py"]
    outcome = sandbox.run(files, command, "\0".join(query.replace("\0", "") for query in queries), POLICY)
    if outcome.status == "infra":
        return None
    lines = outcome.stdout.splitlines()[: len(queries)]
    found = [_result(line) for line in lines]
    why = f"it was stopped at its limit of {outcome.killed_by}" if outcome.killed_by else "it ended the program"
    return [*found, *[why] * (len(queries) - len(found))]


def _result(line: str) -> Frame | str:
    try:
        value: Any = ast.literal_eval(line)
    except (ValueError, SyntaxError):
        return "its result cannot be read"
    return value if isinstance(value, str) else Frame(tuple(value[0]), tuple(map(tuple, value[1])))
