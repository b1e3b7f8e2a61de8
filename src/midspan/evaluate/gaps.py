"""Gaps in held-out files: a line, some lines or a syntax node is taken out, and is to be written again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np
from tree_sitter import Tree

from midspan.batches import generator, nodes_around
from midspan.corpus.documents import Document, read_heldout
from midspan.corpus.languages import PROSE_AND_SETTINGS
from midspan.corpus.quality.grammars import syntax_tree

PER_FILE = 20  # gaps of one kind: a file that was wholly new is not to outweigh the others
LEAST_CHARACTERS = 4  # of a gap that says anything
LONGEST = 700  # characters
MOST_LINES = 8  # of a block
ATTEMPTS = 4  # draws for each gap of a file
COMMENTS = ("#", "//", "--", "/*", "*")


@dataclass(frozen=True)
class Gap:
    """What was taken out of a file, and what stands around it. It ends where a line, a block or a node ends."""

    document: Document
    prefix: str
    middle: str
    suffix: str

    @property
    def place(self) -> str:
        """Where it is, for people."""
        line = self.prefix.count("\n") + 1
        return f"{self.document.repository}/{self.document.path}, line {line}"


@dataclass(frozen=True)
class HeldOutFile:
    """A held-out file, and where in it gaps may be."""

    document: Document
    lines: list[str]
    starts: list[int]  # [lines + 1], where each begins in the text
    counted: list[int]  # the lines that count

    @classmethod
    def of(cls, document: Document, counted: Sequence[range]) -> HeldOutFile:
        """A document, of which the lines `counted` count."""
        lines = document.text.split("\n")
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        return cls(document, lines, starts, [line for part in counted for line in part if lines[line].strip()])

    def gap(self, begin: int, end: int) -> Gap:
        """The gap of the characters [begin, end)."""
        text = self.document.text
        return Gap(self.document, text[:begin], text[begin:end], text[end:])

    def code(self, line: int) -> int:
        """Where a line's code begins, after its indentation."""
        return self.starts[line] + len(self.lines[line]) - len(self.lines[line].lstrip())

    @cached_property
    def tree(self) -> Tree | None:
        """The file's syntax tree."""
        return syntax_tree(self.document.text.encode(), self.document.path, self.document.language)


def held_out_files(folder: Path) -> list[HeldOutFile]:
    """The files of code that a corpus holds out; where none is code, all of them."""
    documents = list(read_heldout(folder))
    code = [one for one in documents if one[0].language not in PROSE_AND_SETTINGS]
    return [HeldOutFile.of(*one) for one in code or documents]


def one_line(file: HeldOutFile, draw: np.random.Generator) -> Gap | None:
    """The code of one line, from its indentation on, where an editor's cursor stands; no comment."""
    line = int(draw.choice(file.counted))
    if file.lines[line].lstrip().startswith(COMMENTS):
        return None
    return file.gap(file.code(line), file.starts[line] + len(file.lines[line].rstrip()))


def several_lines(file: HeldOutFile, draw: np.random.Generator) -> Gap | None:
    """Two lines or more, from the code of the first to the end of the last."""
    first = int(draw.choice(file.counted))
    last = min(first + int(draw.integers(1, MOST_LINES)), len(file.lines) - 1)
    gap = file.gap(file.code(first), file.starts[last] + len(file.lines[last].rstrip()))
    return gap if "\n" in gap.middle.strip() else None


def one_node(file: HeldOutFile, draw: np.random.Generator) -> Gap | None:
    """A node of the syntax tree: an expression, an argument list, a statement, a function."""
    line, text = int(draw.choice(file.counted)), file.document.text
    at = int(draw.integers(file.code(line), file.starts[line + 1]))
    around = nodes_around(file.tree, len(text[:at].encode())) if file.tree else []
    if not around:
        return None
    node, data = around[int(draw.integers(0, len(around)))], text.encode()
    begin, end = (len(data[:place].decode(errors="ignore")) for place in (node.start_byte, node.end_byte))
    return file.gap(begin, end)


KINDS: dict[str, Callable[[HeldOutFile, np.random.Generator], Gap | None]] = {
    "lines": one_line,
    "blocks": several_lines,
    "nodes": one_node,
}


def gaps_of(kind: str, file: HeldOutFile, seed: int) -> Iterator[tuple[float, Gap]]:
    """Gaps of one file within the lines that count, each with a random number by which it is chosen.

    They do not depend on what other files there are.
    """
    draw = generator(seed, kind, file.document.id)
    counting = set(file.counted)
    seen: set[tuple[int, int]] = set()
    for _ in range(ATTEMPTS * PER_FILE if counting else 0):
        gap = KINDS[kind](file, draw)
        if gap is None or not LEAST_CHARACTERS <= len(gap.middle.strip()) <= LONGEST:
            continue
        place, first = (len(gap.prefix), len(gap.middle)), gap.prefix.count("\n")
        written = {line for line in range(first, first + gap.middle.count("\n") + 1) if file.lines[line].strip()}
        if place in seen or not written <= counting:
            continue
        seen.add(place)
        yield draw.random(), gap
        if len(seen) == PER_FILE:
            return
