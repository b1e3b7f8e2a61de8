"""Where an answer ends by syntax: after a block, an expression, a call, a statement.

The rules are those of SAFIM (github.com/gonglinyuan/safim, prompt_utils.py) and CrossCodeEval
(github.com/amazon-science/cceval, scripts/eval_utils.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from tree_sitter import Node, Tree

from midspan.corpus.quality.grammars import syntax_tree

Event = tuple[str, bool]  # a node's type; whether it begins there or ends
PASS = 4  # events of Python's `pass`: a statement and a word, which begin and end


def up_to_block(before: str, answer: str, after: str, language: str) -> str:
    """As many lines as leave the structure around the hole as it is about an empty block, in Python `pass`.

    SAFIM, "algorithmic block", which counts the events that are alike from both ends: code after the block is kept
    where it is built as what follows the hole. All of the answer where the language has no grammar here.
    """
    filler, own = ("pass", PASS) if language == "python" else ("", 0)
    empty = syntax_tree(f"{before}{filler}{after}".encode(), "", language)
    if empty is None:
        return answer
    around = list(events(empty))
    lines = answer.splitlines(keepends=True)
    for count in range(len(lines), 0, -1):
        told = "".join(lines[:count])
        tree = syntax_tree(f"{before}{told}{after}".encode(), "", language)
        if tree and not errors(tree) and _in_both(around, list(events(tree))) == len(around) - own:
            return told
    return ""


def up_to_expression(answer: str, language: str) -> str:
    """In Python the first line that is not blank; elsewhere up to a bracket that was open before (SAFIM, "control")."""
    if language == "python":
        return next((line for line in answer.splitlines() if line.strip()), "")
    return answer[: _closing(answer, depth=1)]


def up_to_call(answer: str) -> str:
    """Up to the bracket that closes the first call (SAFIM, "api")."""
    end = _closing(answer, depth=0)
    return answer if end is None else answer[: end + 1]


def up_to_statement(before: str, answer: str, language: str) -> str:
    """In Python as few lines as can be parsed; elsewhere to the first `;`, `{` or `}`, unless it begins with one.

    CrossCodeEval; all of the answer where it has no such end.
    """
    if language != "python":
        end = next((place for place, character in enumerate(answer) if character in ";{}"), None)
        return answer[: end + 1] if end else answer
    for end in (place for place, character in enumerate(answer) if character == "\n" and place):
        tree = syntax_tree(f"{before}{answer[:end]}".encode(), "", language)
        if tree and not errors(tree):
            return answer[:end].rstrip()
    return answer


def events(tree: Tree) -> Iterator[Event]:
    """What begins and ends in a tree, in order."""
    waiting: list[tuple[Node, bool]] = [(tree.root_node, True)]
    while waiting:
        node, begins = waiting.pop()
        yield node.type, begins
        if begins:
            waiting.append((node, False))
            waiting += [(child, True) for child in reversed(node.children)]


def errors(tree: Tree) -> list[Node]:
    """What the grammar does not know, stray semicolons aside."""
    found, waiting = [], [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" and node.text != b";":
            found.append(node)
        waiting += [child for child in node.children if child.has_error]
    return found


def _in_both(one: Sequence[Event], other: Sequence[Event]) -> int:
    """How many events both have at their beginning, and how many at their end, together."""
    begin = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    end = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(one), reversed(other), strict=False)))
    return begin + end


def _closing(text: str, depth: int) -> int | None:
    """The place of the first bracket that closes the outermost of those open; `depth` are open before."""
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == ")" and depth <= 0:
            return place
    return None
