"""Free completions of a few beginnings, for people to look at: nothing is measured."""

from __future__ import annotations

from collections.abc import Sequence

from midspan import recipe
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Plain, Sampling
from midspan.recipe.fields import Count
from midspan.step import Tools

BEGINNINGS = ("def read_lines(path):\n", "import os\n\n\ndef ", "class Stack:\n    def __init__(self):\n")


class Settings(recipe.Settings):
    """What is to be gone on with, and how freely."""

    prompts: tuple[str, ...] = BEGINNINGS
    max_tokens: Count = 64
    temperature: float = 0.2


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """One for each prompt."""
    return [Item(f"prompt {number}", "", Plain(text)) for number, text in enumerate(settings.prompts, 1)]


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """There is nothing to pass."""
    return [Verdict("measured") for _ in items]


COMPLETIONS = Benchmark(
    version=1,
    about="What the model goes on with after a few beginnings.",
    settings=Settings,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=items,
    grade=grade,
    scores=lambda items, verdicts: [],
    sampling=lambda settings, group: Sampling(
        max_tokens=settings.max_tokens, temperature=settings.temperature, top_p=0.95
    ),
)
