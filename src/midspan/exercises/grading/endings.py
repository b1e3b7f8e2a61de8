"""What the end of a run says of the program, where the program's tests say nothing."""

from __future__ import annotations

from midspan.exercises.grading.languages import NOT_COMPILED
from midspan.exercises.grading.program import Verdict
from midspan.sandbox import Outcome

ASSERTIONS = ("AssertionError", "AssertionFailed", "Assertion `", "assertion `", "Test failed!", "assertion failed")


def ended_by(outcome: Outcome) -> Verdict:
    """The verdict on a program whose tests did not come to their end."""
    last = _last_word(outcome.stderr)
    match outcome.status:
        case "infra":
            return Verdict(False, "infra", last)
        case "limit" if outcome.killed_by in ("cpu", "wall"):
            return Verdict(False, "timeout", f"more than its {outcome.killed_by} time")
        case "limit":
            return Verdict(False, "error", f"more than its {outcome.killed_by}")
        case "ok" if "Assertion failed" in outcome.stderr:  # what node says, and goes on
            return Verdict(False, "failed", last)
        case "ok":
            return Verdict(False, "early exit", last)
        case _ if outcome.exit_code == NOT_COMPILED:
            return Verdict(False, "not compiled", _first_error(outcome.stderr + outcome.stdout))
        case _:
            failed = any(word in outcome.stderr for word in ASSERTIONS)
            return Verdict(False, "failed" if failed else "error", last)


def last_line(text: str) -> str:
    """What stands after the last line break."""
    return text.rsplit("\n", 1)[-1]


def _last_word(errors: str) -> str:
    """The last line that speaks of an error, else the last line."""
    lines = errors.rstrip().splitlines() or [""]
    return next((line.strip() for line in reversed(lines) if "Error" in line), lines[-1])


def _first_error(messages: str) -> str:
    lines = messages.strip().splitlines() or [""]
    return next((line for line in lines if "error" in line.lower()), lines[0])
