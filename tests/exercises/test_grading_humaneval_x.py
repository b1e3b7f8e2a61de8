"""Tests in HumanEval-X's shape, in every language: right, wrong, leaving early, patching, nothing to turn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from double_in_humanevalpack import PACKED

from midspan.evaluate.whole_functions import file_of
from midspan.exercises.grading import HUMANEVAL_X, Program, Verdict, find, grade
from midspan.exercises.grading.toolchains import has
from midspan.sandbox import Sandbox

DATA = Path(__file__).parents[3] / "shared" / "data" / "humanevalpack"
TESTIFY = "github.com/stretchr/testify/assert"


@pytest.fixture(params=PACKED)
def language(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    name: str = request.param
    if isinstance(missing := find(f"x-{name}"), str):
        pytest.skip(missing)
    if name == "go" and not has(sandbox, "x-go", TESTIFY):
        pytest.skip("apt-get install golang-github-stretchr-testify-dev")
    return name


def judged(sandbox: Sandbox, language: str, body: str, tests: str = "") -> Verdict:
    task = PACKED[language]
    written = body if body == task.patched else task.prompt + body
    tests = tests or task.tests
    answer = written if body == task.patched else file_of(language, written, task.setup, tests)
    return grade(sandbox, Program(f"x-{language}", answer, f"\n{tests}", official="exit status"))


def test_every_language_is_tried() -> None:
    assert {f"x-{name}" for name in PACKED} == HUMANEVAL_X.keys()


def test_a_right_program_passes_by_both_rules(sandbox: Sandbox, language: str) -> None:
    assert judged(sandbox, language, PACKED[language].right) == Verdict(True, "passed", "", True)


def test_a_wrong_program_fails_by_both_rules(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, PACKED[language].wrong)
    assert (verdict.passed, verdict.official) == (False, False)
    assert verdict.reason in ("failed", "error")


def test_what_does_not_compile_fails_by_both_rules(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, "this ( is no { program")
    assert (verdict.passed, verdict.official) == (False, False)


@pytest.mark.parametrize("way", ["leave", "patched"])
def test_who_gets_round_the_tests_does_not_pass(sandbox: Sandbox, language: str, way: str) -> None:
    verdict = judged(sandbox, language, getattr(PACKED[language], way))
    assert not verdict.passed
    assert verdict.reason in ("early exit", "evaded", "failed", "error", "not compiled")


def test_tests_that_cannot_be_turned_are_judged_by_their_end_and_the_verdict_says_so(
    sandbox: Sandbox, language: str
) -> None:
    task = PACKED[language]
    tests = f"\n{task.untestable}"
    assert HUMANEVAL_X[f"x-{language}"].opposite(tests) == tests
    verdict = judged(sandbox, language, task.right, task.untestable)
    assert (verdict.passed, verdict.official, verdict.reason) == (True, True, "passed")
    assert "no opposite" in verdict.detail
    assert not judged(sandbox, language, task.leave, task.untestable).passed
    assert not judged(sandbox, language, task.wrong, task.untestable).passed


def test_javascript_that_says_anything_fails_as_in_its_harness(sandbox: Sandbox) -> None:
    if isinstance(missing := find("x-js"), str):
        pytest.skip(missing)
    assert judged(sandbox, "js", "  console.log(n)\n  return 2 * n\n}\n").official is False
    quiet = judged(sandbox, "js", "  process.exit(3)\n}\n")
    assert (quiet.official, quiet.passed) == (True, False)  # there, an exit status is not looked at


def test_a_package_that_is_not_there_is_not_measured_and_named(sandbox: Sandbox, language: str) -> None:
    task = PACKED[language]
    program = Program(f"x-{language}", task.prompt + task.wrong, task.tests, needs=("no/such_package",))
    verdict = grade(sandbox, program)
    assert verdict.reason == "not installed"
    assert "no/such_package" in verdict.detail


@pytest.mark.parametrize("language", PACKED)
def test_every_problems_tests_can_be_turned_and_end(language: str) -> None:
    if not (DATA / f"{language}.jsonl").exists():
        pytest.skip(f"{DATA} is not here")
    kind = HUMANEVAL_X[f"x-{language}"]
    rows = [json.loads(line) for line in (DATA / f"{language}.jsonl").read_text().splitlines()]
    assert {row["task_id"] for row in rows if kind.opposite(row["test"]) == row["test"]} == set()
    assert language == "go" or all("WORD" in kind.ending(row["test"], "WORD") for row in rows)
