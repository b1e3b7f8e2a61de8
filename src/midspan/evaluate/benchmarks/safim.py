"""SAFIM (Gong et al. 2024, arXiv 2403.04814): blocks, control expressions and calls are taken out, and written again.

Rows and verdicts: contests/holes.py, which names their source.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from midspan.errors import UserError
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means, sampled
from midspan.evaluate.contests.holes import FIELDS, Hole, fill_all
from midspan.evaluate.data import DataRow, askable, rows_of
from midspan.evaluate.programs import ProgramSettings, program_scores
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Completion, Fill
from midspan.recipe.fields import Count
from midspan.step import Tools

NAMES = {"python": "Python", "java": "Java", "cpp": "C++", "csharp": "C#"}
Subset = Literal["block", "block_v2", "control", "api"]
FILES = {"block": "block_completion", "block_v2": "block_completion_v2", "control": "control_completion_fixed"}
FILES |= {"api": "api_completion"}  # as on the hub


class Settings(ProgramSettings):
    """`data` is a data set on the hub, or a folder of the released files."""

    data: str = "gonglinyuan/safim"
    subsets: tuple[Subset, ...] = ("block", "control", "api")
    max_tokens: Count = 128


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each subset and language; holes of one problem are one cluster."""
    found: dict[str, list[Item]] = {}
    for subset in settings.subsets:
        for hole in askable(settings.data, _rows(settings.data, subset), partial(Hole.of, subset.removesuffix("_v2"))):
            group, prompt = f"{subset}, {NAMES[hole.language]}", Fill(*hole.seen)
            found.setdefault(group, []).append(Item(hole.name, hole.problem, prompt, group, hole.truth, hole))
    return sampled(
        [item for of_group in found.values() for item in of_group[: settings.first or None]], settings.samples
    )


def _rows(data: str, subset: str) -> list[DataRow]:
    folder = Path(data).expanduser()
    if not folder.is_dir():
        return rows_of(data, FIELDS, config=subset)
    file = folder / f"{FILES[subset]}.jsonl.gz"
    if not file.exists():
        raise UserError(f"safim.data: there is no {file}: fetch it, or leave {subset} out of safim.subsets")
    return rows_of(str(file), FIELDS)


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """An answer is cut where it ends by syntax; what is not as it was is run, or, a call, compared."""
    texts = [answer.text for answer in answers if isinstance(answer, Completion)]
    return fill_all([item.source for item in items], texts, tools)


SAFIM = Benchmark(
    version=1,
    about="SAFIM: blocks, control expressions and calls are taken out of programs. An answer is cut where it ends by "
    "syntax; it passes if it is what was there or the program passes its tests; a call, if its arguments are the same, "
    "strictly the function too. What cannot be run here counts for exact match alone.",
    settings=Settings,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=items,
    grade=grade,
    scores=lambda of, verdicts: [*program_scores(of, verdicts), *means("exact match", "exact", of, verdicts)],
    sampling=lambda settings, group: settings.sampling(()),
    always=False,
)
