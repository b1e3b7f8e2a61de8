"""What a benchmark is: items, verdicts on the answers to them, and scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from midspan.evaluate.result import Better, Outcome, Score
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Sampling
from midspan.recipe import Settings
from midspan.step import Tools


@dataclass(frozen=True)
class HeldOut:
    """What no model has seen, for items to be made of; None where a run has none of it."""

    seed: int
    documents: Path | None = None  # a folder of files
    pairs: Path | None = None  # a file of preference pairs
    reference: Path | None = None  # the same benchmark's result of the model that training started from


@dataclass(frozen=True)
class Verdict:
    """What became of one answer. `values` are what scores are made of where passing is not the question."""

    outcome: Outcome
    detail: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Benchmark:
    """One kind of benchmark. `version` is raised by hand when it asks or judges otherwise: its results are redone."""

    version: int
    about: str  # what its scores mean, in a sentence for the report
    settings: type[Settings]
    asks: Mapping[str, frozenset[str]]  # group of items ("": any other) → what a model must be able to do
    reads: tuple[str, ...]  # fields of HeldOut
    items: Callable[[Any, HeldOut], list[Item]]
    grade: Callable[[Sequence[Item], Sequence[Answer], Tools], list[Verdict]]
    scores: Callable[[Sequence[Item], Sequence[Verdict]], list[Score]]
    sampling: Callable[[Any, str], Sampling] = lambda settings, group: Sampling()
    # What is asked once the first items are answered; all of them are graded together.
    then: Callable[[Any, Sequence[Item], Sequence[Answer]], list[Item]] = lambda settings, items, answers: []
    always: bool = True  # whether a recipe asks it without naming it


def sampled(items: Sequence[Item], samples: int) -> list[Item]:
    """Every item so many times, to be asked with another seed each time."""
    return [replace(item, sample=sample) for item in items for sample in range(samples)]


def means(
    name: str,
    measure: str,
    items: Sequence[Item],
    verdicts: Sequence[Verdict],
    better: Better = "higher",
    share: bool = True,
) -> list[Score]:
    """The mean of a value in each group, over the verdicts that have it: a share from 0 to 1, or on its own scale."""
    scores = []
    for group in dict.fromkeys(item.group for item in items):
        pairs = zip(items, verdicts, strict=True)
        found = [one.values[measure] for item, one in pairs if item.group == group and measure in one.values]
        if found:
            mean, binomial, trials = sum(found) / len(found), set(found) <= {0.0, 1.0}, len(found) if share else None
            scores.append(Score(name, group, mean, trials, better, measure=measure, binomial=binomial and share))
    return scores


def shares(name: str, items: Sequence[Item], verdicts: Sequence[Verdict], chance: float | None = None) -> list[Score]:
    """The share that passed in each group; what was not measured counts for neither side."""
    scores = []
    for group in dict.fromkeys(item.group for item in items):
        outcomes = [verdict.outcome for item, verdict in zip(items, verdicts, strict=True) if item.group == group]
        trials = outcomes.count("passed") + outcomes.count("failed")
        if trials:
            scores.append(Score(name, group, outcomes.count("passed") / trials, trials, "higher", chance))
    return scores
