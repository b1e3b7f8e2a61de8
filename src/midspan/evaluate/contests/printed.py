"""Programs judged by what they print: each input of a problem is given to the program, and its output compared.

What is expected never enters the sandbox, so a program can only print it by computing it.
"""

from __future__ import annotations

import math
import re
import secrets
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from midspan.evaluate.benchmark import Verdict
from midspan.evaluate.contests.outputs import Agrees
from midspan.exercises.grading import LANGUAGES, Installed, find
from midspan.files import hash_text
from midspan.progress import progress
from midspan.sandbox import Outcome, Policy, Sandbox, Toolchain, interpreter
from midspan.step import Tools

NOT_COMPILED = 97  # exit code
TIMEOUTS = (128 + signal.SIGXCPU, 128 + signal.SIGKILL)
COMPILE_SECONDS = 30.0  # of CPU time
ADDRESSES_MB = 64 << 10  # of which Java reserves many that it never uses
SHOWN = 120  # characters of an output in a verdict
JAVA_CLASS = re.compile(r"\bpublic\s+(?:(?:final|abstract)\s+)*class\s+(\w+)")
# The output of each test, and after it a line of a random word and the exit code; after a failure none is run.
SCRIPT = """{compile} || exit {not_compiled}
for number in $(seq 0 {last}); do
    (ulimit -S -t {seconds}; ulimit -H -t {killed}; exec {run}) <$number.in 2>errors
    code=$?
    printf '\\n{word} %s\\n' $code
    test $code -eq 0 || {{ tail -c 2000 errors >&2; exit 0; }}
done"""


@dataclass(frozen=True)
class Run:
    """How programs of a language are built and run; in commands {name} stands for the name of the file."""

    ending: str
    run: str
    compile: str = "true"


RUNS = {
    "python": Run(".py", f"{interpreter()} -s -S -B {{name}}.py"),
    "cpp": Run(".cpp", "./{name}", "g++ -std=c++17 -O2 -w -o {name} {name}.cpp"),
    "java": Run(
        ".java",
        "java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx1g -Xss64m {name}",
        "javac -J-XX:+UseSerialGC -J-XX:TieredStopAtLevel=1 -nowarn -encoding UTF8 {name}.java",
    ),
}


@dataclass(frozen=True)
class Case:
    """An input, and the outputs that are right."""

    input: str
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Printing:
    """A program, a key of RUNS, the tests of what it prints, and how much CPU time each may take."""

    language: str
    code: str
    cases: tuple[Case, ...]
    seconds: float


def why_not_run(language: str) -> str | None:
    """Why programs of a language are not run here; None where they are."""
    if language not in RUNS:
        return f"programs in {language} are not run here"
    found = find(language) if language in LANGUAGES else None
    return found if isinstance(found, str) else None


def judge_all(programs: Sequence[tuple[Printing, Agrees]], tools: Tools) -> list[Verdict]:
    """A verdict for each program; equal ones run once, and what was judged before a kill is not judged again."""
    names = [hash_text(repr(program)) for program, _ in programs]
    kept, found = tools.verdicts, dict[str, Verdict]()
    if kept:
        found = {name: Verdict(*kept.values[name]) for name in names if name in kept.values}
    missing = {name: asked for name, asked in zip(names, programs, strict=True) if name not in found}
    with progress("tests", len(missing), "programs") as line, ThreadPoolExecutor(tools.workers) as pool:
        running = {pool.submit(judge, tools.sandbox, *asked): name for name, asked in missing.items()}
        for done, future in enumerate(as_completed(running), 1):
            verdict = found[running[future]] = future.result()
            if kept and verdict.outcome != "not measured":
                kept.put(running[future], [verdict.outcome, verdict.detail])
            line.update(done)
    return [found[name] for name in names]


def judge(sandbox: Sandbox, program: Printing, agrees: Agrees) -> Verdict:
    """Passed where every test has a right output. The first runs by itself: most programs that fail, fail there."""
    if reason := why_not_run(program.language):
        return Verdict("not measured", reason)
    for first, cases in ((0, program.cases[:1]), (1, program.cases[1:])):
        if cases and (verdict := _judge(sandbox, program, first, cases, agrees)):
            return verdict
    return Verdict("passed")


def _judge(sandbox: Sandbox, program: Printing, first: int, cases: Sequence[Case], agrees: Agrees) -> Verdict | None:
    """The verdict where one of these tests fails, or cannot be measured; None where all pass."""
    word = secrets.token_hex(16)
    outcome = _run(sandbox, program, cases, word)
    if outcome.status == "infra":
        return Verdict("not measured", f"infra: {_last(outcome.stderr)}")
    if outcome.exit_code == NOT_COMPILED:
        return Verdict("failed", f"not compiled: {_last(outcome.stderr + outcome.stdout)}")
    told = re.split(rf"\n{word} (\d{{1,3}})\n", outcome.stdout)  # output, exit code, output, exit code, …, ""
    for number, case in enumerate(cases):
        test, beyond = f"test {first + number + 1}", outcome.killed_by or "CPU time"
        if 2 * number + 1 >= len(told) or int(told[2 * number + 1]) in TIMEOUTS:
            return Verdict("failed", f"{test}: more than its {beyond}")
        if int(told[2 * number + 1]):
            return Verdict("failed", f"{test}: error: {_last(outcome.stderr)}")
        printed = told[2 * number]
        if not any(agrees(printed, expected) for expected in case.outputs):
            right = case.outputs[0].strip() if case.outputs else ""
            return Verdict("failed", f"{test}: wrong: {printed.strip()[:SHOWN]!r}, not {right[:SHOWN]!r}")
    return None


def _run(sandbox: Sandbox, program: Printing, cases: Sequence[Case], word: str) -> Outcome:
    """Build the program and run it on each input."""
    run, public = RUNS[program.language], JAVA_CLASS.search(program.code)
    name = public[1] if program.language == "java" and public else "Main"
    limit = math.ceil(program.seconds)
    script = SCRIPT.format(
        compile=run.compile.format(name=name),
        run=run.run.format(name=name),
        not_compiled=NOT_COMPILED,
        last=len(cases) - 1,
        seconds=limit,
        killed=limit + 1,
        word=word,
    )
    expected = sum(max(map(len, case.outputs), default=0) for case in cases)
    seconds = COMPILE_SECONDS + len(cases) * (limit + 1)
    policy = Policy(
        cpu_seconds=seconds,
        wall_seconds=2 * seconds,
        memory_mb=2048,
        address_mb=ADDRESSES_MB,
        processes=64,
        file_mb=64,
        output_kb=1024 + (expected >> 8),
    )
    files = {f"{number}.in": case.input for number, case in enumerate(cases)}
    found = find(program.language) if program.language in LANGUAGES else None
    toolchain = found.toolchain if isinstance(found, Installed) else Toolchain()
    return sandbox.run({**files, f"{name}{run.ending}": program.code}, ["/bin/sh", "-c", script], "", policy, toolchain)


def _last(errors: str) -> str:
    """The last line that is not blank."""
    return next((line.strip() for line in reversed(errors.splitlines()) if line.strip()), "")[:SHOWN]
