"""Defog's questions: the queries that count as right, and the schema as a model reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.files import read_json

BRACES = re.compile(r"\{([^{}]+)\}")
# The prompt of sql-eval as it was in March 2024, when the scores of Stable Code Instruct were published.
PROMPT = """### Task
Generate a SQL query to answer [QUESTION]{question}[/QUESTION]
{instructions}

### Database Schema
The query will run on a database with the following schema:
{schema}

### Answer
Given the database schema, here is the SQL query that answers [QUESTION]{question}[/QUESTION]
[SQL]
"""


def right_queries(text: str) -> list[str]:
    """Every query that counts as right: one after each semicolon, and of {a,b,c} every choice of its columns."""
    found = []
    for query in filter(None, map(str.strip, text.split(";"))):
        braces = BRACES.search(query)
        columns = [one.strip() for one in braces[1].split(",")] if braces else []
        if braces is None:
            found.append(query)
        for count in range(1, len(columns) + 1):
            for chosen in combinations(columns, count):
                listed = ", ".join(chosen)
                found.append(query.replace(braces[0], listed).replace("{}", listed) if braces else query)
    return found


def query_in(answer: str) -> str:
    """The query that an answer has: after "```sql" where that is, and up to its semicolon."""
    return (answer.partition("```sql")[2] or answer).partition(";")[0].partition("```")[0].strip()


@cache
def schema_of(metadata: Path) -> str:
    """The tables of a database as CREATE TABLE statements, with what its columns mean."""
    described: dict[str, list[dict[str, Any]]] = read_json(metadata)["table_metadata"]
    tables = []
    for table, columns in described.items():
        lines = []
        for column in columns:
            meaning = f" --{column['column_description']}" if column["column_description"] else ""
            lines.append(f"  {column['column_name']} {column['data_type']},{meaning}")
        tables.append(f"CREATE TABLE {table} (\n" + "\n".join(lines) + "\n);")
    return "\n".join(tables)


def dump_of(folders: Sequence[str], database: str) -> Path:
    """The dump of a database, its description (.json) beside it, in the first folder that has it; else a UserError."""
    for folder in folders:
        dump = Path(folder).expanduser() / database / f"{database}.sql"
        if dump.is_file() and dump.with_suffix(".json").is_file():
            return dump
    raise UserError(
        f"no {database}/{database}.sql with its .json in {', '.join(folders)}; text-to-sql.databases is the folder "
        "defog_data of github.com/defog-ai/defog-data"
    )
