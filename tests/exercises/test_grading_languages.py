"""The same small task in every language: right, wrong, not to be compiled, endless, and the ways to get round tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from double_in_every_language import TASKS

from midspan.exercises.grading import LANGUAGES, Program, Verdict, find, grade, grade_all
from midspan.exercises.grading.languages import Language
from midspan.sandbox import Sandbox


@pytest.fixture(params=TASKS)
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if isinstance(missing := find(name), str):
        pytest.skip(missing)  # compilers are the user's to install; CI installs all of them
    return name


def judged(sandbox: Sandbox, language: str, body: str) -> Verdict:
    task = TASKS[language]
    answer = task.frame.format(body) if body != task.patched else body
    return grade(sandbox, Program(language, answer, task.tests, official="exit status"))


def test_every_language_is_tried() -> None:
    assert TASKS.keys() == LANGUAGES.keys()


def test_a_right_program_passes_by_both_rules(sandbox: Sandbox, language: str) -> None:
    assert judged(sandbox, language, TASKS[language].right) == Verdict(True, "passed", "", True)


def test_a_wrong_program_fails_by_both_rules(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, TASKS[language].wrong)
    assert (verdict.passed, verdict.official) == (False, False)
    assert verdict.reason in ("failed", "error")


def test_a_crash_is_an_error(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, TASKS[language].crash)
    assert (verdict.passed, verdict.official) == (False, False)
    assert verdict.reason in ("failed", "error")


def test_what_does_not_compile_says_where(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, "this ( is no { program")
    assert (verdict.passed, verdict.official) == (False, False)
    if LANGUAGES[language].compile:
        assert verdict.reason == "not compiled"
        assert "error" in verdict.detail


def test_a_program_that_never_ends_is_out_of_time(
    sandbox: Sandbox, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = find(language)
    assert not isinstance(installed, str)
    seconds = {"ts": 4.0, "java": 3.0}.get(language, 2.0 if LANGUAGES[language].compile else 0.5)  # to compile, too
    quick = replace(installed.language.policy, cpu_seconds=seconds)
    monkeypatch.setattr(Language, "policy", property(lambda self: quick))
    verdict = judged(sandbox, language, TASKS[language].spin)
    assert (verdict.passed, verdict.official, verdict.reason) == (False, False, "timeout")


@pytest.mark.parametrize("way", ["leave", "patched"])
def test_who_gets_round_the_tests_does_not_pass(sandbox: Sandbox, language: str, way: str) -> None:
    verdict = judged(sandbox, language, getattr(TASKS[language], way))
    assert not verdict.passed
    assert verdict.reason != "infra"


def test_a_language_that_is_not_installed_is_not_measured_and_says_what_to_install(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    find.cache_clear()
    verdict = grade(sandbox, Program("go", "package main", ""))
    find.cache_clear()
    assert verdict == Verdict(False, "not installed", "Go needs go: apt-get install golang-go")


def test_what_a_language_prepares_is_made_once_though_two_programs_ask_for_it_at_once(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if isinstance(missing := find("cpp"), str):
        pytest.skip(missing)
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path))
    find.cache_clear()
    task = TASKS["cpp"]
    programs = [Program("cpp", task.frame.format(body), task.tests) for body in (task.right, task.wrong)]
    assert [one.passed for one in grade_all(sandbox, programs, 2)] == [True, False]
    find.cache_clear()
