"""Whether a query's result is what was wanted: by Defog's rules, and strictly.

Defog's rules are those of github.com/defog-ai/sql-eval, eval/eval.py, in our words: a result is right where it equals
the wanted one after duplicates are dropped, columns are ordered by name and rows are sorted, or where columns of it,
whatever they are called, hold the same values, numbers within CLOSE. So a lost DISTINCT or a superfluous column is
forgiven.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import isclose
from operator import itemgetter
from typing import Any

MOST_PERMUTED = 6  # columns of which every order is tried
ORDERED = re.compile(r"\b(order|sort|arrange)", re.IGNORECASE)
ORDER_BY = re.compile(r"order\s+by\s+(.*?)(?=\blimit\b|;|\)|$)", re.IGNORECASE | re.DOTALL)
MISSING = -99999  # what NULL is compared as
CLOSE = {"rel_tol": 1e-5, "abs_tol": 1e-8}  # as pandas.testing compares
first = itemgetter(0)


@dataclass(frozen=True)
class Frame:
    """A result: its columns' names, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def column(self, index: int) -> list[Any]:
        """The values of one column."""
        return [row[index] for row in self.rows]

    def of(self, indices: Sequence[int]) -> Frame:
        """Some of the columns, in this order."""
        rows = tuple(tuple(row[index] for index in indices) for row in self.rows)
        return Frame(tuple(self.columns[index] for index in indices), rows)


def correct(wanted: Frame, told: Frame, ordered: bool, wanted_query: str, told_query: str) -> bool:
    """By Defog's rules."""
    if wanted.rows == told.rows:
        return True
    if normal(wanted, ordered, wanted_query) == normal(told, ordered, told_query):
        return True
    chosen: list[int] = []
    for index in range(len(wanted.columns)):
        values = _sorted(wanted.column(index))
        free = (place for place in range(len(told.columns)) if place not in chosen)
        match = next((place for place in free if _close(values, _sorted(told.column(place)))), None)
        if match is None:
            return False
        chosen.append(match)
    part = Frame(wanted.columns, told.of(chosen).rows)
    rows, others = normal(wanted, ordered, ""), normal(part, ordered, "")
    return len(rows) == len(others) and all(map(_close, rows, others))


def strictly_equal(wanted: Frame, told: Frame, ordered: bool) -> bool:
    """The same rows as often, in the same order where one is asked for; columns may stand in another order."""
    if len(wanted.columns) != len(told.columns) or len(wanted.rows) != len(told.rows):
        return False
    count = len(wanted.columns)
    for order in permutations(range(count)) if count <= MOST_PERMUTED else [tuple(range(count))]:
        rows = told.of(order).rows
        if rows == wanted.rows or (not ordered and Counter(rows) == Counter(wanted.rows)):
            return True
    return False


def asks_for_order(category: str, question: str) -> bool:
    """Whether the order of the rows is part of the question."""
    return category == "order_by" or ORDERED.search(question) is not None


def normal(frame: Frame, ordered: bool, query: str) -> tuple[tuple[Any, ...], ...]:
    """The rows without duplicates and names, columns by name, sorted by all of them, or as the query orders them."""
    by_name = frame.of(sorted(range(len(frame.columns)), key=lambda index: frame.columns[index]))
    rows = list(dict.fromkeys(tuple(MISSING if one is None else one for one in row) for row in by_name.rows))
    keys = [(by_name.columns.index(name), down) for name, down in _order_of(query) if name in by_name.columns]
    if not ordered:
        rows.sort(key=lambda row: [_key(one) for one in row])
    else:
        for index, down in reversed(keys):
            rows = [row for _, row in sorted(((_key(row[index]), row) for row in rows), key=first, reverse=down)]
    return tuple(rows)


def _order_of(query: str) -> list[tuple[str, bool]]:
    """The columns of ORDER BY, without their tables, and whether each descends: as it does where nothing is said."""
    found = ORDER_BY.search(query)
    columns = []
    for part in found[1].split(",") if found else []:
        words = part.split()
        if words:
            columns.append((words[0].rpartition(".")[2], "asc" not in [word.lower() for word in words[1:]]))
    return columns


def _sorted(values: Sequence[Any]) -> list[Any]:
    return sorted((MISSING if one is None else one for one in values), key=_key)


def _close(values: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether they are equal one by one, numbers within CLOSE."""
    return len(values) == len(others) and all(
        one == other
        or (isinstance(one, int | float) and isinstance(other, int | float) and isclose(one, other, **CLOSE))
        for one, other in zip(values, others, strict=True)
    )


def _key(value: Any) -> tuple[str, Any]:
    """Numbers with numbers, texts with texts."""
    return ("", value) if isinstance(value, int | float) else (type(value).__name__, value)
