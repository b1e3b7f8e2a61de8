"""LiveCodeBench (Jain et al. 2024, arXiv 2403.07974): dated problems of contests, to be solved in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from midspan.errors import UserError
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, sampled
from midspan.evaluate.contests.printed import judge_all
from midspan.evaluate.contests.problems import FIELDS, day_of, item_of, program_of
from midspan.evaluate.data import askable, rows_of
from midspan.evaluate.programs import ProgramSettings, program_scores
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Answer, Item
from midspan.recipe.fields import Count
from midspan.step import Tools


class Settings(ProgramSettings):
    """`data` are the released files, test.jsonl, test2.jsonl …; `from_date` and `to_date` are days that count, too.

    A test has so many `seconds` of CPU time.
    """

    data: tuple[str, ...] = ("livecodebench/code_generation_lite",)
    from_date: date | None = None
    to_date: date | None = None
    seconds: Count = 6
    max_tokens: Count = 2000


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each difficulty, named with the days from which its questions are."""
    places = ((place, rows_of(place, FIELDS)) for place in settings.data)
    rows = [one for place, of in places for one in askable(place, of, lambda row: (day_of(row), row))]
    begin, end = settings.from_date or min(day for day, _ in rows), settings.to_date or max(day for day, _ in rows)
    asked = [row for day, row in rows if begin <= day <= end]
    if not asked:
        raise UserError(f"livecodebench: none of {len(rows)} questions is from {begin} to {end}: choose other days")
    found: dict[str, list[Item]] = {}
    for item in askable("livecodebench", asked, lambda row: item_of(row, f"{begin} to {end}", settings.seconds)):
        found.setdefault(item.group, []).append(item)
    chosen = [item for of_group in found.values() for item in of_group[: settings.first or None]]
    return sampled(chosen, settings.samples)


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """The last fenced block of a chat model's answer, or all of another's, must pass every test."""
    return judge_all([program_of(item, answer) for item, answer in zip(items, answers, strict=True)], tools)


def scores(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Score]:
    """Of all questions, and by difficulty."""
    together = [replace(item, group="") for item in items]
    return [*program_scores(together, verdicts), *program_scores(items, verdicts)]


LIVECODEBENCH = Benchmark(
    version=1,
    about="LiveCodeBench: an answer passes if it prints or returns what every test of a contest's problem wants. A "
    "model may have seen what is older than its training data: the days are told with each score. A chat model is "
    "asked in a conversation, another after one solved example.",
    settings=Settings,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=items,
    grade=grade,
    scores=scores,
    sampling=lambda settings, group: settings.sampling(("\n### Question",)),
    always=False,
)
