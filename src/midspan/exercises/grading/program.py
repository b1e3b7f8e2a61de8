"""What is graded: an answer, and the tests that judge it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """An answer in Python and its tests, which know the answer's names.

    `exact_types`: in the tests 1 equals neither 1.0 nor True.
    """

    answer: str
    tests: str
    exact_types: bool = False
