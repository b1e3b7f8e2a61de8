"""Queries on a PostgreSQL server: each in a session of its own, as a role that can read one database and do no more."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from midspan.errors import UserError
from midspan.evaluate.sql.frames import Frame
from midspan.evaluate.sql.postgres_server import connected, own_server
from midspan.evaluate.sql.sqlite import MOST_ROWS
from midspan.progress import progress, say

OWN = "postgres"
MOST_TEXT = 8 << 20  # characters of a result
PATIENCE = 10.0  # seconds that a server may need to come back
ATTEMPTS = 3
LIMITS = {  # of a query
    "default_transaction_read_only": "on",
    "statement_timeout": "10s",
    "temp_file_limit": "256MB",
    "work_mem": "16MB",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}
# Functions that do something: end sessions, sleep, lock, change settings, write large objects, logs or queues.
DOING = """SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v' AND prokind = 'f' AND proname <> ALL (
    '{random,random_normal,setseed,clock_timestamp,timeofday,gen_random_uuid,uuidv4,uuidv7,array_sample,array_shuffle}')"""


@contextmanager
def opened(server: str, dumps: Sequence[Path]) -> Iterator[Any]:
    """Every dump in a database of its own, on a server of our own or on one that is there; removed at the end.

    Raises UserError for a server that is not there or lets us not make roles, and for a dump that it does not take.
    """
    with own_server() if server == OWN else nullcontext(_address(server)) as address:
        _check(server, address)
        prefix, password = f"midspan_{secrets.token_hex(4)}", secrets.token_hex(16)
        loader, reader, template = f"{prefix}_loader", f"{prefix}_reader", f"{prefix}_template"
        names = {dump: f"{prefix}_{number}" for number, dump in enumerate(dumps)}
        try:
            _prepare(address, loader, reader, template, password)
            with progress("databases", len(dumps), "dumps") as line:
                for dump, name in names.items():
                    _load(address, dump, name, template, loader, password)
                    line.update(line.done + 1)
            places = {
                dump: make_conninfo(address, dbname=name, user=reader, password=password)
                for dump, name in names.items()
            }
            yield lambda dump, queries: _results_of(places[dump], queries)
        except psycopg.Error as error:
            raise UserError(f"text-to-sql.server {server}: {_line(error)}") from None
        finally:
            _remove(address, [*names.values(), template], [loader, reader])


def _address(server: str) -> str:
    """What the user has given, as libpq reads it. A password is none of a setting's, which is written into results."""
    try:
        given = conninfo_to_dict(server)
    except psycopg.Error as error:
        raise UserError(
            f"text-to-sql.server {server}: {_line(error)}; give postgres, or postgresql://USER@HOST"
        ) from None
    if "password" in given:
        raise UserError("text-to-sql.server has a password, and settings are kept: give it in PGPASSWORD")
    usual = {"dbname": "postgres", "connect_timeout": "10"}
    return make_conninfo(server, **{name: value for name, value in usual.items() if name not in given})


def _check(server: str, address: str) -> None:
    """Whether we are let in, as one who may make roles."""
    try:
        with psycopg.connect(address) as admin:
            told = admin.execute("SELECT current_setting('is_superuser'), current_user").fetchone()
    except psycopg.Error as error:
        raise UserError(f"text-to-sql.server {server}: {_line(error)}") from None
    if told and told[0] != "on":
        why = f"{told[1]} is no superuser, and only one makes roles that can only read"
        raise UserError(f"text-to-sql.server {server}: {why}")


def _prepare(address: str, loader: str, reader: str, template: str, password: str) -> None:
    """Two roles, and a template: what the one that loads puts into its copies, the other can read, and nothing else."""
    with psycopg.connect(address, autocommit=True) as admin:
        for role in (loader, reader):
            admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
            admin.execute(f"ALTER ROLE {role} SET timezone = 'UTC'")
        for name, value in LIMITS.items():
            admin.execute(f"ALTER ROLE {reader} SET {name} = '{value}'")
        admin.execute(f"CREATE DATABASE {template} TEMPLATE template0 ENCODING 'UTF8'")
    with psycopg.connect(address, dbname=template, autocommit=True) as admin:
        doing = (admin.execute(DOING).fetchone() or ("",))[0]
        for what in (f"EXECUTE ON FUNCTION {doing}", "USAGE ON LANGUAGE plpgsql", "CREATE ON SCHEMA public"):
            admin.execute(f"REVOKE {what} FROM PUBLIC")
            admin.execute(f"GRANT {what} TO {loader}")
        for what in ("USAGE ON SCHEMAS", "SELECT ON TABLES"):
            admin.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE {loader} GRANT {what} TO {reader}")


def _load(address: str, dump: Path, name: str, template: str, loader: str, password: str) -> None:
    """The dump as a database, by a role that owns it and nothing else: a dump is a program from elsewhere, too."""
    try:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {loader}")
            admin.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
            admin.execute(f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")
        place = make_conninfo(address, dbname=name, user=loader, password=password)
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute(dump.read_bytes())
    except psycopg.Error as error:
        raise UserError(f"{dump}: PostgreSQL does not take it ({_line(error)})") from None


def _remove(address: str, databases: Sequence[str], roles: Sequence[str]) -> None:
    """Whatever there is of them; the server may just be coming back."""
    try:
        if (admin := connected(address, PATIENCE)) is None:
            raise psycopg.OperationalError("it is gone")
        with admin:
            for name in databases:
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            for name in roles:
                admin.execute(f"DROP ROLE IF EXISTS {name}")
    except psycopg.Error as error:
        say(f"left on the PostgreSQL server: databases and roles {databases[-1].rpartition('_')[0]}_… ({_line(error)})")


def _results_of(place: str, queries: Sequence[str]) -> list[Frame | str] | None:
    """The result of each query, or what is wrong with it; None where the server is gone."""
    found = [_result(place, query) for query in queries]
    return None if None in found else [one for one in found if one is not None]


def _result(place: str, query: str) -> Frame | str | None:
    """Of one query, in a session of its own. One that ended is tried again: another's query may have ended it."""
    why = "it ended its session"
    for attempt in range(ATTEMPTS):
        time.sleep(attempt * 0.5)  # the server may not have noticed yet
        if (connection := connected(place, PATIENCE)) is None:
            return None
        with connection, connection.cursor() as cursor:
            try:
                return _frame(cursor, query)
            except (psycopg.Error, ValueError) as error:  # ValueError: it is no text that can be sent
                why = _line(error)
                if not connection.broken:
                    break
    return why


def _frame(cursor: psycopg.Cursor, query: str) -> Frame | str:
    """What one statement gives, row by row: no more of it than fits. Sent so that it can only be one."""
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in cursor.stream(query.replace("\0", "").encode()):
        rows.append(tuple(map(_plain, row)))
        size += sum(len(value) for value in rows[-1] if isinstance(value, str))
        if size > MOST_TEXT:
            return "it was stopped at its limit of output"
        if len(rows) == MOST_ROWS:
            break
    return Frame(tuple(column.name for column in cursor.description or ()), tuple(rows))


def _plain(value: Any) -> Any:
    """A value as results are compared: numerics as floating-point numbers, NaN as NULL, dates and all else as text."""
    if isinstance(value, Decimal | float):
        return None if value != value else float(value)
    return value if value is None or isinstance(value, int | str) else str(value)


def _line(error: Exception) -> str:
    """The first line of what is wrong."""
    return str(error).strip().partition("\n")[0]
