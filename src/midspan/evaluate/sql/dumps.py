"""A PostgreSQL dump as an SQLite database, so that nothing need be installed.

Tables lose their schemas, columns their constraints and defaults but for constants and the time; dates that the dump
reckons from today are reckoned from today. tests/evaluate/test_text_to_sql_postgres.py compares with PostgreSQL itself.
"""

from __future__ import annotations

import sqlite3
from calendar import month_name

import sqlglot
from sqlglot import exp

from midspan.errors import UserError

TIME = "%Y%m%d %H:%M:%S"
MONTHS = month_name[1:]
PARTS = {"YEAR": "%Y", "MONTH": "%m", "DAY": "%d", "EPOCH": "%s"}
UNITS = {  # of intervals, as SQLite has them
    **{unit: (1, f"{unit}s") for unit in ("year", "month", "day", "hour", "minute", "second")},
    "week": (7, "days"),
    "min": (1, "minutes"),
    "sec": (1, "seconds"),
}
CONSTANT = (exp.Literal, exp.Boolean, exp.CurrentTimestamp, exp.CurrentDate)
STARTS = {
    "YEAR": ("start of year",),
    "MONTH": ("start of month",),
    "WEEK": ("-6 days", "weekday 1", "start of day"),
    "DAY": ("start of day",),
}


def sqlite_of(dump: str, name: str) -> bytes:
    """The database of a dump, serialised. Raises UserError for a statement that SQLite does not take."""
    connection = sqlite3.connect(":memory:")
    for statement in sqlglot.parse(dump, read="postgres"):
        if statement is None or (isinstance(statement, exp.Create) and statement.kind == "SCHEMA"):
            continue
        text = statement.sql(comments=False)
        try:
            text = statement.transform(_for_sqlite).sql(dialect="sqlite", comments=False)
            connection.execute(text)
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise UserError(f"{name}: SQLite does not take {text[:100]!r} ({error})") from None
    _cast_dates(connection)
    connection.commit()
    return connection.serialize()


def _cast_dates(connection: sqlite3.Connection) -> None:
    """Dates lose the time and timestamps get one, as PostgreSQL casts what is put into its columns."""
    columns = connection.execute("SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c")
    for table, column, kind in columns.fetchall():
        if kind == "DATE":
            connection.execute(
                f'UPDATE "{table}" SET "{column}" = date("{column}") WHERE "{column}" <> date("{column}")'
            )
        elif kind.startswith("TIMESTAMP"):
            dated = f'"{column}" = date("{column}")'
            connection.execute(f'UPDATE "{table}" SET "{column}" = datetime("{column}") WHERE {dated}')


def _for_sqlite(node: exp.Expression) -> exp.Expression:
    """One node of a statement as SQLite has it."""
    if isinstance(node, exp.Table):
        node.set("db", None)
    elif isinstance(node, exp.ColumnDef):
        identity = any(isinstance(one.kind, exp.GeneratedAsIdentityColumnConstraint) for one in node.constraints)
        serial = node.kind is not None and "SERIAL" in node.kind.sql().upper()
        if identity or serial:
            return exp.ColumnDef(this=node.this, kind=exp.DataType.build("INTEGER"), constraints=_primary_key())
        kinds = [one.kind for one in node.constraints]
        defaults = [
            one for one in kinds if isinstance(one, exp.DefaultColumnConstraint) and isinstance(one.this, CONSTANT)
        ]
        constraints = [exp.ColumnConstraint(kind=one.copy()) for one in defaults]
        return exp.ColumnDef(this=node.this, kind=node.kind, constraints=constraints)
    elif isinstance(node, exp.Schema):
        node.set("expressions", [one for one in node.expressions if isinstance(one, exp.ColumnDef | exp.Identifier)])
    elif isinstance(node, exp.Sub | exp.Add) and isinstance(node.expression, exp.Interval):
        sign = "-" if isinstance(node, exp.Sub) else "+"
        return _moved(node.this, sign + _interval(node.expression))
    elif isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        return _moved(node.this, *STARTS[node.text("unit").upper()])
    elif isinstance(node, exp.Extract):
        return exp.cast(_strftime(PARTS[node.name.upper()], node.expression), "INTEGER")
    elif isinstance(node, exp.TimeToStr):
        return _month_name(node.this) if node.args["format"].name == "Month" else _strftime(TIME, node.this)
    return node


def _moved(time: exp.Expression, *by: str) -> exp.Expression:
    """A moment with modifiers (sqlite.org/lang_datefunc.html)."""
    kind = "date" if isinstance(time, exp.CurrentDate) else "datetime"
    return exp.Anonymous(this=kind, expressions=[_moment(time), *map(_text, by)])


def _moment(time: exp.Expression) -> exp.Expression:
    if isinstance(time, exp.CurrentDate | exp.CurrentTimestamp):
        return _text("now")
    return time.transform(_for_sqlite)


def _strftime(form: str, time: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="strftime", expressions=[_text(form), _moment(time)])


def _month_name(time: exp.Expression) -> exp.Expression:
    """The name of a moment's month, filled up to nine characters as PostgreSQL does."""
    cases = [exp.If(this=_text(f"{number:02d}"), true=_text(f"{name:9}")) for number, name in enumerate(MONTHS, 1)]
    return exp.Case(this=_strftime("%m", time), ifs=cases)


def _interval(node: exp.Interval) -> str:
    """A length of time. SQLite takes what it does not know for NULL, so an unknown unit is an error here."""
    times, unit = UNITS[(node.unit.name if node.unit else "").lower().removesuffix("s")]
    return f"{times * float(node.this.name):g} {unit}"


def _text(value: str) -> exp.Expression:
    return exp.Literal.string(value)


def _primary_key() -> list[exp.Expression]:
    return [exp.ColumnConstraint(kind=exp.PrimaryKeyColumnConstraint())]
