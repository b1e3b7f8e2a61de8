"""What the model wrote, good and bad: a few samples of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from midspan.report.record import RunRecord

SHOWN = 6  # samples of a kind, half of them failures where there are as many of both
PREFIX_LINES, SUFFIX_LINES = 8, 4  # shown around a hole


@dataclass(frozen=True)
class Infill:
    place: str
    prefix: str
    suffix: str
    expected: str
    got: str
    exact: bool


@dataclass(frozen=True)
class Answer:
    identifier: str
    instruction: str
    answer: str
    passed: bool
    reason: str


@dataclass(frozen=True)
class Completion:
    prompt: str
    text: str


@dataclass(frozen=True)
class Samples:
    """The samples of one kind, and which model wrote them."""

    model: str
    shown: list[Infill] | list[Answer] | list[Completion]
    recorded: int


def _recorded(run: RunRecord, kind: str, objectives: tuple[str, ...]) -> tuple[str, list[dict[str, Any]]]:
    """The samples of the last model with one of these objectives that has any."""
    for name in reversed([name for objective in objectives for name in run.names(objective)]):
        samples = run.evaluations.get(name, {}).get("samples")
        rows = samples.get(kind) if isinstance(samples, dict) else None
        if isinstance(rows, list) and rows:
            return name, [row for row in rows if isinstance(row, dict)]
    return "", []


def _both_kinds(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The first few that succeeded, then the first few that did not."""
    good = [row for row in rows if row.get(key) is True]
    bad = [row for row in rows if row.get(key) is not True]
    good = good[: max(SHOWN // 2, SHOWN - len(bad))]
    return good + bad[: SHOWN - len(good)]


def _line_start(prefix: str) -> str:
    """What stands between a prefix and the recorded line, which comes without its newline and indentation.

    The line is shown as far to the right as the one before it.
    """
    last = prefix.rpartition("\n")[2]
    return "\n" + last[: len(last) - len(last.lstrip())] if last.strip() else ""


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def infills(run: RunRecord) -> Samples:
    """Held-out lines that the last pre-trained model filled in."""
    model, rows = _recorded(run, "infill", ("causal",))
    shown = [
        Infill(
            place=_text(row, "path") + (f", line {_text(row, 'line')}" if row.get("line") is not None else ""),
            prefix="".join(prefix.splitlines(keepends=True)[-PREFIX_LINES:]).lstrip("\n") + _line_start(prefix),
            suffix="".join(_text(row, "suffix").splitlines(keepends=True)[:SUFFIX_LINES]).rstrip(),
            expected=_text(row, "expected"),
            got=_text(row, "got"),
            exact=row.get("exact") is True,
        )
        for row in _both_kinds(rows, "exact")
        for prefix in [_text(row, "prefix")]
    ]
    return Samples(model, shown, len(rows))


def answers(run: RunRecord) -> Samples:
    """Held-out exercises that the last instructed model answered."""
    model, rows = _recorded(run, "exercises", ("sft", "dpo"))
    shown = [
        Answer(
            identifier=_text(row, "identifier"),
            instruction=_text(row, "instruction"),
            answer=_text(row, "answer"),
            passed=row.get("passed") is True,
            reason=_text(row, "reason"),
        )
        for row in _both_kinds(rows, "passed")
    ]
    return Samples(model, shown, len(rows))


def completions(run: RunRecord) -> Samples:
    """Texts that the last pre-trained model went on with."""
    model, rows = _recorded(run, "completions", ("causal",))
    shown = [Completion(_text(row, "prompt"), _text(row, "text")) for row in rows[:SHOWN]]
    return Samples(model, shown, len(rows))
