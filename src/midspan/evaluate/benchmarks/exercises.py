"""Held-out exercises: a greedy answer to each, run against its tests in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence

from midspan import recipe
from midspan.batches import generator
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, shares
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import NOT_MEASURED, extract_code, generate_exercises, grade_all, messages, program_of
from midspan.inference import Chat, Completion, Sampling
from midspan.progress import progress
from midspan.recipe.fields import Count
from midspan.step import Tools

GROUPS = {"heldout-parameter": "new parameters", "heldout-family": "new families"}


class Settings(recipe.Settings):
    """`count` exercises held out by parameter and half as many by family, out of `per_family` drawn of each family."""

    count: Count = 100
    per_family: Count = 40
    max_tokens: Count = 96


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """Chosen by seed over all families."""
    drawn = generate_exercises(held_out.seed, settings.per_family)
    found: list[Item] = []
    for split, size in (("heldout-parameter", settings.count), ("heldout-family", max(1, settings.count // 2))):
        pool = [exercise for exercise in drawn if exercise.split == split]
        order = generator(held_out.seed, "exercises", split).permutation(len(pool))[:size]
        for exercise in (pool[index] for index in order):
            chat = Chat(messages(exercise))
            found.append(Item(exercise.identifier, exercise.family, chat, GROUPS[split], source=exercise))
    return found


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """What the sandbox says; trouble that is the machine's is not measured."""
    texts = [answer.text for answer in answers if isinstance(answer, Completion)]
    programs = [program_of(item.source, extract_code(text)) for item, text in zip(items, texts, strict=True)]
    if not programs:
        return []
    with progress("tests", len(programs), "programs") as line:
        found = grade_all(tools.sandbox, programs, tools.workers, line.update, tools.verdicts)
    return [
        Verdict("not measured", one.detail)
        if one.reason in NOT_MEASURED
        else Verdict("passed" if one.passed else "failed", f"{one.reason} {one.detail}".strip())
        for one in found
    ]


EXERCISES = Benchmark(
    version=2,
    about="pass@1 is the share of exercises whose one greedy answer passes its tests, run in a sandbox. New parameters "
    "are kinds of exercise seen in training with other parameters, new families are kinds never seen.",
    settings=Settings,
    asks=dict.fromkeys(GROUPS.values(), frozenset({"chat"})),
    reads=(),
    items=items,
    grade=grade,
    scores=lambda items, verdicts: shares("pass@1", items, verdicts),
    sampling=lambda settings, group: Sampling(max_tokens=settings.max_tokens),
)
