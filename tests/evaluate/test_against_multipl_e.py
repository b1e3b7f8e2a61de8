"""MultiPL-E's own rule: a program passes if, compiled and run by hand, it exits with success.

Also its own evaluators, where a package brings them. Neither has a sandbox: none of the programs is hostile.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from double_in_every_language import TASKS

from midspan.exercises.grading import Program, find, grade
from midspan.exercises.grading.languages import JAVA_TUPLES, Language
from midspan.sandbox import Policy, Sandbox

LIMIT = 3  # seconds of CPU time, for what never ends
PATIENCE = 30  # seconds by the clock, on a busy machine
COMMANDS: dict[str, tuple[str, list[list[str]]]] = {  # language → the file's name, and commands one after another
    "cpp": ("program.cpp", [["g++", "-std=c++17", "program.cpp", "-o", "program"], ["./program"]]),
    "js": ("program.js", [["node", "program.js"]]),
    "php": ("program.php", [["php", "program.php"]]),
    "lua": ("program.lua", [["lua", "program.lua"]]),
    "rs": ("program.rs", [["rustc", "program.rs", "-o", "program"], ["./program"]]),
    "java": (
        "Problem.java",
        [["javac", "-encoding", "UTF8", "-cp", JAVA_TUPLES, "Problem.java"], ["java", "-ea", "-cp", ".", "Problem"]],
    ),
}
EXIT_3 = {
    "cpp": "exit(3);",
    "js": "process.exit(3);",
    "php": "exit(3);",
    "lua": "os.exit(3)",
    "rs": "std::process::exit(3)",
    "java": "System.exit(3); return 0;",
}
KINDS = ("right", "wrong", "spin", "crash", "leave", "exit 3", "no program")
ENDLESS = ("cpp", "js")  # a compiled and an interpreted language: endless programs take long


ALL = "MIDSPAN_ALL_GOLDS" in os.environ  # `make soak`
SLOW = ("cpp", "java")  # to compile: of the ways to end badly one is enough
CASES = [
    (language, kind)
    for language in COMMANDS
    for kind in KINDS
    if (kind != "spin" or language in ENDLESS) and (ALL or language not in SLOW or kind not in ("crash", "exit 3"))
]


def needs(language: str) -> None:
    """Skipped where the language's tools are not installed."""
    if isinstance(missing := find(language), str):
        pytest.skip(missing)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never ends needs not be waited for as long as in earnest."""
    policy = Policy(LIMIT, PATIENCE, 1024, 64 << 10, processes=64, file_mb=64)
    monkeypatch.setattr(Language, "policy", property(lambda self: policy))


def answer_of(language: str, kind: str) -> str:
    task = TASKS[language]
    if kind == "no program":
        return "this ( is no { program"
    return task.frame.format(EXIT_3[language] if kind == "exit 3" else getattr(task, kind))


def by_hand(language: str, program: str, folder: Path) -> bool:
    """Whether every command exits with success, in time."""
    name, commands = COMMANDS[language]
    (folder / name).write_text(program)
    limited = ["sh", "-c", f'ulimit -t {LIMIT}; exec "$@"', "sh"]
    try:
        for one in commands:
            subprocess.run([*limited, *one], cwd=folder, capture_output=True, timeout=PATIENCE, check=True, input=b"")
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return False
    return True


def bigcode(name: str) -> ModuleType:
    """A module of MultiPL-E's evaluators, by itself, in the package that has them."""
    if (found := find_spec("bigcode_eval")) is None or found.origin is None:
        pytest.skip("pip install --no-deps nvidia-bigcode-eval")
    folder = Path(found.origin).parent / "tasks" / "custom_metrics" / "multiple_metrics"
    if "multiple_metrics" not in sys.modules:
        whole = spec_from_file_location(
            "multiple_metrics", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert whole is not None
        sys.modules["multiple_metrics"] = module_from_spec(whole)
    return __import__(f"multiple_metrics.{name}", fromlist=["*"])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("language", "kind"), CASES)
def test_the_official_verdict_is_the_exit_status(sandbox: Sandbox, language: str, kind: str, tmp_path: Path) -> None:
    needs(language)
    answer, tests = answer_of(language, kind), TASKS[language].tests
    verdict = grade(sandbox, Program(language, answer, tests, official="exit status"))
    assert verdict.official == by_hand(language, f"{answer}\n{tests}", tmp_path), verdict
    assert verdict.passed == (kind == "right"), verdict  # strictly, who leaves early does not pass either


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("language", "kind"), CASES)
def test_the_official_verdict_is_that_of_its_evaluators(
    sandbox: Sandbox, language: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: Any = bigcode("safe_subprocess").run
    monkeypatch.setattr(run, "__defaults__", (PATIENCE, *run.__defaults__[1:]))
    evaluator = bigcode("containerized_eval").eval_string_script
    needs(language)
    answer, tests = answer_of(language, kind), TASKS[language].tests
    verdict = grade(sandbox, Program(language, answer, tests, official="exit status"))
    assert verdict.official == (evaluator(language, f"{answer}\n{tests}")["status"] == "OK"), verdict
