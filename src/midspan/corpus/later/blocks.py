"""Which lines of a text are new: runs of them that stand in no earlier text, wherever that was.

By content, not by path: a file that was renamed, code that was moved and a change that was reverted are not new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

PIECE = 8  # lines
Block = tuple[int, int]  # lines [first, end) of a text, counted from 0


@dataclass
class NewLines:
    """The lines of later texts, and which of them turned out to be known.

    A line is known where it and the one before or after it, blank lines and white space aside, follow each other in an
    earlier text too. Only the pairs of later texts are held, however much there is of earlier ones.
    """

    _pairs: set[int] = field(default_factory=set)  # of later texts
    _known: set[int] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Take in a later text."""
        self._pairs.update(pair for _, _, pair in _pairs_of(text))

    def compare(self, text: str) -> None:
        """Compare an earlier text with all later ones."""
        self._known.update(self._pairs.intersection(pair for _, _, pair in _pairs_of(text)))

    def blocks(self, text: str) -> list[Block]:
        """The runs of new lines of a later text, without blank ones at their ends; `compare` comes before."""
        lines = text.split("\n")
        new = [bool(line.strip()) for line in lines]
        for line, following, pair in _pairs_of(text):
            if pair in self._known:
                new[line] = new[following] = False
        return list(_runs(lines, new))


def pieces(text: str, block: Block) -> list[Block]:
    """A block in pieces of PIECE written lines, so that a copy of a part of it is found too; the last may be longer."""
    lines = text.split("\n")
    written = [number for number in range(*block) if lines[number].strip()]
    starts = [written[at] for at in range(0, max(1, len(written) - PIECE // 2), PIECE)]
    return list(pairwise([*starts, block[1]]))


def joined(parts: Sequence[Block]) -> list[Block]:
    """Pieces that follow each other, as blocks again; in order."""
    found: list[Block] = []
    for first, end in parts:
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], end)
        else:
            found.append((first, end))
    return found


def _pairs_of(text: str) -> Iterator[tuple[int, int, int]]:
    """(line, next line, hash of both) of each two lines that follow each other, blank ones aside."""
    written = [(number, " ".join(line.split())) for number, line in enumerate(text.split("\n")) if line.strip()]
    for (first, one), (second, other) in pairwise(written):
        digest = hashlib.blake2b(f"{one}\n{other}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        yield first, second, int.from_bytes(digest, "little")


def _runs(lines: list[str], new: list[bool]) -> Iterator[Block]:
    """Runs of new lines; blank lines within one belong to it."""
    first = end = None
    for number, line in enumerate(lines):
        if new[number]:
            first, end = number if first is None else first, number + 1
        elif line.strip() and first is not None and end is not None:
            yield first, end
            first = end = None
    if first is not None and end is not None:
        yield first, end
