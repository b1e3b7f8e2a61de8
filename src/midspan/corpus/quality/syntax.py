"""How much of a text its language's parser cannot make sense of, and whether it is Python 2."""

from __future__ import annotations

import re
from functools import cache

from tree_sitter import Node, Query, QueryCursor

from midspan.corpus.quality.first_statements import first_statements
from midspan.corpus.quality.grammars import GRAMMARS, parser, syntax_tree
from midspan.corpus.quality.text import Text

CLEAN = 0.002  # share of errors up to which the beginning speaks for the rest


def error_share(text: Text) -> float | None:
    """Share of the bytes that are in no sentence of the grammar; None where there is no grammar.

    A parser that meets an error skips some tokens and goes on: what it skipped is counted, not the statements it
    found on the way, and a missing token counts as one byte. Of a long text the beginning is parsed first, and the
    whole only if that is not CLEAN (docs/results/corpus-quality.md: how seldom the decision differs, and where).
    """
    if beginning := first_statements(text.data, text.code_language):
        tree = syntax_tree(beginning, text.path, text.code_language)
        if tree is None:
            return None
        if (share := _error_bytes(tree.root_node) / len(beginning)) <= CLEAN:
            return share
    return None if text.tree is None else _error_bytes(text.tree.root_node) / max(len(text.data), 1)


def error_bytes(text: str, path: str, language: str) -> int | None:
    """How many bytes of a text are in no sentence of its language's grammar; None where there is no grammar."""
    tree = syntax_tree(text.encode(), path, language)
    return None if tree is None else _error_bytes(tree.root_node)


def python2_statements(text: Text) -> float | None:
    """How many statements only Python 2 has: print and exec without parentheses; None without a grammar."""
    if not _may_be_python2(text.text):
        return 0.0
    if text.tree is None or text.code_language != "python":
        return None
    found = QueryCursor(_python2_query()).captures(text.tree.root_node)
    return float(sum(map(len, found.values())))


_NO_STATEMENT = re.compile(r"\w|\s*[(=.,:)\]}]")  # what follows the word where it calls, names or assigns


def _may_be_python2(text: str) -> bool:
    """Whether one of the words stands where a statement can begin: a test that costs a tenth of looking at the tree."""
    for word in ("print", "exec"):
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            before = text[text.rfind("\n", 0, start) + 1 : start].rstrip()
            if (not before or before[-1] in ":;") and not _NO_STATEMENT.match(text, end):
                return True
            start = text.find(word, end)
    return False


@cache
def _python2_query() -> Query:
    python = parser(GRAMMARS["python"])
    assert python is not None  # there is a tree, so there is a parser
    assert python.language is not None
    return Query(python.language, "[(print_statement) (exec_statement)] @statement")


def _error_bytes(root: Node) -> int:
    """Bytes of the tokens that stand directly in error nodes, and one for each token that is missing."""
    total = 0
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_missing:
            total += 1
        elif not node.has_error and not node.is_error:
            continue
        children = node.children
        if node.is_error:
            total += (node.end_byte - node.start_byte) - sum(
                child.end_byte - child.start_byte for child in children if _is_structure(child)
            )
        pending += [child for child in children if child.has_error or child.is_error or child.is_missing]
    return total


def _is_structure(node: Node) -> bool:
    """Whether the parser understood something here, though what is around it makes no sense."""
    return node.is_error or node.child_count > 0
