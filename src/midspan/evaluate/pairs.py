"""Two models' folders of results, benchmark by benchmark and item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.compare import Difference, comparable, compare
from midspan.evaluate.result import Result, read_result
from midspan.files import read_jsonl

EvaluatedRow = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """One benchmark that both were asked alike."""

    before: Result
    after: Result
    differences: list[Difference]
    better: list[tuple[EvaluatedRow, EvaluatedRow]]  # both rows of the items that only the second model passes
    worse: list[tuple[EvaluatedRow, EvaluatedRow]]
    answers: int  # of the items that both answered in words
    alike: int  # of those answers, to the letter


def results_in(folder: Path) -> list[Result]:
    """A model's results, by the benchmarks' names. Raises UserError where there is none."""
    found = [read_result(file) for file in sorted(folder.glob("*.json"))]
    if not found:
        raise UserError(f"{folder} has no results: name OUTPUT/MODEL, as `midspan evaluate` writes it")
    return found


def pairs_of(before: Path, after: Path, names: Sequence[str] | None = None) -> list[Pair]:
    """The benchmarks of these names, or every one that both folders have.

    Raises UserError where there is none, or one was asked differently.
    """
    first, second = ({one.benchmark: one for one in results_in(folder)} for folder in (before, after))
    common = [name for name in second if name in first and (names is None or name in names)]
    if not common:
        raise UserError(f"{before} and {after} have no benchmark in common")
    pairs = []
    for name in common:
        if not comparable(first[name], second[name]):
            raise UserError(f"{name}: {before} and {after} were asked differently: evaluate both again, alike")
        pairs.append(_pair(first[name], second[name], *(read_jsonl(one / f"{name}.jsonl") for one in (before, after))))
    return pairs


def _pair(one: Result, other: Result, earlier: Sequence[EvaluatedRow], later: Sequence[EvaluatedRow]) -> Pair:
    rows = {_name(row): row for row in earlier}
    both = [(rows[_name(row)], row) for row in later if _name(row) in rows]
    found = [(was, now) for was, now in both if {was.get("passed"), now.get("passed")} == {0.0, 1.0}]
    told = [(was["answer"], now["answer"]) for was, now in both if None not in (was["answer"], now["answer"])]
    differences = [compare(score, earlier, later) for score in other.scores]
    return Pair(
        one,
        other,
        [one for one in differences if one is not None],
        [(was, now) for was, now in found if now["passed"]],
        [(was, now) for was, now in found if was["passed"]],
        len(told),
        sum(was == now for was, now in told),
    )


def _name(row: EvaluatedRow) -> tuple[str, str, int]:
    return row["item"], row["group"], row["sample"]
