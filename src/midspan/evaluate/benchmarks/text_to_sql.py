"""Text-to-SQL as Defog judges it (github.com/defog-ai/sql-eval): a question, a schema, a query whose result counts."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means, shares
from midspan.evaluate.data import rows_of
from midspan.evaluate.programs import ProgramSettings
from midspan.evaluate.sql.databases import check, opened
from midspan.evaluate.sql.questions import PROMPT, dump_of, schema_of
from midspan.evaluate.sql.verdict import verdict_on
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Completion, Plain
from midspan.progress import progress
from midspan.step import Tools

CATEGORIES = ("date_functions", "group_by", "order_by", "ratio", "table_join", "instruct")
GROUPS = dict(zip(CATEGORIES, ("date", "group by", "order by", "ratio", "join", "where"), strict=True))


class Settings(ProgramSettings):
    """`data` are Defog's questions, `databases` folders like defog_data, of which the first that has a database counts.

    `server` is "" for SQLite, `postgres` for a server of our own, or the address of one: postgresql://USER@HOST.
    """

    data: str = "questions_gen_sqlite.csv"
    databases: tuple[str, ...] = ("defog_data",)
    server: str = ""
    max_tokens: int = 300


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each category, under the names of the published tables."""
    rows = rows_of(settings.data, ("question", "query", "db_name", "query_category"))[: settings.first or None]
    dumps, found = [dump_of(settings.databases, row["db_name"]) for row in rows], []
    check(settings.data, rows, dumps, settings.server)
    for number, (row, dump) in enumerate(zip(rows, dumps, strict=True)):
        schema, instructions = schema_of(dump.with_suffix(".json")), row.get("instructions") or ""
        prompt = PROMPT.format(question=row["question"], instructions=instructions, schema=schema)
        name, group = f"{number} {row['db_name']}", GROUPS.get(row["query_category"], str(row["query_category"]))
        found.append(Item(name, name, Plain(prompt), group, row["query"], (row, dump, settings.server)))
    return found


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Each answer beside the queries that are right, on the same database."""

    def judged(item: Item, answer: Answer) -> Verdict:
        assert isinstance(answer, Completion)
        row, dump, _ = item.source
        return verdict_on(row, answer.text, lambda queries: results_of(dump, queries))

    server, dumps, verdicts = next((item.source[2] for item in items), ""), {item.source[1] for item in items}, []
    with (
        opened(server, sorted(dumps), tools.sandbox) as results_of,
        ThreadPoolExecutor(tools.workers) as pool,
        progress("queries", len(items), "questions") as line,
    ):
        for verdict in pool.map(judged, items, answers):
            verdicts.append(verdict)
            line.update(len(verdicts))
    return verdicts


TEXT_TO_SQL = Benchmark(
    version=2,
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
