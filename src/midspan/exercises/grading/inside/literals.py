"""Python literals, read without evaluating anything; `ast.literal_eval` without the time that importing it takes."""

from __future__ import annotations

import _ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_literal(text: str) -> Any:
    """The value of a literal of numbers, texts, None, True, False and lists. ValueError for anything else."""
    tree: Any = compile(text, "literal", "eval", _ast.PyCF_ONLY_AST, dont_inherit=True)
    return _value(tree.body)


def _value(node: Any) -> Any:
    if isinstance(node, _ast.Constant):
        return node.value
    if isinstance(node, _ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, _ast.UnaryOp) and isinstance(node.op, _ast.USub):
        return -_value(node.operand)
    raise ValueError("not a literal")
