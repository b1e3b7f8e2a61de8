"""Retrieval: what a small function returns that was planted far back in a long text of code.

After the needle in a haystack (github.com/gkamradt/LLMTest_NeedleInAHaystack) and RULER's several keys (Hsieh et al.
2024, arXiv 2404.06654, section 3.1): other functions like it are planted too, so that guessing does not help.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from midspan import recipe
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means, shares
from midspan.evaluate.context.haystacks import haystack, needles_of, question
from midspan.evaluate.context.source_files import source_files
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Completion, Plain, Sampling
from midspan.recipe.fields import Count
from midspan.step import Tools


class Settings(recipe.Settings):
    """Texts of so many bytes of Python from `data`, `needles` of each length, each planted at every depth (percent)."""

    data: tuple[str, ...]
    lengths: tuple[Count, ...] = (2 << 10, 8 << 10, 32 << 10)
    depths: tuple[Annotated[int, Field(ge=0, le=100)], ...] = (0, 25, 50, 75, 100)
    needles: Count = 8
    others: Annotated[int, Field(ge=1, le=100)] = 7  # planted beside it


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """The same needle at every depth and length, in the same code as far as it goes."""
    code = [file for file in source_files("retrieval.data", settings.data) if file.language == "python"]
    found = []
    for length in settings.lengths:
        for number in range(settings.needles):
            needle, *others = needles_of(held_out.seed, number, 1 + settings.others)
            for depth in settings.depths:
                text = haystack(code, length, needle, others, depth / 100, held_out.seed)
                group, prompt = f"{length} bytes", Plain(text + question(needle, others[0]))
                found.append(Item(f"{number} at {depth} %", f"needle {number}", prompt, group, needle.value, depth))
    return found


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Passed where the number that the answer begins with is the needle's."""
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, Completion)
        number = re.match(r"\s*(\d+)", answer.text)
        right = number is not None and number[1] == item.expected
        verdicts.append(Verdict("passed" if right else "failed", values={f"at {item.source} %": float(right)}))
    return verdicts


def scores(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Score]:
    """By length, and by length and depth."""
    depths = dict.fromkeys(item.source for item in items)
    by_depth = [means(f"retrieved at depth {depth} %", f"at {depth} %", items, verdicts) for depth in depths]
    return [*shares("retrieved", items, verdicts), *(score for found in by_depth for score in found)]


RETRIEVAL = Benchmark(
    version=1,
    about="Retrieval is the share of planted functions whose constant the model writes at the end of a long text of "
    "code, by the length of the text and by how deep in it the function stands.",
    settings=Settings,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=items,
    grade=grade,
    scores=scores,
    sampling=lambda settings, group: Sampling(max_tokens=12, stop=("\n",)),
    always=False,
)
