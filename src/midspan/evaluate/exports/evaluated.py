"""One model's result on one benchmark, with its rows: what the other harnesses' files are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.compare import student_quantile
from midspan.evaluate.result import Result, Score, read_result
from midspan.files import hash_path, read_jsonl

TOLD = frozenset({"cluster", "item", "sample"})  # numbers or not, no values


@dataclass(frozen=True)
class Evaluated:
    """A result, and every answer and verdict that it was made from."""

    result: Result
    rows: list[dict[str, Any]]
    written: datetime  # when
    name: str  # a hash of what it says

    def groups(self) -> Iterator[tuple[str, list[Score], list[dict[str, Any]]]]:
        """Each group of items, with its scores and rows."""
        for group in dict.fromkeys(str(row["group"]) for row in self.rows):
            scores = [score for score in self.result.scores if score.group == group]
            yield group, scores, [row for row in self.rows if row["group"] == group]


def read_evaluated(folder: Path) -> list[Evaluated]:
    """What a model's folder has, by benchmark. Raises UserError for a result whose rows were lost or changed."""
    found = []
    for rows in sorted(folder.glob("*.jsonl")):
        if not (file := rows.with_suffix(".json")).is_file():
            continue
        result = read_result(file)
        if result.rows != hash_path(rows):
            raise UserError(f"{rows}: not the rows that {file.name} was made from; run the evaluation again")
        when = datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(microsecond=0)
        found.append(Evaluated(result, read_jsonl(rows), when, hash_path(file)))
    return found


def measured(row: Mapping[str, Any]) -> dict[str, float]:
    """What was measured of one answer: `passed` and the like."""
    return {name: float(value) for name, value in row.items() if name not in TOLD and isinstance(value, int | float)}


def standard_error(score: Score) -> float | None:
    """Clustered: the half interval of 95 % by its quantile."""
    return None if score.error is None else score.error / student_quantile(score.clusters - 1)


def prompt_text(row: Mapping[str, Any]) -> str:
    """What was asked, as one text; a conversation is its turns, a middle stands as <FILL> between its sides."""
    match row.get("prompt"):
        case str(text):
            return text
        case [*messages]:
            return "\n\n".join(f"{message['role']}: {message['content']}" for message in messages)
        case {"prefix": prefix, "suffix": suffix}:
            return f"{prefix}<FILL>{suffix}"
        case _:
            return ""
