"""What texts cost a model, in bits per byte: a measure that no tokenizer changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from midspan.evaluate.benchmark import Verdict
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Likelihood

FIRST = 1 << 10  # bytes of the first part of a text; each further part is as long as all before it
PARTS = ("first 1k", *(f"{1 << n}k to {2 << n}k" for n in range(20)))


def bits_of(likelihood: Likelihood) -> float:
    """What a text costs that is so likely."""
    return -likelihood.logprob / math.log(2)


def bits_per_byte(verdicts: Sequence[Verdict], group: str = "", part: str = "") -> list[Score]:
    """The average cost of a byte of whole texts, or, where verdicts have "bits PART" and "bytes PART", of a part.

    There is no score where no text has that part.
    """
    bits, size = f"bits {part}".strip(), f"bytes {part}".strip()
    total = sum(verdict.values.get(size, 0) for verdict in verdicts)
    cost = sum(verdict.values.get(bits, 0) for verdict in verdicts)
    name = "bits per byte" + (f", {part}" if part else "")
    return [Score(name, group, cost / total, None, "lower", measure=bits, per=size)] if total else []


def parts_of(text: str) -> Iterator[tuple[int, int, int]]:
    """The characters [start, end) of each part of a text, and its bytes; a character belongs to where it begins."""
    data, edge, start = text.encode(), FIRST, 0
    while start < len(text):
        end = len(data[:edge].decode(errors="replace"))
        yield start, end, len(text[start:end].encode())
        start, edge = end, 2 * edge
