"""Generation is a pure function, and what is held out is held out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from midspan.exercises import Exercise, generate_exercises
from midspan.exercises.families import FAMILIES
from midspan.exercises.generate import heldout_families, heldout_parameters

DIGEST = """
import hashlib, json, dataclasses
from midspan.exercises import generate_exercises, mutations
exercises = generate_exercises(7, 4)
wrong = [list(mutations(exercise, 1)) for exercise in exercises]
print(hashlib.sha256(json.dumps([list(map(dataclasses.astuple, exercises)), wrong]).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def exercises() -> list[Exercise]:
    return generate_exercises(seed=1, per_family=60)


@pytest.fixture(scope="module")
def everything() -> list[Exercise]:
    return generate_exercises(seed=1, per_family=10_000)


def test_the_same_seed_gives_the_same_exercises_and_mutations_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "12345")
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_another_seed_gives_other_exercises() -> None:
    first = {exercise.identifier for exercise in generate_exercises(1, 5)}
    second = {exercise.identifier for exercise in generate_exercises(2, 5)}
    assert len(first & second) < len(first) / 2


def test_no_exercise_comes_twice(exercises: list[Exercise]) -> None:
    assert len({exercise.identifier for exercise in exercises}) == len(exercises)
    assert len({exercise.instruction for exercise in exercises}) == len(exercises)


def test_an_identifier_means_the_same_exercise_whatever_the_seed(exercises: list[Exercise]) -> None:
    known = {exercise.identifier: exercise for exercise in exercises}
    again = [exercise for exercise in generate_exercises(2, 60) if exercise.identifier in known]
    assert len(again) > 100
    assert all(exercise == known[exercise.identifier] for exercise in again)


def test_every_family_gives_what_was_asked_for_and_at_most_what_it_has(everything: list[Exercise]) -> None:
    counts = Counter(exercise.family for exercise in generate_exercises(1, 40))
    assert set(counts.values()) == {40}
    all_counts = Counter(exercise.family for exercise in everything)
    for families in FAMILIES.values():
        for family in families:
            assert all_counts[family.name] == len(family.parameters) * len(family.phrasings)


def test_heldout_families_are_an_eighth_of_all_and_one_of_every_topic() -> None:
    heldout = [heldout_families(topic) for topic in FAMILIES]
    assert all(heldout)
    share = sum(map(len, heldout)) / sum(map(len, FAMILIES.values()))
    assert 0.08 < share < 0.16


def test_train_shares_no_family_with_heldout_families_and_no_setting_with_heldout_parameters(
    everything: list[Exercise],
) -> None:
    by_split: dict[str, set[str]] = {}
    solutions: dict[str, set[str]] = {}
    for exercise in everything:
        by_split.setdefault(exercise.split, set()).add(exercise.family)
        solutions.setdefault(exercise.split, set()).add(exercise.solution)
    assert set(by_split) == {"train", "heldout-parameter", "heldout-family"}
    assert not by_split["heldout-family"] & (by_split["train"] | by_split["heldout-parameter"])
    assert by_split["heldout-parameter"] == by_split["train"]
    assert not solutions["train"] & solutions["heldout-parameter"]
    assert not solutions["train"] & solutions["heldout-family"]


def test_a_heldout_number_is_not_in_train_under_another_function_name(everything: list[Exercise]) -> None:
    """`function` and `argument` only name things: round-down by 7 is one setting, however the function is called."""
    train, heldout = set(), set()
    for exercise in everything:
        if exercise.family == "round-down":
            number = exercise.solution.split("//")[1].split()[0]
            (train if exercise.split == "train" else heldout).add(number)
    assert heldout
    assert not train & heldout


def test_about_fifteen_percent_of_the_settings_are_held_out(exercises: list[Exercise]) -> None:
    for families in FAMILIES.values():
        for family in families:
            settings = {
                json.dumps({k: v for k, v in p.items() if k not in ("function", "argument")}) for p in family.parameters
            }
            assert 0.1 < len(heldout_parameters(family)) / len(settings) < 0.2, family.name


def test_any_part_of_the_list_is_a_mixture_of_topics(exercises: list[Exercise]) -> None:
    assert len({exercise.topic for exercise in exercises[:50]}) == len(FAMILIES)
