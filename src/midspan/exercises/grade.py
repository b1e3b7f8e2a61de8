"""Run answers against the tests of their exercises, in the sandbox."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Literal

from midspan.exercises.exercise import Exercise
from midspan.sandbox import Outcome, Policy, Sandbox

Reason = Literal["passed", "failed", "error", "timeout", "early-exit", "infra"]

POLICY = Policy(cpu_seconds=2.0, wall_seconds=10.0, memory_mb=256, processes=8, file_mb=4, output_kb=64)

# The answer, the tests and the sentinel come through standard input, which is at its end when the answer runs: nothing
# lies in a file for it to read or to change. It could still find the sentinel by walking the frames of this
# interpreter; what is closed are the accidental and the lazy ways to pass: exit(0), printing, a comparison cut short.
DRIVER = """
import builtins, json, os, sys

def main(write=os.write):
    given = json.load(sys.stdin)
    builtins.exit = builtins.quit = sys.exit
    names = {"__name__": "answer"}
    exec(compile(given["answer"], "answer.py", "exec"), names)
    exec(compile(given["tests"], "tests.py", "exec"), names)
    sys.stdout.flush()
    write(1, ("\\n" + given["sentinel"]).encode())

main()
"""


@dataclass(frozen=True)
class Verdict:
    """What became of one answer: "failed" is a failed assertion, "error" any other end by the program's fault."""

    passed: bool
    reason: Reason
    detail: str = ""  # the last line of the program's standard error


def _reason(outcome: Outcome, sentinel: str) -> Reason:
    last_error = outcome.stderr.rstrip().rsplit("\n", 1)[-1]
    match outcome.status:
        case "infra":
            return "infra"
        case "limit":
            return "timeout" if outcome.killed_by in ("cpu", "wall") else "error"
        case "ok":
            return "passed" if outcome.stdout.rsplit("\n", 1)[-1] == sentinel else "early-exit"
        case _:
            return "failed" if last_error.startswith("AssertionError") else "error"


def _program(exercise: Exercise, code: str) -> tuple[str, str]:
    """The answer as Python (a query becomes a string literal), and the tests: what the verdict depends on."""
    return (f"query = {code!r}" if exercise.language == "sql" else code), exercise.tests


def _verdict(sandbox: Sandbox, answer: str, tests: str) -> Verdict:
    sentinel = secrets.token_hex(16)
    command = [os.path.realpath(sys.executable), "-I", "-S", "-B", "main.py"]
    given = json.dumps({"answer": answer, "tests": tests, "sentinel": sentinel})
    outcome = sandbox.run({"main.py": DRIVER}, command, given, POLICY)
    reason = _reason(outcome, sentinel)
    return Verdict(reason == "passed", reason, outcome.stderr.rstrip().rsplit("\n", 1)[-1])


def grade(sandbox: Sandbox, exercise: Exercise, code: str) -> Verdict:
    """Run `code` and then the tests; it passes if they reach their end, which a random sentinel proves."""
    return _verdict(sandbox, *_program(exercise, code))


def grade_all(
    sandbox: Sandbox,
    pairs: list[tuple[Exercise, str]],
    workers: int,
    on_progress: Callable[[int], None] | None = None,
) -> list[Verdict]:
    """The verdicts of (exercise, code) pairs in their order, `workers` at a time; equal programs run once.

    `on_progress` is told how many pairs have their verdict.
    """
    places: dict[tuple[str, str], list[int]] = {}
    for place, (exercise, code) in enumerate(pairs):
        places.setdefault(_program(exercise, code), []).append(place)
    verdicts: dict[int, Verdict] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running = {pool.submit(_verdict, sandbox, *program): found for program, found in places.items()}
        for future in as_completed(running):
            verdicts.update(dict.fromkeys(running[future], future.result()))
            if on_progress:
                on_progress(len(verdicts))
    return [verdicts[place] for place in range(len(pairs))]
