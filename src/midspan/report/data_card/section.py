"""One table of a data card: a title, what to know about it, columns and rows, and the lengths of its bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from midspan.report.figures import ABSENT, byte_size, count

MOST_ROWS = 40


@dataclass(frozen=True)
class Section:
    """One table; `bars` [rows] are the lengths (0 to 1) drawn beside the first column."""

    title: str
    note: str
    headers: list[str]
    rows: list[list[str]]
    bars: list[float] | None = None
    short: bool = False  # does it stand in the README too?

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold figures."""
        return [
            position > 0
            and all(row[position].lstrip("<")[:1].isdigit() or row[position] == ABSENT for row in self.rows)
            for position in range(len(self.headers))
        ]


def lengths(values: Iterable[float]) -> list[float]:
    """Bars of which the longest fills its room."""
    found = list(values)
    longest = max(found, default=0) or 1
    return [value / longest for value in found]


def share_of(part: float, whole: float) -> str:
    """A percentage; a little is not nothing."""
    if not whole:
        return ABSENT
    return "<0.01%" if 0 < part / whole < 0.0001 else f"{100 * part / whole:.2f}%"


def amounts_section(
    title: str, note: str, what: str, found: Mapping[str, Mapping[str, int]], short: bool = False
) -> Section:
    """Documents and bytes by name, the most bytes first, with the share of bytes."""
    whole = sum(one["bytes"] for one in found.values())
    ordered = sorted(found.items(), key=lambda item: (-item[1]["bytes"], item[0]))
    shown, rest = ordered[:MOST_ROWS], ordered[MOST_ROWS:]
    rows = [
        [name, count(one["documents"]), byte_size(one["bytes"]), share_of(one["bytes"], whole)] for name, one in shown
    ]
    if rest:
        note += f" And {count(len(rest))} more, with {byte_size(sum(one['bytes'] for _, one in rest))}."
    headers = [what, "Documents", "Size", "Share of bytes"]
    return Section(title, note, headers, rows, lengths(one["bytes"] for _, one in shown), short)
