"""Where a text is cut for fill-in-the-middle: at characters, at lines, or around a node of its syntax tree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tree_sitter import Node, Tree

from midspan.corpus.quality.grammars import syntax_tree

Cut = tuple[str, str, str]  # prefix, middle, suffix
LONGEST_NODE = 700  # characters; Mellum's limit (JetBrains 2025, arXiv 2510.05788)
LONGEST_LINES = 8  # lines of a middle


def at_characters(text: str, path: str, language: str, draw: np.random.Generator) -> Cut:
    """Two uniformly drawn characters (Bavarian et al. 2022, section 3)."""
    first, second = sorted(draw.integers(0, len(text) + 1, size=2).tolist())
    return _cut(text, first, second)


def at_lines(text: str, path: str, language: str, draw: np.random.Generator) -> Cut | None:
    """From a line's code, or as often from within it, to the end of that line or of one of the next; half end there."""
    starts = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
    ends = [*(start - 1 for start in starts[1:]), len(text)]
    there = [line for line, (start, end) in enumerate(zip(starts, ends, strict=True)) if text[start:end].strip()]
    if not there:
        return None
    line = int(draw.choice(there))
    start, end = starts[line], ends[line]
    code = start + len(text[start:end]) - len(text[start:end].lstrip())
    begin = int(draw.integers(code, end)) if draw.random() < 0.5 else code
    more = min(int(draw.geometric(0.5)) - 1, LONGEST_LINES - 1)
    return _cut(text, begin, ends[min(line + more, len(ends) - 1)])


def at_nodes(text: str, path: str, language: str, draw: np.random.Generator) -> Cut | None:
    """A whole syntax node: of those around a random character, one; lines where the language has no grammar.

    Gong et al. 2025, "Structure-Aware Fill-in-the-Middle Pretraining for Code" (arXiv 2506.00204).
    """
    data = text.encode()
    tree = syntax_tree(data, path, language)
    if tree is None or not data:
        return at_lines(text, path, language, draw)
    around = nodes_around(tree, int(draw.integers(0, len(data))))
    if not around:
        return None
    chosen = around[int(draw.integers(0, len(around)))]
    begin, end = (len(data[:at].decode(errors="ignore")) for at in (chosen.start_byte, chosen.end_byte))
    return _cut(text, begin, end)


def nodes_around(tree: Tree, place: int) -> list[Node]:
    """The nodes that hold the byte at `place`, the smallest first, as far as they are short enough to be a middle."""
    found: list[Node] = []
    node = tree.root_node.descendant_for_byte_range(place, place)
    while node is not None and node.parent is not None and node.end_byte - node.start_byte <= LONGEST_NODE:
        if node.is_named and not node.is_error:
            found.append(node)
        node = node.parent
    return found


def _cut(text: str, begin: int, end: int) -> Cut:
    return text[:begin], text[begin:end], text[end:]


# Each gives a cut of a text in a file of that path and language, or None where the draw found none.
CUTS: dict[str, Callable[[str, str, str, np.random.Generator], Cut | None]] = {
    "characters": at_characters,
    "lines": at_lines,
    "nodes": at_nodes,
}
