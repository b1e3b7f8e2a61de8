"""When what a program printed is what was expected, by the rules of those who made the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

Agrees = Callable[[str, str], bool]  # (printed, expected)
NEAR = Decimal("1e-12")
ANSWERS = ("yes", "no", "true", "false")  # written in capitals or not


def lines_or_numbers(printed: str, expected: str) -> bool:
    """Whether each line is the same, blanks around it aside, or the same numbers (LiveCodeBench, testing_util.py)."""
    lines, wanted = _lines(printed), _lines(expected)
    if len(lines) != len(wanted):
        return False
    pairs = zip(lines, wanted, strict=True)
    return all(line == other or _same_numbers(line.split(), other.split()) for line, other in pairs)


def values(printed: str, expected: str) -> bool:
    """Whether the last line is the expected value, both as JSON."""
    try:
        return bool(json.loads(printed.rpartition("\n")[2]) == json.loads(expected))
    except (ValueError, RecursionError):
        return False


def lines_or_words(printed: str, expected: str) -> bool:
    """Whether all lines are the same, or all words, numbers to 1e-12 (ExecEval, execution_engine.py)."""
    words, wanted = printed.split(), expected.split()
    if _lines(printed) == _lines(expected):
        return True
    return len(words) == len(wanted) and all(map(_same_word, words, wanted))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _same_numbers(one: list[str], other: list[str]) -> bool:
    try:
        return [*map(Decimal, one)] == [*map(Decimal, other)]
    except InvalidOperation:
        return False


def _same_word(one: str, other: str) -> bool:
    try:
        return abs(Decimal(one) - Decimal(other)) <= NEAR
    except InvalidOperation:
        return one == other or (one.lower() == other.lower() and one.lower() in ANSWERS)
