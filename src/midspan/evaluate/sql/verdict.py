"""An answer to a question, judged by what its query gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from midspan.evaluate.benchmark import Verdict
from midspan.evaluate.sql.frames import Frame, asks_for_order, correct, strictly_equal
from midspan.evaluate.sql.questions import query_in, right_queries


def verdict_on(
    row: Mapping[str, Any], answer: str, results_of: Callable[[list[str]], list[Frame | str] | None]
) -> Verdict:
    """Beside the queries that are right; not measured where none of them runs. `strict` is 1 if it is so strictly."""
    query, right = query_in(answer), right_queries(row["query"])
    found = results_of([*right, query])
    wanted = [(one, text) for one, text in zip(found or [], right, strict=False) if isinstance(one, Frame)]
    if found is None or not wanted:
        return Verdict("not measured", "infra" if found is None else f"the right query fails: {found[0]}")
    told, ordered = found[-1], asks_for_order(row["query_category"], row["question"])
    if isinstance(told, str):
        return Verdict("failed", told, {"strict": 0.0})
    passed = any(correct(one, told, ordered, text, query) for one, text in wanted)
    strict = any(one.rows and strictly_equal(one, told, ordered) for one, _ in wanted)
    return Verdict("passed" if passed else "failed", "", {"strict": float(passed and strict)})
