"""Families → exercises. The seed says which are drawn; which exist, and in which split each is, it does not."""

from __future__ import annotations

import json
from functools import cache
from random import Random

from midspan.exercises.exercise import Exercise
from midspan.exercises.families import FAMILIES
from midspan.exercises.family import Family, Parameters
from midspan.files import hash_text

HELDOUT_FAMILIES = 0.12  # of each topic's families, at least one
HELDOUT_PARAMETERS = 0.15  # of each other family's parameter settings


def _setting_hash(family: Family, parameters: Parameters) -> str:
    """The hash of what the exercise is about: the parameters without those that only name things."""
    setting = {name: value for name, value in parameters.items() if name not in ("function", "argument")}
    return hash_text(f"{family.name} {json.dumps(setting, sort_keys=True)}")


@cache
def heldout_families(topic: str) -> frozenset[str]:
    """The names of the topic's families that no training exercise comes from: those with the smallest hashes."""
    names = sorted((family.name for family in FAMILIES[topic]), key=hash_text)
    return frozenset(names[: max(1, round(HELDOUT_FAMILIES * len(names)))])


@cache
def heldout_parameters(family: Family) -> frozenset[str]:
    """The hashes of the family's parameter settings that no training exercise has, in any phrasing."""
    hashes = sorted({_setting_hash(family, parameters) for parameters in family.parameters})
    return frozenset(hashes[: round(HELDOUT_PARAMETERS * len(hashes))])


def _exercise(topic: str, family: Family, parameters: Parameters, phrasing: str, split: str) -> Exercise:
    instruction, solution = family.instruction(parameters, phrasing), family.code(parameters)
    return Exercise(
        identifier=f"{family.name}/{hash_text(instruction + solution)[:12]}",
        family=family.name,
        topic=topic,
        language="sql" if topic == "sql" else "python",
        instruction=instruction,
        solution=solution,
        tests=family.assertions(parameters),
        split=split,
        entry_point=family.entry_point(parameters),
    )


def _family_exercises(topic: str, family: Family, random: Random, count: int) -> list[Exercise]:
    """Up to `count` exercises; a setting comes in a second phrasing only when every setting had its first."""
    heldout_family = family.name in heldout_families(topic)
    heldout = heldout_parameters(family)
    settings = random.sample(family.parameters, len(family.parameters))
    phrasings = [random.sample(family.phrasings, len(family.phrasings)) for _ in settings]
    exercises: list[Exercise] = []
    for turn in range(len(family.phrasings)):
        for parameters, order in zip(settings, phrasings, strict=True):
            if len(exercises) == count:
                return exercises
            split = "heldout-parameter" if _setting_hash(family, parameters) in heldout else "train"
            split = "heldout-family" if heldout_family else split
            exercises.append(_exercise(topic, family, parameters, order[turn], split))
    return exercises


def generate_exercises(seed: int, per_family: int) -> list[Exercise]:
    """Up to `per_family` distinct exercises of every family, shuffled: any part of the list is a fair sample."""
    exercises = [
        exercise
        for topic, families in FAMILIES.items()
        for family in families
        for exercise in _family_exercises(topic, family, Random(f"{seed} {family.name}"), per_family)
    ]
    Random(f"{seed} order").shuffle(exercises)
    return exercises
