"""Places of held-out code as two models filled them, from what their evaluations left: to be looked at side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan.files import read_jsonl

BEFORE, AFTER = 400, 200  # characters around an answer that a row keeps


@dataclass(frozen=True)
class FilledGap:
    """A gap, what stood around and in it, and what both models wrote there."""

    name: str  # repository/path, line
    group: str
    before: str
    after: str
    expected: str
    first: str
    second: str
    first_passed: bool
    second_passed: bool


def places_of(first: Path, second: Path) -> Iterator[FilledGap]:
    """The places that both models were asked, from the rows beside their results, in the order of the second's."""
    earlier = {(row["item"], row["group"]): row for row in _filled(first)}
    for row in _filled(second):
        other = earlier.get((row["item"], row["group"]))
        if other is not None:
            yield FilledGap(
                row["item"],
                row["group"],
                row["before"],
                row["after"],
                row["expected"],
                _answer(other),
                _answer(row),
                bool(other["passed"]),
                bool(row["passed"]),
            )


def _filled(rows: Path) -> list[dict[str, Any]]:
    """The rows that asked for what stood between two texts."""
    return [row for row in read_jsonl(rows) if "before" in row and "passed" in row] if rows.is_file() else []


def _answer(row: dict[str, Any]) -> str:
    return str(row["answer"] or "")
