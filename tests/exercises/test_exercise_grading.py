"""Verdicts, with the real sandbox."""

from __future__ import annotations

import pytest

from midspan.exercises import Exercise, Verdict, generate_exercises, grade, grade_all, mutations, program_of
from midspan.sandbox import Outcome, Sandbox

EXERCISES = generate_exercises(seed=6, per_family=2)
SAMPLE = [next(e for e in EXERCISES if e.family == name) for name in ("count-greater", "two-fields", "select-above")]
FUNCTION, CLASS, QUERY = SAMPLE


def test_all_reference_solutions_pass(sandbox: Sandbox) -> None:
    done: list[int] = []
    verdicts = grade_all(sandbox, [program_of(e, e.solution) for e in EXERCISES], workers=2, on_progress=done.append)
    assert [v for v in verdicts if v != Verdict(True, "passed")] == []
    assert done == sorted(done)
    assert done[-1] == len(EXERCISES)


@pytest.mark.parametrize("exercise", SAMPLE, ids=lambda exercise: exercise.family)
def test_a_wrong_answer_does_not_pass(sandbox: Sandbox, exercise: Exercise) -> None:
    verdicts = grade_all(sandbox, [program_of(exercise, code) for code in mutations(exercise, 0)], workers=2)
    assert verdicts
    assert {v.reason for v in verdicts} <= {"failed", "error"}


@pytest.mark.parametrize("exercise", [FUNCTION, CLASS], ids=lambda exercise: exercise.family)
@pytest.mark.parametrize(
    "ending",
    [
        "exit(0)",
        "quit()",
        "raise SystemExit",
        "import sys; sys.exit()",
        "import os; os._exit(0)",
        "print('passed'); exit(0)",
    ],
)
def test_an_answer_that_ends_the_program_with_success_is_an_early_exit(
    sandbox: Sandbox, exercise: Exercise, ending: str
) -> None:
    assert grade(sandbox, program_of(exercise, f"{exercise.solution}\n{ending}")).reason == "early exit"


@pytest.mark.parametrize("place", ["sys.stdin", "open(sys.argv[0])", "open('/proc/self/environ')"])
def test_the_sentinel_is_in_no_place_that_an_answer_would_read_and_print(sandbox: Sandbox, place: str) -> None:
    code = f"import sys\nprint({place}.read())\nsys.exit()"
    assert grade(sandbox, program_of(FUNCTION, code)).reason == "early exit"


def test_an_exit_inside_of_the_function_is_an_early_exit(sandbox: Sandbox) -> None:
    code = f"import os\ndef {FUNCTION.entry_point}(numbers):\n    os._exit(0)"
    assert grade(sandbox, program_of(FUNCTION, code)) == Verdict(
        False, "early exit", "the program ended with exit code 0"
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(:", "error"),
        ("", "error"),
        ("1 / 0", "error"),
        ("import sys; sys.exit(3)", "error"),
        ("input()", "error"),
        ("import os; os.kill(os.getpid(), 11)", "error"),
        ("data = bytearray(10 ** 10)", "error"),
        ("while True: print('x' * 1000)", "timeout"),
        ("assert False", "failed"),
        ("def count_greater(numbers): return -1", "failed"),
        ("while True: pass", "timeout"),
    ],
)
def test_every_kind_of_failure_has_its_reason(sandbox: Sandbox, code: str, reason: str) -> None:
    verdict = grade(sandbox, program_of(FUNCTION, code))
    assert (verdict.passed, verdict.reason) == (False, reason)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELEC", "error"),
        ("", "failed"),
        ("SELECT 1; SELECT 2", "error"),
        ("SELECT 1", "failed"),
        ("'''\nexit(0)", "error"),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", "timeout"),
    ],
)
def test_a_query_is_data_and_fails_for_its_own_reasons(sandbox: Sandbox, query: str, reason: str) -> None:
    assert grade(sandbox, program_of(QUERY, query)).reason == reason


def test_what_the_answer_prints_does_not_disturb_its_verdict(sandbox: Sandbox) -> None:
    chatty = f"print('no newline at the end', end='')\n{FUNCTION.solution}"
    assert grade(sandbox, program_of(FUNCTION, chatty)).passed


class Recorder:
    """A stand-in for the sandbox that counts runs and gives the outcomes in turn."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0

    def run(self, *given: object) -> Outcome:
        self.runs += 1
        return self.outcomes.pop(0)


def test_equal_programs_run_once_and_verdicts_keep_their_order() -> None:
    recorder = Recorder(
        Outcome("nonzero", 1, None, 0, 0, "", "Segmentation fault"), Outcome("ok", 0, None, 0, 0, "", "")
    )
    programs = [program_of(FUNCTION, code) for code in "abaa"]
    verdicts = grade_all(recorder, programs, workers=1)  # type: ignore[arg-type]
    assert [v.reason for v in verdicts] == ["error", "early exit", "error", "error"]
    assert recorder.runs == 2


def test_a_failure_of_the_sandbox_is_not_the_answers() -> None:
    recorder = Recorder(Outcome("infra", 255, None, 0, 0, "", "no namespaces"))
    verdict = grade(recorder, program_of(FUNCTION, "x"))  # type: ignore[arg-type]
    assert verdict == Verdict(False, "infra", "no namespaces")
