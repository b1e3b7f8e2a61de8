"""What the families promise: breadth, several wordings, solutions that their own tests accept."""

from __future__ import annotations

from typing import Any

import pytest

from midspan.exercises import Exercise, generate_exercises
from midspan.exercises.families import FAMILIES

ALL = [(topic, family) for topic, families in FAMILIES.items() for family in families]
IDS = [family.name for _, family in ALL]


def run_here(exercise: Exercise, code: str) -> None:
    """Run our own code and its tests in this process."""
    names: dict[str, Any] = {"query": code}
    if exercise.language == "python":
        exec(code, names)
    exec(exercise.tests, names)


def test_there_are_64_families_and_eight_of_every_topic() -> None:
    assert len(ALL) >= 64
    assert len(set(IDS)) == len(IDS)
    assert list(FAMILIES) == ["numbers", "strings", "lists", "dictionaries", "recursion", "classes", "sql"]
    assert min(len(families) for families in FAMILIES.values()) >= 8


@pytest.mark.parametrize(("topic", "family"), ALL, ids=IDS)
def test_a_family_has_enough_phrasings_and_settings_each_with_its_own_exercise(topic: str, family: Any) -> None:
    assert len(set(family.phrasings)) >= 4
    asked = {
        (family.instruction(parameters, phrasing), family.code(parameters))
        for parameters in family.parameters
        for phrasing in family.phrasings
    }
    assert len(asked) == len(family.parameters) * len(family.phrasings) >= 100
    # Two settings with one instruction would have two right answers, two settings with one solution would leak.
    assert len({instruction for instruction, _ in asked}) == len(asked)
    assert len({solution for _, solution in asked}) == len(family.parameters)


def test_every_reference_solution_passes_its_own_tests() -> None:
    for exercise in generate_exercises(seed=11, per_family=25):
        run_here(exercise, exercise.solution)


def test_tests_have_three_assertions_and_instructions_and_solutions_are_short() -> None:
    for exercise in generate_exercises(seed=3, per_family=20):
        assert exercise.tests.count("assert ") >= 3, exercise
        assert len(exercise.instruction.split()) <= 40, exercise.instruction
        assert len(exercise.solution.splitlines()) <= 7, exercise.solution
        assert len(exercise.solution) <= 200, exercise.solution
        assert "$" not in exercise.instruction + exercise.solution + exercise.tests


def test_the_entry_point_is_in_backticks_in_the_instruction_and_in_the_tests() -> None:
    for exercise in generate_exercises(seed=4, per_family=10):
        assert exercise.entry_point in exercise.tests
        if exercise.language == "python":
            assert f"`{exercise.entry_point}" in exercise.instruction
            assert f" {exercise.entry_point}" in exercise.solution


def test_what_is_particular_to_an_exercise_can_be_read_from_its_instruction() -> None:
    """The numbers of a solution stand in the instruction, or belong to the family's every solution."""
    import re

    by_family: dict[str, list[Exercise]] = {}
    for exercise in generate_exercises(seed=5, per_family=12):
        by_family.setdefault(exercise.family, []).append(exercise)
    for exercises in by_family.values():
        numbers = [set(re.findall(r"\d+", exercise.solution)) for exercise in exercises]
        common = set.intersection(*numbers)
        for exercise, found in zip(exercises, numbers, strict=True):
            assert found - common <= set(re.findall(r"\d+", exercise.instruction)), exercise
