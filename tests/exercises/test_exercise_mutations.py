"""Mutations are wrong, compile, look like the solution, and are caught by the tests."""

from __future__ import annotations

import signal
import warnings
from collections import defaultdict
from types import FrameType
from typing import Any

import pytest

from midspan.exercises import Exercise, generate_exercises, mutations
from midspan.exercises.families import FAMILIES


class OutOfTimeError(BaseException):
    """A mutation that does not end."""


def interrupt(number: int, frame: FrameType | None) -> None:
    raise OutOfTimeError


def passes(exercise: Exercise, code: str) -> bool:
    """Whether a mutation of our own code passes, in this process, within a second."""
    names: dict[str, Any] = {"query": code}
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        if exercise.language == "python":
            exec(code, names)
        exec(exercise.tests, names)
    except (Exception, OutOfTimeError):
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


@pytest.fixture(scope="module")
def exercises() -> list[Exercise]:
    return generate_exercises(seed=5, per_family=2)


def test_the_tests_catch_the_mutations_of_every_family(exercises: list[Exercise]) -> None:
    signal.signal(signal.SIGALRM, interrupt)
    caught: dict[str, list[bool]] = defaultdict(list)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        for exercise in exercises:
            caught[exercise.family] += [not passes(exercise, code) for code in mutations(exercise, seed=0)]
    assert set(caught) == {family.name for families in FAMILIES.values() for family in families}
    assert all(any(found) for found in caught.values())
    everything = [one for found in caught.values() for one in found]
    assert sum(everything) / len(everything) > 0.95


def test_mutations_differ_from_the_solution_and_from_each_other_and_compile(exercises: list[Exercise]) -> None:
    for exercise in exercises:
        variants = list(mutations(exercise, seed=3))
        assert exercise.solution not in variants
        assert len(set(variants)) == len(variants)
        if exercise.language == "python":
            for code in variants:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", SyntaxWarning)
                    compile(code, "mutation", "exec")


def test_a_mutation_is_one_small_edit_in_the_style_of_the_solution(exercises: list[Exercise]) -> None:
    for exercise in exercises:
        lines = exercise.solution.split("\n")
        for code in mutations(exercise, seed=3):
            mutated = code.split("\n")
            assert len(mutated) == len(lines)
            assert sum(a != b for a, b in zip(lines, mutated, strict=True)) == 1


def test_the_seed_gives_the_order_and_nothing_else(exercises: list[Exercise]) -> None:
    one, two = list(mutations(exercises[0], 1)), list(mutations(exercises[0], 2))
    assert one == list(mutations(exercises[0], 1))
    assert sorted(one) == sorted(two)
    assert any(list(mutations(e, 1)) != list(mutations(e, 2)) for e in exercises)


def exercise_with(solution: str, language: str = "python", tests: str = "") -> Exercise:
    return Exercise("f/0", "f", "lists", language, "", solution, tests, "train", "f")


def test_the_expected_mistakes_are_among_the_mutations_of_a_function() -> None:
    solution = 'def f(a, b):\n    return [n for n in a[1:] if n < 7 and n != "é"]'
    variants = set(mutations(exercise_with(solution), 0))
    expected = {
        solution.replace("<", "<="),
        solution.replace("<", ">"),
        solution.replace("7", "8"),
        solution.replace("and", "or"),
        solution.replace("!=", "=="),
        solution.replace("a[1:]", "b[1:]"),
        solution.replace("a[1:]", "a[:1]"),
        solution.replace(' if n < 7 and n != "é"', ""),
        solution.replace("return ", ""),
    }
    assert expected <= variants


def test_the_expected_mistakes_are_among_the_mutations_of_a_query() -> None:
    solution = "SELECT DISTINCT city FROM people WHERE age > 30 ORDER BY age DESC;"
    tests = 'connection.execute("CREATE TABLE people (name TEXT, city TEXT, age INTEGER)")'
    variants = set(mutations(exercise_with(solution, "sql", tests), 0))
    expected = {
        solution.replace(">", ">="),
        solution.replace("30", "31"),
        solution.replace("DISTINCT ", ""),
        solution.replace("DESC", "ASC"),
        solution.replace("city", "name"),
        solution.replace(" WHERE age > 30", ""),
        solution.replace(" ORDER BY age DESC", ""),
    }
    assert expected <= variants
