"""Text-to-SQL as Defog judges it (github.com/defog-ai/sql-eval): a question, a schema, a query whose result counts."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means, shares
from midspan.evaluate.data import rows_of
from midspan.evaluate.programs import ProgramSettings
from midspan.evaluate.sql.frames import Frame, asks_for_order, correct, strictly_equal
from midspan.evaluate.sql.questions import PROMPT, database_of, query_in, right_queries, schema_of
from midspan.evaluate.sql.run import results_of
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Completion, Plain
from midspan.step import Tools

CATEGORIES = ("date_functions", "group_by", "order_by", "ratio", "table_join", "instruct")
GROUPS = dict(zip(CATEGORIES, ("date", "group by", "order by", "ratio", "join", "where"), strict=True))


class Settings(ProgramSettings):
    """`data` are Defog's questions for SQLite (questions_gen_sqlite.csv), `databases` the folder defog_data."""

    data: str = "questions_gen_sqlite.csv"
    databases: str = "defog_data"
    max_tokens: int = 300


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each category, under the names of the published tables."""
    rows = rows_of(settings.data, ("question", "query", "db_name", "query_category"))
    folder, found = Path(settings.databases).expanduser(), []
    for number, row in enumerate(rows[: settings.first or None]):
        schema = schema_of(folder, row["db_name"])
        prompt = PROMPT.format(question=row["question"], instructions=row.get("instructions") or "", schema=schema)
        group = GROUPS.get(row["query_category"], str(row["query_category"]))
        name = f"{number} {row['db_name']}"
        found.append(Item(name, name, Plain(prompt), group, row["query"], (row, database_of(folder, row["db_name"]))))
    return found


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Each answer beside the queries that are right, on the same database."""
    with ThreadPoolExecutor(tools.workers) as pool:
        return list(pool.map(lambda item, answer: _verdict(item, answer, tools), items, answers))


def _verdict(item: Item, answer: Answer, tools: Tools) -> Verdict:
    assert isinstance(answer, Completion)
    row, database = item.source
    query, right = query_in(answer.text), right_queries(row["query"])
    found = results_of(tools.sandbox, database, [*right, query])
    wanted = [(one, text) for one, text in zip(found or [], right, strict=False) if isinstance(one, Frame)]
    if found is None or not wanted:
        return Verdict("not measured", "infra" if found is None else f"the right query fails: {found[0]}")
    told, ordered = found[-1], asks_for_order(row["query_category"], row["question"])
    if isinstance(told, str):
        return Verdict("failed", told, {"strict": 0.0})
    passed = any(correct(one, told, ordered, text, query) for one, text in wanted)
    strict = any(one.rows and strictly_equal(one, told, ordered) for one, _ in wanted)
    return Verdict("passed" if passed else "failed", "", {"strict": float(passed and strict)})


TEXT_TO_SQL = Benchmark(
    version=1,
    about="Text-to-SQL: a query answers a question on a database. It is right by Defog's rules if its result holds the "
    "wanted values; strictly, if it is the wanted result, in the order that is asked for.",
    settings=Settings,
    asks=dict.fromkeys(GROUPS.values(), frozenset({"plain"})),
    reads=(),
    items=items,
    grade=grade,
    scores=lambda of, verdicts: [*shares("right", of, verdicts), *means("right, strict", "strict", of, verdicts)],
    sampling=lambda settings, group: settings.sampling((";", "```\n")),
    always=False,
)
