"""Infilling: a line, a block or a syntax node of a held-out file is taken out, and the model writes it again."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from midspan import recipe
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means
from midspan.evaluate.gaps import KINDS, Gap, gaps_of, held_out_files
from midspan.evaluate.in_place import VALUES, values_in_place
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Completion, Fill, Plain, Sampling
from midspan.recipe.fields import Amount, Count
from midspan.step import Tools

LEFT = "lines, left side alone"
OF_ONE_LINE = frozenset({"lines", LEFT})  # their answers end with the line
LINE_TOKENS = 48


class Settings(recipe.Settings):
    """How many of each kind, as long as there are as many; `left`: of the lines, so many from the left side alone."""

    lines: Amount = 200
    blocks: Amount = 50
    nodes: Amount = 50
    left: Amount = 200
    max_tokens: Count = 192  # of a block or a node


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """Chosen by seed over all files of code; the suffix begins where the gap ends."""
    assert held_out.documents is not None
    files = held_out_files(held_out.documents)
    found: list[Item] = []
    for kind in KINDS:
        drawn = (one for file in files for one in gaps_of(kind, file, held_out.seed))
        chosen = heapq.nsmallest(getattr(settings, kind), drawn, key=lambda one: one[0])
        found += [item_of(gap, kind, Fill(gap.prefix, gap.suffix)) for _, gap in chosen]
    lines = [item.source for item in found if item.group == "lines"][: settings.left]
    return [*found, *(item_of(gap, LEFT, Plain(gap.prefix, cut=True)) for gap in lines)]


def item_of(gap: Gap, group: str, prompt: Fill | Plain) -> Item:
    """The item that asks for a gap."""
    return Item(gap.place, gap.document.id, prompt, group, gap.middle.rstrip(), gap)


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Passed where the answer is what was taken out, blanks at its end aside."""
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, Completion)
        values = values_in_place(item.source, answer, item.group in OF_ONE_LINE)
        verdicts.append(Verdict("passed" if values["exact"] else "failed", values=values))
    return verdicts


def sampling(settings: Settings, group: str) -> Sampling:
    """Greedy, and ended as the server ends answers; a line ends with its line."""
    limit, stop = (LINE_TOKENS, ("\n",)) if group in OF_ONE_LINE else (settings.max_tokens, ())
    return Sampling(limit, stop=stop, stop_at_suffix=True)


INFILLING = Benchmark(
    version=4,
    about="Infilling takes a line, a block of lines or a syntax node out of held-out files. A model that knows a "
    "layout for it sees both sides, another the left alone. Answers end as in an editor: where the model ends them, or "
    "begins to repeat what follows. Edit similarity is the share of characters in the longest common subsequence.",
    settings=Settings,
    asks=dict.fromkeys((*KINDS, LEFT), frozenset({"plain"})),
    reads=("documents",),
    items=items,
    grade=grade,
    scores=lambda items, verdicts: [
        score for value, (name, better) in VALUES.items() for score in means(name, value, items, verdicts, better)
    ],
    sampling=sampling,
)
