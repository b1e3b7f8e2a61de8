"""Translation: a function that passes its tests in one language is written again in another.

Asked in the manner of CodeGeeX (Zheng et al. 2023, arXiv 2303.17568, section 4), judged by MultiPL-E's tests.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from midspan.errors import UserError
from midspan.evaluate.benchmark import Benchmark, HeldOut
from midspan.evaluate.benchmarks import multipl_e
from midspan.evaluate.data import place_of, rows_of
from midspan.evaluate.programs import ABOUT
from midspan.evaluate.subject import Item
from midspan.inference import Plain

SOURCES = {"python": "Python", "cpp": "C++", "js": "JavaScript", "java": "Java", "go": "Go", "rust": "Rust"}
PROMPT = "code translation\n{source}:\n{code}\n{target}:\n{begun}"


class Settings(multipl_e.Settings):
    """`data` and `languages` are MultiPL-E's, the targets; the sources are `programs`, solutions of HumanEvalPack."""

    programs: str = "bigcode/humanevalpack"
    source: Literal["python", "cpp", "js", "java", "go", "rust"] = "python"


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """MultiPL-E's problems, each with its solution in the source language before it."""
    place = place_of(settings.programs, f"{settings.source}.jsonl")
    rows = rows_of(place, ("task_id", "declaration", "canonical_solution"), config=settings.source)
    solutions = {row["task_id"].partition("/")[2]: row["declaration"] + row["canonical_solution"] for row in rows}
    found = [_item(item, settings.source, solutions) for item in multipl_e.items(settings, held_out)]
    if not any(found):
        raise UserError(f"{place} has no problem of {settings.data}: programs is HumanEvalPack, or a folder with it")
    return [item for item in found if item]


def _item(item: Item, source: str, solutions: dict[str, str]) -> Item | None:
    assert isinstance(item.prompt, Plain)
    code = solutions.get(item.cluster.removeprefix("HumanEval_"))
    if code is None or item.group == SOURCES[source]:
        return None
    fields = {"source": SOURCES[source], "target": item.group, "code": code.strip(), "begun": item.prompt.text}
    return replace(item, prompt=Plain(PROMPT.format(**fields)))


TRANSLATION = Benchmark(
    version=1,
    about=f"Translation: a function is written again in another language. {ABOUT}",
    settings=Settings,
    asks=multipl_e.MULTIPL_E.asks,
    reads=(),
    items=items,
    grade=multipl_e.MULTIPL_E.grade,
    scores=multipl_e.MULTIPL_E.scores,
    sampling=multipl_e.MULTIPL_E.sampling,
    always=False,
)
