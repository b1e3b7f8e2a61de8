"""Text-to-SQL: dumps as SQLite has them, queries that do no harm, results compared by Defog's rules and strictly."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut, Verdict
from midspan.evaluate.benchmarks.text_to_sql import TEXT_TO_SQL, Settings
from midspan.evaluate.sql.dumps import sqlite_of
from midspan.evaluate.sql.frames import Frame, asks_for_order, correct, strictly_equal
from midspan.evaluate.sql.questions import query_in, right_queries
from midspan.evaluate.sql.sqlite import results_of
from midspan.inference import Completion
from midspan.recipe import Runtime
from midspan.sandbox import Sandbox
from midspan.step import Tools

DATA = Path(__file__).parents[3] / "shared" / "data"
DUMP = """
CREATE SCHEMA IF NOT EXISTS shop;
CREATE TABLE shop.users (
    id SERIAL PRIMARY KEY, name text DEFAULT ''::text NOT NULL, born date, seen timestamp,
    "limit" numeric(10,2) CHECK ("limit" > 0)
);
CREATE TABLE public.orders (id bigint REFERENCES shop.users(id), amount double precision, at timestamp DEFAULT now());
/* people */
INSERT INTO shop.users (name, born, seen, "limit") VALUES
    ('Ann', CURRENT_DATE - INTERVAL '2 days', NOW() - INTERVAL '1 hour', 10.5),
    ('Bob', '2001-02-03', DATE_TRUNC('month', CURRENT_TIMESTAMP) - INTERVAL '1 month' + INTERVAL '2 days', 3);
INSERT INTO orders (id, amount, at) VALUES (1, 2.5, CURRENT_TIMESTAMP), (1, 4, CURRENT_TIMESTAMP),
    (2, EXTRACT(YEAR FROM CURRENT_DATE), NULL);
"""


@pytest.fixture(scope="module")
def database() -> bytes:
    return sqlite_of(DUMP, "shop")


def asked(database: bytes, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(database)
    return connection.execute(query).fetchall()


def test_a_dump_has_its_rows_in_sqlite(database: bytes) -> None:
    assert asked(database, "SELECT id, name FROM users ORDER BY id") == [(1, "Ann"), (2, "Bob")]
    assert asked(database, 'SELECT sum("limit") FROM users') == [(13.5,)]
    assert asked(database, "SELECT count(*) FROM orders WHERE amount < 5") == [(2,)]


def test_dates_that_are_reckoned_from_today_are(database: bytes) -> None:
    assert asked(database, "SELECT born = date('now', '-2 days') FROM users WHERE id = 1") == [(1,)]
    assert asked(database, "SELECT julianday('now') - julianday(seen) < 0.05 FROM users WHERE id = 1") == [(1,)]
    month = "seen = datetime('now', 'start of month', '-1 month', '+2 days')"
    assert asked(database, f"SELECT {month} FROM users WHERE id = 2") == [(1,)]
    assert asked(database, "SELECT amount = strftime('%Y', 'now') + 0 FROM orders WHERE id = 2") == [(1,)]


def test_a_dump_that_sqlite_does_not_take_says_which_statement() -> None:
    with pytest.raises(UserError, match=r"x: SQLite does not take 'CREATE TABLE t .*already exists"):
        sqlite_of("CREATE TABLE t (a int); CREATE TABLE t (a int);", "x")
    with pytest.raises(UserError, match=r"x: SQLite does not take .*INTERVAL .*fortnight"):
        sqlite_of("SELECT NOW() - INTERVAL '1 fortnight'", "x")


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("SELECT a FROM t;", ["SELECT a FROM t"]),
        ("SELECT a FROM t; SELECT b FROM t;", ["SELECT a FROM t", "SELECT b FROM t"]),
        ("SELECT {a,b} FROM t;", ["SELECT a FROM t", "SELECT b FROM t", "SELECT a, b FROM t"]),
        (
            "SELECT {a, b}, n FROM t GROUP BY {};",
            ["SELECT a, n FROM t GROUP BY a", "SELECT b, n FROM t GROUP BY b", "SELECT a, b, n FROM t GROUP BY a, b"],
        ),
    ],
)
def test_every_choice_of_columns_is_right(text: str, queries: list[str]) -> None:
    assert right_queries(text) == queries


@pytest.mark.parametrize(
    ("answer", "query"),
    [
        (" SELECT 1; and more", "SELECT 1"),
        ("Here:\n```sql\nSELECT 1\n```\nso", "SELECT 1"),
        ("SELECT 1\n```", "SELECT 1"),
        ("", ""),
    ],
)
def test_the_query_is_taken_out_of_the_answer(answer: str, query: str) -> None:
    assert query_in(answer) == query


AB = Frame(("a", "b"), ((1, "x"), (2, "y")))


@pytest.mark.parametrize(
    ("wanted", "told", "ordered", "queries", "right", "strict"),
    [
        (AB, AB, False, ("", ""), True, True),
        (AB, Frame(("c", "d"), AB.rows), True, ("", ""), True, True),
        (AB, Frame(("a", "b"), ((2, "y"), (1, "x"))), False, ("", ""), True, True),
        (AB, Frame(("b", "a"), (("x", 1), ("y", 2))), False, ("", ""), True, True),
        # a column too many, and another name
        (AB, Frame(("z", "q", "b"), ((1, 7, "x"), (2, 8, "y"))), False, ("", ""), True, False),
        # duplicates are forgiven, strictly not
        (AB, Frame(("a", "b"), ((1, "x"), (2, "y"), (1, "x"))), False, ("", ""), True, False),
        # in another order than was asked for: by the text of the query it is right, strictly not
        (AB, Frame(("a", "b"), ((2, "y"), (1, "x"))), True, ("ORDER BY a", "ORDER BY t.a ASC"), False, False),
        (AB, Frame(("a", "b"), ((2, "y"), (1, "x"))), True, ("ORDER BY a DESC", "ORDER BY t.a"), True, False),
        (AB, Frame(("a", "b"), ((1, "x"), (2, "z"))), False, ("", ""), False, False),
        (AB, Frame(("a",), ((1,), (2,))), False, ("", ""), False, False),
        (AB, Frame(("a", "b"), ()), False, ("", ""), False, False),
        (Frame(("a",), ((None,), (1,))), Frame(("z",), ((1,), (None,))), False, ("", ""), True, True),
        (Frame(("a",), ((1,), ("x",))), Frame(("a",), (("x",), (1,))), False, ("", ""), True, True),
        (Frame(("a",), ((1,),)), Frame(("a",), ((1.0,),)), False, ("", ""), True, True),
        (Frame(("a",), ()), Frame(("b",), ()), False, ("", ""), True, True),
        # a ratio in another precision, also beside another column; but not another number
        (Frame(("a",), ((2 / 3,),)), Frame(("z",), ((0.6666667,),)), False, ("", ""), True, False),
        (Frame(("a", "n"), ((2 / 3, "x"),)), Frame(("z", "n"), ((0.6666667, "x"),)), False, ("", ""), True, False),
        (Frame(("a",), ((2 / 3,),)), Frame(("z",), ((0.667,),)), False, ("", ""), False, False),
    ],
)
def test_results_are_compared_by_both_rules(
    wanted: Frame, told: Frame, ordered: bool, queries: tuple[str, str], right: bool, strict: bool
) -> None:
    assert correct(wanted, told, ordered, *queries) == right
    assert strictly_equal(wanted, told, ordered) == strict


def test_order_is_asked_for_by_category_or_in_words() -> None:
    assert asks_for_order("order_by", "Which?")
    assert asks_for_order("ratio", "List them, sorted by name")
    assert not asks_for_order("ratio", "Which is it?")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("DROP TABLE users", "readonly"),
        ("DELETE FROM users", "readonly"),
        ("SELECT load_extension('x')", "not authorized"),
        ("ATTACH '/etc/passwd' AS x", ""),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELEC", "syntax error"),
        ("", ""),
        ("SELECT zeroblob(1000000000)", ""),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "limit|20000|^$"),
    ],
)
def test_a_hostile_query_harms_nothing_and_the_others_have_their_results(
    sandbox: Sandbox, database: bytes, query: str, problem: str
) -> None:
    first, told = results_of(sandbox, database, ["SELECT count(*) FROM users", query]) or ["", ""]
    assert first == Frame(("count(*)",), ((2,),))
    if isinstance(told, str) and problem:
        assert re.search(problem, told)
    assert results_of(sandbox, database, ["SELECT name FROM users"]) == [Frame(("name",), (("Ann",), ("Bob",)))]


@pytest.fixture
def questions(tmp_path: Path) -> Settings:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "shop.sql").write_text(DUMP)
    column = {"column_name": "name", "data_type": "text", "column_description": "of a person"}
    (tmp_path / "shop" / "shop.json").write_text(json.dumps({"table_metadata": {"users": [column]}}))
    rows = [
        '"Who is there?","SELECT {name,id} FROM users;",shop,group_by,""',
        '"What is broken?","SELECT a FROM nowhere;",shop,ratio,""',
    ]
    (tmp_path / "questions.csv").write_text("question,query,db_name,query_category,instructions\n" + "\n".join(rows))
    return Settings(data=str(tmp_path / "questions.csv"), databases=(str(tmp_path),))


def judged(settings: Settings, *answers: str) -> list[Verdict]:
    items = TEXT_TO_SQL.items(settings, HeldOut(0))
    completions = [Completion(text, [], "stop", 0) for text in answers]
    return TEXT_TO_SQL.grade(items, completions, Tools(Runtime(workers=2)))


def test_questions_are_asked_with_their_schema_and_broken_ones_are_not_measured(
    sandbox: Sandbox, questions: Settings
) -> None:
    prompt = TEXT_TO_SQL.items(questions, HeldOut(0))[0].prompt
    assert "CREATE TABLE users (\n  name text, --of a person\n);" in prompt.text  # type: ignore[union-attr]
    right, broken = judged(questions, " SELECT id FROM users", "SELECT 1")
    assert (right.outcome, right.values["strict"]) == ("passed", 1.0)
    assert broken.outcome == "not measured"
    assert "no such table: nowhere" in broken.detail
    wrong, _ = judged(questions, "SELECT born FROM users", "SELECT 1")
    assert wrong.outcome == "failed"


def test_a_folder_without_databases_is_refused(questions: Settings, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"text-to-sql\.databases is the folder defog_data"):
        TEXT_TO_SQL.items(questions.model_copy(update={"databases": (str(tmp_path / "none"),)}), HeldOut(0))


@pytest.mark.parametrize("file", ["questions_gen_sqlite.csv", "instruct_basic_sqlite.csv"])
def test_every_right_query_is_right_by_both_rules(sandbox: Sandbox, file: str) -> None:
    if not (DATA / "sql_eval" / file).exists():
        pytest.skip(f"{DATA / 'sql_eval' / file} is not here")
    settings = Settings(data=str(DATA / "sql_eval" / file), databases=(str(DATA / "defog_data"),))
    items = TEXT_TO_SQL.items(settings, HeldOut(0))
    verdicts = judged(settings, *(right_queries(item.expected)[0] for item in items))
    assert {(one.outcome, one.values["strict"]) for one in verdicts} == {("passed", 1.0)}
