"""Bits per byte on held-out files: how well a model predicts code, whatever its tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from midspan import recipe
from midspan.corpus.documents import read_heldout
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict
from midspan.evaluate.bits import bits_of, bits_per_byte
from midspan.evaluate.subject import Answer, Item, Text
from midspan.recipe.fields import Count
from midspan.step import Tools


class Settings(recipe.Settings):
    """Whole files are read until so many bytes of them count."""

    bytes: Count = 200_000


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """One for each file, in the corpus's order; of one that later commits changed, what they wrote counts."""
    assert held_out.documents is not None
    found: list[Item] = []
    total = 0
    for document, counted in read_heldout(held_out.documents):
        text = Text(document.text, spans_of(document.text, counted))
        size = sum(len(document.text[start:end].encode()) for start, end in text.spans)
        identifier = f"{document.repository}/{document.path}"
        found.append(Item(identifier, document.id, text, source=size))
        total += size
        if total >= settings.bytes:
            break
    return found


def spans_of(text: str, counted: Sequence[range]) -> tuple[tuple[int, int], ...]:
    """The characters [start, end) of lines."""
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    return tuple((starts[part.start], min(starts[part.stop], len(text))) for part in counted)


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """The bits that each file costs, and its bytes."""
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, tuple)
        verdicts.append(Verdict("measured", values={"bits": sum(map(bits_of, answer)), "bytes": item.source}))
    return verdicts


LIKELIHOOD = Benchmark(
    version=2,
    about="Bits per byte is what a byte of held-out code costs on average, predicted from what stands before it in a "
    "window of the shortest context of any stage.",
    settings=Settings,
    asks={"": frozenset({"score"})},
    reads=("documents",),
    items=items,
    grade=grade,
    scores=lambda items, verdicts: bits_per_byte(verdicts),
)
