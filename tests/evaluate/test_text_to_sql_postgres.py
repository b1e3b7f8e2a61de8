"""Text-to-SQL on PostgreSQL: a server of our own or a given one, values, hostile queries, right queries, bad input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from math import isclose
from pathlib import Path
from threading import Thread

import pytest

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut, Verdict
from midspan.evaluate.benchmarks.text_to_sql import TEXT_TO_SQL, Settings
from midspan.evaluate.sql.databases import opened
from midspan.evaluate.sql.frames import Frame
from midspan.evaluate.sql.questions import dump_of, right_queries
from midspan.evaluate.sql.verdict import verdict_on
from midspan.evaluate.subject import Item
from midspan.inference import Completion
from midspan.sandbox import Sandbox
from midspan.step import Tools

psycopg = pytest.importorskip("psycopg", reason="the extra midspan[postgres] is not installed")
from midspan.evaluate.sql import postgres, postgres_server  # noqa: E402

DATA = Path(__file__).parents[3] / "shared" / "data"
PAPER, TODAY = str(DATA / "defog_data" / "2024-03"), str(DATA / "defog_data")
DUMP = """
CREATE SCHEMA shop;
CREATE TABLE shop.people (id SERIAL PRIMARY KEY, name text NOT NULL, born date, paid numeric(10,2), seen timestamp);
CREATE TABLE public.orders (id bigint REFERENCES shop.people(id), amount double precision, new boolean DEFAULT true);
INSERT INTO shop.people (name, born, paid, seen) VALUES
    ('Ann', CURRENT_DATE - INTERVAL '2 weeks', 10.50, DATE_TRUNC('month', NOW()) - INTERVAL '1 month'),
    ('Bob', '2001-02-03', NULL, '2024-01-02 03:04:05');
INSERT INTO orders (id, amount) VALUES (1, 2.5), (1, 'nan'), (2, 4);
"""
QUESTIONS = """question,query,db_name,query_category,instructions
"Who is there?","SELECT {name,id} FROM shop.people;",shop,group_by,""
"Born when?","SELECT name, born FROM shop.people WHERE born > CURRENT_DATE - INTERVAL '1 month';",shop,date_functions,""
"What share, by name?","SELECT name, id::float / sum(id) OVER () FROM shop.people ORDER BY name;",shop,order_by,""
"""
Ask = Callable[[str], Frame | str]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server that stands for the user's; skipped, with the reason, where none is installed."""
    try:
        server = postgres_server.own_server()
        found = server.__enter__()
    except UserError as reason:
        pytest.skip(str(reason))
    yield found
    server.__exit__(None, None, None)


def url_of(address: str, user: str = postgres_server.OWNER) -> str:
    return f"postgresql:///?host={psycopg.conninfo.conninfo_to_dict(address)['host']}&port=5432&user={user}"


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("databases") / "shop"
    folder.mkdir()
    (folder / "shop.sql").write_text(DUMP)
    column = {"column_name": "name", "data_type": "text", "column_description": ""}
    (folder / "shop.json").write_text(json.dumps({"table_metadata": {"shop.people": [column]}}))
    return folder / "shop.sql"


@pytest.fixture(scope="module")
def ask(address: str, dump: Path) -> Iterator[Ask]:
    """What one query gives, on a server of our own that gives each half a second."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(postgres.LIMITS, "statement_timeout", "500ms")
            results_of = stack.enter_context(postgres.opened("postgres", [dump]))
        yield lambda query: results_of(dump, [query])[0]


def settings_of(dump: Path, server: str = "postgres", questions: str = QUESTIONS) -> Settings:
    file = dump.with_name("questions.csv")
    file.write_text(questions)
    return Settings(data=str(file), databases=(str(dump.parents[1]),), server=server)


def judged(items: Sequence[Item], answers: Sequence[str], tools: Tools) -> list[Verdict]:
    return TEXT_TO_SQL.grade(items, [Completion(text, [], "stop", 0) for text in answers], tools)


def test_values_come_as_they_are_compared(ask: Ask) -> None:
    today = ask("SELECT CURRENT_DATE - 14")
    assert isinstance(today, Frame)
    people = ask("SELECT id, name, born, paid FROM shop.people ORDER BY id")
    born = today.rows[0][0]
    assert people == Frame(("id", "name", "born", "paid"), ((1, "Ann", born, 10.5), (2, "Bob", "2001-02-03", None)))
    assert ask("SELECT amount, new FROM orders ORDER BY 1") == Frame(
        ("amount", "new"), ((2.5, True), (4.0, True), (None, True))
    )
    odd = ask("SELECT seen, ARRAY[1,2], '{\"a\": 1}'::jsonb, '7 days'::interval, 'a%b' FROM shop.people WHERE id = 2")
    assert isinstance(odd, Frame)
    assert odd.rows == (("2024-01-02 03:04:05", "[1, 2]", "{'a': 1}", "7 days, 0:00:00", "a%b"),)
    assert hash(odd.rows)
    assert ask("SELECT random() < 2, clock_timestamp() > '2020-01-01', count(*) FROM shop.people") != ""


HOSTILE = {
    "DROP TABLE shop.people": "read-only",
    "DROP SCHEMA shop CASCADE": "read-only",
    "DELETE FROM shop.people": "read-only",
    "INSERT INTO orders VALUES (1, 1)": "read-only",
    "UPDATE shop.people SET name = 'x'": "read-only",
    "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone": "read-only",
    "TRUNCATE orders": "read-only",
    "CREATE TABLE mine (a int)": "read-only",
    "CREATE TEMP TABLE mine AS SELECT 1": "read-only",
    "CREATE TEMP TABLE mine (a int)": "read-only",
    "SELECT * INTO TEMP mine FROM orders": "read-only",
    "SELECT * FROM shop.people FOR UPDATE": "read-only",
    "COPY shop.people TO PROGRAM 'touch /tmp/midspan-was-here'": "must be superuser",
    "COPY (SELECT 1) TO '/tmp/midspan-was-here'": "must be superuser",
    "COPY orders FROM PROGRAM 'id'": "must be superuser",
    "SELECT pg_read_file('/etc/passwd')": "permission denied",
    "SELECT pg_ls_dir('/')": "permission denied",
    "SELECT lo_import('/etc/passwd')": "permission denied",
    "SELECT lo_from_bytea(0, 'x')": "permission denied",
    "SELECT pg_sleep(3600)": "permission denied",
    "SELECT pg_terminate_backend(pg_backend_pid())": "permission denied",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity": "permission denied",
    "SELECT pg_advisory_lock(i) FROM generate_series(1, 10000000) i": "permission denied",
    "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)) FROM generate_series(1, 100000)": "denied",
    "SELECT set_config('default_transaction_read_only', 'off', false)": "permission denied",
    "SET ROLE midspan": "permission denied",
    "SET SESSION AUTHORIZATION midspan": "permission denied",
    "SET default_transaction_read_only = off; DELETE FROM orders": "multiple commands",
    "COMMIT; DELETE FROM orders": "multiple commands",
    "BEGIN READ WRITE": "produce",
    "ALTER ROLE CURRENT_USER SET default_transaction_read_only = off": "read-only",
    "ALTER ROLE CURRENT_USER SUPERUSER": "must be superuser|read-only",
    "CREATE EXTENSION dblink": "read-only",
    "SELECT * FROM dblink('host=/tmp', 'SELECT 1') AS t(a int)": "does not exist",
    "DO $$ BEGIN DELETE FROM orders; END $$": "permission denied for language plpgsql",
    "LOAD '/tmp/x.so'": "not allowed",
    "SELECT rolpassword FROM pg_authid": "permission denied",
    "SELECT nextval('shop.people_id_seq')": "permission denied",
    "SELECT count(*) FROM generate_series(1, 1000000000) a, generate_series(1, 1000000000) b": "timeout",
    "SELECT repeat('x', 1000000000)": "out of memory",
    "SELECT repeat('x', 9000000)": "limit of output",
    "SELECT '\ud800'": "surrogates",
    "": "EMPTY",
    "SELEC": "syntax error",
    "\\! touch /tmp/midspan-was-here": "syntax error",
}


@pytest.mark.parametrize("query", HOSTILE)
def test_a_hostile_query_fails_and_changes_nothing(ask: Ask, query: str) -> None:
    told = ask(query)
    assert isinstance(told, str)
    assert re.search(HOSTILE[query], told), told
    row = {"question": "Who?", "query": "SELECT name FROM shop.people", "query_category": "group_by"}
    verdict = verdict_on(row, query.replace(";", " "), lambda queries: [ask(one) for one in queries])
    assert (verdict.outcome, verdict.values["strict"]) == ("failed", 0.0)
    there = (
        "SELECT (SELECT count(*) FROM shop.people), (SELECT count(*) FROM orders), (SELECT max(name) FROM shop.people)"
    )
    assert ask(there) == Frame(("count", "count", "max"), ((2, 3, "Bob"),))
    tables = ask("SELECT tablename FROM pg_tables WHERE schemaname !~ '^(pg_catalog|information_schema)$' ORDER BY 1")
    assert tables == Frame(("tablename",), (("orders",), ("people",)))
    assert not Path("/tmp/midspan-was-here").exists()


WRITES = [query for query, problem in HOSTILE.items() if problem == "read-only" and "CURRENT_USER" not in query]


@pytest.mark.parametrize("query", WRITES)
def test_what_sessions_may_not_write_by_default_their_role_may_not_either(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=off")
    told = ask(query)
    assert isinstance(told, str)
    assert re.search("permission denied|must be owner|must be superuser", told), told


def test_an_endless_result_is_cut(ask: Ask) -> None:
    told = ask("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
    assert isinstance(told, Frame)
    assert len(told.rows) == 20_000


def test_a_query_whose_server_fell_down_for_anothers_sake_is_asked_again(address: str, dump: Path) -> None:
    query, found = "SELECT count(*) FROM generate_series(1, 5000000)", []
    running = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%5000000)' AND pid <> pg_backend_pid()"
    with postgres.opened(url_of(address), [dump]) as results_of:
        slow = Thread(target=lambda: found.append(results_of(dump, [query])))
        slow.start()
        with psycopg.connect(address, autocommit=True) as admin:
            while (row := admin.execute(running).fetchone()) is None:
                assert slow.is_alive()
        os.kill(row[0], signal.SIGKILL)
        slow.join()
    assert found == [[Frame(("count",), ((5_000_000,),))]]


def test_a_given_server_is_left_as_it_was_and_its_password_is_none_of_a_settings(
    address: str, dump: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("CREATE ROLE weak LOGIN")
        admin.execute("CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'right'")
        hba = Path(admin.execute("SHOW hba_file").fetchone()[0])
        hba.write_text("local all locked scram-sha-256\nlocal all all trust\n")
        admin.execute("SELECT pg_reload_conf()")
        monkeypatch.setenv("PGPASSWORD", "wrong")
        with pytest.raises(UserError, match="password authentication failed"):
            TEXT_TO_SQL.items(settings_of(dump, url_of(address, "locked")), HeldOut(0))
        with pytest.raises(UserError, match="weak is no superuser"):
            TEXT_TO_SQL.items(settings_of(dump, url_of(address, "weak")), HeldOut(0))
        with pytest.raises(UserError, match="give it in PGPASSWORD"):
            TEXT_TO_SQL.items(settings_of(dump, url_of(address, "locked") + "&password=right"), HeldOut(0))
        monkeypatch.setenv("PGPASSWORD", "right")
        items = TEXT_TO_SQL.items(settings_of(dump, url_of(address, "locked")), HeldOut(0))
        (one, *_) = judged(items[:1], ["SELECT id FROM shop.people"], tools)
        assert one.outcome == "passed"
        left = "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles WHERE rolname LIKE 'midspan%'"
        assert {name for (name,) in admin.execute(left)} == {"postgres", "template0", "template1", "midspan"}


WAITS = """
import sys, time
from midspan.evaluate.sql.postgres_server import own_server
with own_server() as address:
    print(address, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_however_a_process_ends_its_server_ends_and_leaves_nothing(address: str, way: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        own = process.stdout.readline().strip()
        folder = Path(psycopg.conninfo.conninfo_to_dict(own)["host"])
        server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        assert folder.stat().st_mode & 0o777 == 0o700
        assert os.geteuid() != 0 or Path(f"/proc/{server}").stat().st_uid != 0
        process.send_signal(way)
        until = time.monotonic() + 20
        while (folder.exists() or Path(f"/proc/{server}").exists()) and time.monotonic() < until:
            time.sleep(0.05)
        assert not folder.exists()
        assert not Path(f"/proc/{server}").exists()


def test_both_servers_give_the_same_verdicts(sandbox: Sandbox, address: str, dump: Path, tools: Tools) -> None:
    for_sqlite = QUESTIONS.replace("shop.people", "people").replace("id::float", "id * 1.0")
    for_sqlite = for_sqlite.replace("CURRENT_DATE - INTERVAL '1 month'", "date('now', '-1 month')")
    there = TEXT_TO_SQL.items(settings_of(dump, url_of(address)), HeldOut(0))
    here = TEXT_TO_SQL.items(settings_of(dump, "", for_sqlite), HeldOut(0))
    right = [[right_queries(item.expected)[-1] for item in items] for items in (there, here)]
    wrong = ["SELECT 1", "SELECT name FROM nowhere", "SELECT 1/0"]
    for answers, outcome in ((right, "passed"), ([wrong, wrong], "failed")):
        verdicts = [judged(items, texts, tools) for items, texts in zip((there, here), answers, strict=True)]
        assert [[one.outcome for one in found] for found in verdicts] == [[outcome] * 3] * 2
        assert [[one.values["strict"] for one in found] for found in verdicts] == [[float(outcome == "passed")] * 3] * 2


def tables_of(dumps: Sequence[Path], sandbox: Sandbox, address: str) -> Iterator[tuple[str, Frame, Frame]]:
    """Every table as PostgreSQL has it, and as SQLite has it."""
    listed = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_catalog|information_schema)$'"
    with opened(url_of(address), dumps, sandbox) as there, opened("", dumps, sandbox) as here:
        for dump in dumps:
            (names,) = there(dump, [listed]) or ()
            assert isinstance(names, Frame)
            ours = there(dump, [f"SELECT * FROM {schema}.{table}" for schema, table in names.rows]) or ()
            theirs = here(dump, [f"SELECT * FROM {table}" for _, table in names.rows]) or ()
            for (_, table), one, other in zip(names.rows, ours, theirs, strict=True):
                assert isinstance(one, Frame)
                assert isinstance(other, Frame)
                yield f"{dump.stem}.{table}", one, other


def alike(one: object, other: object) -> bool:
    """Equal, or moments of two loads that are not a minute apart, also as a number."""
    if isinstance(one, str) and isinstance(other, str) and re.match(r"\d{4}-\d\d-\d\d \d\d:", one):
        return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)).total_seconds() < 60
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-6)
    return one == other


def differing(tables: Iterator[tuple[str, Frame, Frame]]) -> tuple[int, set[str]]:
    """How many tables there are, and the columns that are not the same on both."""
    count, found = 0, set()
    for table, one, other in tables:
        count += 1
        assert len(one.rows) == len(other.rows) > 0, table
        for index, name in enumerate(one.columns):
            if not all(map(alike, one.column(index), other.column(index))):
                found.add(f"{table}.{name}")
    return count, found


def test_a_dump_is_the_same_database_on_both(sandbox: Sandbox, address: str, tmp_path: Path) -> None:
    file = tmp_path / "all.sql"
    moments = (
        *("CURRENT_DATE - INTERVAL '3 weeks'", "NOW() - INTERVAL '2 days' + INTERVAL '15 min'", "'2024-05-06'"),
        *("DATE_TRUNC('month', CURRENT_DATE) - INTERVAL '5 months'", "DATE_TRUNC('week', NOW())", "CURRENT_DATE"),
        *("NOW() - INTERVAL '1 year'", "CURRENT_TIMESTAMP", "NULL", "'2024-05-06 07:08:09'"),
    )
    rows = ", ".join(f"({moment}, {moment})" for moment in moments)
    columns = "a date, b timestamp, c timestamp DEFAULT now(), d int DEFAULT 3, e text DEFAULT 'x', f serial"
    file.write_text(f"CREATE TABLE t ({columns}); INSERT INTO t (a, b) VALUES {rows};")
    assert differing(tables_of([file], sandbox, address)) == (1, set())


def test_every_dump_of_defogs_is_the_same_database_on_both(sandbox: Sandbox, address: str) -> None:
    dumps = sorted(Path(TODAY).glob("[a-z]*/*.sql"))
    if not dumps:
        pytest.skip(f"{TODAY} is not here")
    # PostgreSQL's to_char knows no %Y; SQLite's copy has what was meant
    assert differing(tables_of(dumps, sandbox, address)) == (110, {"broker.sbtransaction.sbtxsettlementdatestr"})


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        ("postgresql://nobody@127.0.0.1:1/x", "Connection refused"),
        ("postgresql:///?host=/nowhere", "No such file"),
        ("mysql://x", "give postgres, or postgresql://USER@HOST"),
        ("sqlite", "give postgres, or postgresql://USER@HOST"),
    ],
)
def test_a_server_that_is_not_there_is_said_in_one_line(dump: Path, server: str, problem: str) -> None:
    with pytest.raises(UserError) as refused:
        TEXT_TO_SQL.items(settings_of(dump, server), HeldOut(0))
    assert problem in str(refused.value)
    assert "text-to-sql.server" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_without_postgresql_or_its_driver_the_package_is_named(
    dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get install postgresql"):
        TEXT_TO_SQL.items(settings_of(dump), HeldOut(0))
    monkeypatch.setitem(sys.modules, "midspan.evaluate.sql.postgres", None)
    monkeypatch.delattr("midspan.evaluate.sql.postgres")
    with pytest.raises(UserError, match=r"pip install 'midspan\[postgres\]'"):
        TEXT_TO_SQL.items(settings_of(dump), HeldOut(0))


def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setitem(postgres_server.SETTINGS, "shared_buffers", "1000TB")
    with pytest.raises(UserError, match=r"PostgreSQL does not start in .*shared_buffers"), postgres_server.own_server():
        pass


@pytest.mark.parametrize("text", ["CREATE TABLE t (a int); CREATE TABLE t (a int);", "\\connect x", "COPY t FROM '/x'"])
def test_a_dump_that_does_not_load_is_named(address: str, tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.sql"
    file.write_text(text)
    with (
        pytest.raises(UserError, match=r"bad\.sql: PostgreSQL does not take it \(.+\)$"),
        postgres.opened(url_of(address), [file]),
    ):
        pass
    with psycopg.connect(address) as admin:
        assert admin.execute("SELECT count(*) FROM pg_database").fetchone() == (3,)


def test_a_dump_is_no_superusers_program(address: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.sql"
    file.write_text("COPY (SELECT 1) TO PROGRAM 'touch /tmp/midspan-was-here'")
    with pytest.raises(UserError, match="must be superuser"), postgres.opened(url_of(address), [file]):
        pass
    assert not Path("/tmp/midspan-was-here").exists()


def test_of_several_folders_the_first_that_has_a_database_counts(tmp_path: Path) -> None:
    for place, name in (("new", "a"), ("old", "a"), ("old", "b")):
        folder = tmp_path / place / name
        folder.mkdir(parents=True)
        for suffix in (".sql", ".json"):
            (folder / f"{name}{suffix}").write_text("")
    folders = (str(tmp_path / "new"), str(tmp_path / "old"))
    assert dump_of(folders, "a") == tmp_path / "new" / "a" / "a.sql"
    assert dump_of(folders, "b") == tmp_path / "old" / "b" / "b.sql"
    with pytest.raises(UserError, match=rf"no c/c\.sql with its \.json in {folders[0]}, {folders[1]}; .*defog_data"):
        dump_of(folders, "c")


@pytest.mark.parametrize(("server", "told"), [("", "postgres"), ("postgres", "sqlite")])
def test_questions_of_another_server_are_refused_by_their_own_word(dump: Path, server: str, told: str) -> None:
    typed = QUESTIONS.replace(',""', f',"",{told}').replace("instructions", "instructions,db_type")
    with pytest.raises(UserError, match=f"these questions are for {told}; give the questions for .*, or set"):
        TEXT_TO_SQL.items(settings_of(dump, server, typed), HeldOut(0))


def test_questions_of_another_server_are_refused_as_their_queries_fail(sandbox: Sandbox, dump: Path) -> None:
    with pytest.raises(
        UserError, match=r"3 of 3 right queries fail \(no such table: shop.people\); .*server to postgres"
    ):
        TEXT_TO_SQL.items(settings_of(dump, ""), HeldOut(0))


@pytest.mark.parametrize(
    ("file", "folders", "questions", "queries"),
    [
        ("2024-03-19/questions_gen_postgres.csv", (PAPER, TODAY), 200, 329),
        ("questions_gen_postgres.csv", (TODAY,), 210, 367),
        ("instruct_basic_postgres.csv", (TODAY,), 40, 41),
    ],
)
def test_every_right_query_is_right_by_both_rules(
    address: str, tools: Tools, file: str, folders: tuple[str, ...], questions: int, queries: int
) -> None:
    if not (DATA / "sql_eval" / file).exists():
        pytest.skip(f"{DATA / 'sql_eval' / file} is not here")
    settings = Settings(data=str(DATA / "sql_eval" / file), databases=folders, server=url_of(address))
    items = TEXT_TO_SQL.items(settings, HeldOut(0))
    assert len(items) == questions
    asked = [(item, query) for item in items for query in right_queries(item.expected)]
    assert len(asked) == queries
    verdicts = judged([item for item, _ in asked], [query for _, query in asked], tools)
    assert {(one.outcome, one.values.get("strict")) for one in verdicts} == {("passed", 1.0)}


@pytest.mark.parametrize("file", ["questions_gen_postgres.csv", "instruct_basic_postgres.csv"])
def test_questions_for_sqlite_are_refused_where_they_are_postgresqls(sandbox: Sandbox, file: str) -> None:
    if not (DATA / "sql_eval" / file).exists():
        pytest.skip(f"{DATA / 'sql_eval' / file} is not here")
    settings = Settings(data=str(DATA / "sql_eval" / file), databases=(TODAY,))
    with pytest.raises(UserError, match=r"right queries fail .* set text-to-sql.server to postgres"):
        TEXT_TO_SQL.items(settings, HeldOut(0))
