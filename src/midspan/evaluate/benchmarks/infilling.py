"""Infilling: one line of a held-out file is taken out, and the model must give exactly that line."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from midspan import recipe
from midspan.batches import generator
from midspan.corpus import Document, read_documents
from midspan.evaluate.benchmark import Benchmark, HeldOut, Item, Verdict, shares
from midspan.evaluate.subject import Answer
from midspan.inference import Completion, Fill, Plain, Sampling
from midspan.recipe.fields import Count
from midspan.step import Tools

MAX_TOKENS = 32
LINES_PER_FILE = 20
BOTH, LEFT = "both sides", "left side alone"


class Settings(recipe.Settings):
    """How many lines."""

    lines: Count = 200


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """Up to `lines` lines of code, at most twenty of a file, chosen by seed: not blank and not a comment.

    The prefix ends with the line's indentation, where an editor's cursor stands; the suffix begins with its newline.
    """
    assert held_out.documents is not None
    blanks = (blank for document in read_documents(held_out.documents) for blank in _blanks(document, held_out.seed))
    chosen = [item for _, item in heapq.nsmallest(settings.lines, blanks, key=lambda blank: blank[0])]
    return [*chosen, *(_left_alone(item) for item in chosen)]


def _blanks(document: Document, seed: int) -> Iterator[tuple[float, Item]]:
    """Lines of one file, each with a random number by which it is chosen, whatever other files there are."""
    lines = document.text.split("\n")
    candidates = [at for at, text in enumerate(lines[1:-1], 1) if text.strip() and not text.strip().startswith("#")]
    draw = generator(seed, "blanks", document.id)
    for at in draw.permutation(candidates)[:LINES_PER_FILE].tolist():
        code = lines[at].lstrip()
        prefix = "\n".join([*lines[:at], lines[at][: len(lines[at]) - len(code)]])
        suffix = "\n" + "\n".join(lines[at + 1 :])
        identifier = f"{document.repository}/{document.path}, line {at + 1}"
        yield draw.random(), Item(identifier, document.id, Fill(prefix, suffix), BOTH, code.rstrip())


def _left_alone(item: Item) -> Item:
    assert isinstance(item.prompt, Fill)
    return Item(item.identifier, item.cluster, Plain(item.prompt.prefix, cut=True), LEFT, item.expected)


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """An answer passes when it is the line taken out, blanks at its end aside."""
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, Completion)
        verdicts.append(Verdict("passed" if answer.text.rstrip() == item.expected else "failed"))
    return verdicts


INFILLING = Benchmark(
    version=1,
    about="Exact match is the share of lines of held-out files that are given exactly: seen from both sides in "
    "fill-in-the-middle order, or from the left side alone with as much room.",
    settings=Settings,
    asks={BOTH: frozenset({"fill"}), LEFT: frozenset({"plain"})},
    reads=("documents",),
    items=items,
    grade=grade,
    scores=lambda items, verdicts: shares("exact match", items, verdicts),
    sampling=lambda settings: Sampling(max_tokens=MAX_TOKENS, stop=("\n",)),
)
