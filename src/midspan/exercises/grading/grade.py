"""Run answers against their tests, in the sandbox."""

from __future__ import annotations

import json
import py_compile
import secrets
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal, cast

from midspan.exercises.grading.program import Program
from midspan.sandbox import Outcome, Policy, Sandbox, interpreter

Reason = Literal["passed", "failed", "error", "timeout", "early-exit", "broken-tests", "infra"]

POLICY = Policy(cpu_seconds=2.0, wall_seconds=10.0, memory_mb=256, processes=9, file_mb=4, output_kb=64)
HARNESS = ("main", "peer", "mirrors")
PLACE = "midspan/exercises/grading/inside"  # modules of the harness, as they import each other
COMMAND = [interpreter(), "-s", "-S", "-B", "main.pyc"]


@dataclass(frozen=True)
class Verdict:
    """What became of one answer: "failed" is a failed assertion, "error" any other end by the program's fault."""

    passed: bool
    reason: Reason
    detail: str = ""  # the last word of what went wrong


def grade(sandbox: Sandbox, program: Program) -> Verdict:
    """Run the tests against the answer; it passes if they reach their end, which a random sentinel proves."""
    sentinel = secrets.token_hex(16)
    given = {"tests": program.tests, "exact_types": program.exact_types, "sentinel": sentinel}
    files = {**harness(), "answer.py": program.answer}
    return _verdict(sandbox.run(files, COMMAND, json.dumps(given), POLICY), sentinel)


def grade_all(
    sandbox: Sandbox,
    programs: Sequence[Program],
    workers: int,
    on_progress: Callable[[int], None] | None = None,
) -> list[Verdict]:
    """The verdicts of programs in their order, `workers` at a time; equal programs run once.

    `on_progress` is told how many programs have their verdict.
    """
    places: dict[Program, list[int]] = {}
    for place, program in enumerate(programs):
        places.setdefault(program, []).append(place)
    verdicts: dict[int, Verdict] = {}
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running = {pool.submit(grade, sandbox, program): found for program, found in places.items()}
        for future in as_completed(running):
            verdicts.update(dict.fromkeys(running[future], future.result()))
            if on_progress:
                on_progress(len(verdicts))
    return [verdicts[place] for place in range(len(programs))]


@cache
def harness() -> dict[str, str | bytes]:
    """The files of the program that runs inside, compiled, which spares each run a third of its time."""
    files: dict[str, str | bytes] = {}
    with tempfile.TemporaryDirectory(prefix="midspan-harness-") as folder:
        for name in HARNESS:
            source, compiled = Path(__file__).parent / "inside" / f"{name}.py", Path(folder) / f"{name}.pyc"
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(source), str(compiled), f"{name}.py", doraise=True, invalidation_mode=mode)
            files[f"{name}.pyc" if name == "main" else str(PurePosixPath(PLACE, f"{name}.pyc"))] = compiled.read_bytes()
    return files


def _verdict(outcome: Outcome, sentinel: str) -> Verdict:
    last_error = outcome.stderr.rstrip().rsplit("\n", 1)[-1]
    _, told, report = outcome.stdout.partition(f"\n{sentinel}")
    match outcome.status:
        case "infra":
            return Verdict(False, "infra", last_error)
        case "limit" if outcome.killed_by in ("cpu", "wall"):
            return Verdict(False, "timeout", f"more than its {outcome.killed_by} time")
        case "limit":
            return Verdict(False, "error", f"more than its {outcome.killed_by}")
        case _ if told:
            found = json.loads(report.partition("\n")[0])
            reason = cast(Reason, found["reason"])
            return Verdict(reason == "passed", reason, found["detail"])
        case status:
            return Verdict(False, "early-exit" if status == "ok" else "error", last_error)
