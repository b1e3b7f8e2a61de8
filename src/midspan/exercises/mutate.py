"""Plausible wrong variants of a solution: one small edit each, the rest of the text untouched.

The edits are those of mutation testing (operators, constants, names, calls, dropped conditions); cutting them into the
text, instead of printing a changed syntax tree, keeps the style of the wrong answer that of the right one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from midspan.exercises.exercise import Exercise

OPERATORS = {
    **{"<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<=")},
    **{"==": ("!=",), "!=": ("==",), "in": ("not in",), "not in": ("in",), "is": ("is not",)},
    **{"and": ("or",), "or": ("and",)},
    **{"+": ("-",), "-": ("+",), "*": ("+",), "/": ("//", "*"), "//": ("%", "*"), "%": ("//",), "**": ("*",)},
    **{"+=": ("-=", "="), "-=": ("+=",), "*=": ("+=",)},
}
NAMES = {
    **{"min": ("max",), "max": ("min",), "sum": ("len",), "len": ("sum",), "sorted": ("list",), "any": ("all",)},
    **{"all": ("any",), "upper": ("lower",), "lower": ("upper",), "append": ("extend",), "count": ("find",)},
    **{"startswith": ("endswith",), "endswith": ("startswith",), "items": ("keys",), "abs": ("int",)},
    **{"list": ("tuple",), "dict": ("list",), "set": ("list",)},
}
SQL_WORDS = {
    **{"DESC": ("ASC",), "ASC": ("DESC",), "AND": ("OR",), "OR": ("AND",), "DISTINCT ": ("",)},
    **{"SUM": ("COUNT", "AVG"), "AVG": ("SUM", "MAX"), "MAX": ("MIN", "SUM"), "MIN": ("MAX", "AVG")},
    **{"COUNT(*)": ("SUM(*)",), "BETWEEN": ("NOT BETWEEN",), "=": ("<>",), ">": (">=", "<"), ">=": (">", "<=")},
    **{"<": ("<=", ">"), "<=": ("<", ">=")},
}


class Edit(NamedTuple):
    """`text` in the place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str


class _Source:
    """A program and the character positions of its syntax tree."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.tree = ast.parse(code)
        self.lines = code.splitlines(keepends=True)
        self.before = [0]  # characters before each line
        for line in self.lines:
            self.before.append(self.before[-1] + len(line))

    def _position(self, line: int, column: int) -> int:
        return self.before[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._position(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self._position(node.end_lineno or 0, node.end_col_offset or 0)

    def text(self, node: ast.expr | ast.stmt) -> str:
        return self.code[self.start(node) : self.end(node)]

    def replace(self, node: ast.expr | ast.stmt, text: str) -> Edit:
        return Edit(self.start(node), self.end(node), text)

    def operators(self, left: ast.expr, right: ast.expr) -> Iterator[Edit]:
        """Other operators in the place of the one between two operands."""
        start = self.end(left)
        found = re.search(r"not in|\w+|[<>=!+\-*/%]+", self.code[start : self.start(right)])
        if found:
            for other in OPERATORS.get(found[0], ()):
                yield Edit(start + found.start(), start + found.end(), other)


def _expression_edits(source: _Source, node: ast.AST, variables: list[str]) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right, *_]):
            yield from source.operators(left, right)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.FloorDiv | ast.Mod):
                yield source.replace(left, source.text(right))
            if isinstance(node, ast.Compare) and len(node.comparators) == 2:
                yield from source.operators(node.comparators[0], node.comparators[1])
        case ast.BoolOp(values=[left, right, *_]):
            yield from source.operators(left, right)
        case ast.Constant(value=bool(value)):
            yield source.replace(node, str(not value))
        case ast.Constant(value=int(value)):
            yield source.replace(node, str(value + 1))
            yield source.replace(node, str(value - 1))
        case ast.Constant(value=str(value)) if source.text(node).startswith(('"', "'")):
            yield source.replace(node, '""' if value else '" "')
            if len(value) > 1 and value.isalnum():
                yield source.replace(node, f'"{value[:-1]}"')
        case ast.UnaryOp(operand=operand):
            yield source.replace(node, source.text(operand))
        case ast.Name(id=name, ctx=ast.Load()):
            others = NAMES.get(name, ()) or [other for other in variables if name in variables and other != name]
            yield from (source.replace(node, other) for other in others)
        case ast.Attribute(value=value, attr=attribute):
            for other in NAMES.get(attribute, ()):
                yield Edit(source.end(node) - len(attribute), source.end(node), other)
            if isinstance(value, ast.Name) and value.id == "self":
                yield source.replace(node, attribute)
        case ast.Call(args=[*_, last], keywords=[keyword]):
            yield Edit(source.end(last), source.end(keyword.value), "")
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[argument]):
            yield source.replace(node, f"{source.text(argument)}.{method}({source.text(owner)})")
        case ast.IfExp(test=test, body=body, orelse=other):
            yield source.replace(node, f"{source.text(other)} if {source.text(test)} else {source.text(body)}")
        case ast.Slice(lower=ast.expr() as lower, upper=None, step=None):
            yield source.replace(node, f":{source.text(lower)}")
        case ast.Slice(lower=None, upper=ast.expr() as upper, step=None):
            yield source.replace(node, f"{source.text(upper)}:")
        case ast.GeneratorExp(generators=[part]) | ast.ListComp(generators=[part]) | ast.DictComp(generators=[part]):
            if part.ifs:
                yield Edit(source.end(part.iter), source.end(part.ifs[-1]), "")


def _statement_edits(source: _Source, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.AugAssign(target=target, value=value):
            yield from source.operators(target, value)
        case ast.Return(value=ast.expr() as value):
            yield source.replace(node, source.text(value))
            if isinstance(value, ast.BinOp | ast.Compare):
                yield source.replace(value, source.text(value.left))
            if isinstance(value, ast.BinOp):
                yield source.replace(value, source.text(value.right))
        case ast.If(test=test):
            yield source.replace(test, f"not {source.text(test)}")


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes outside of f-strings, inside which Python 3.11 knows no positions."""
    if not isinstance(node, ast.JoinedStr):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _walk(child)


def _python_edits(code: str) -> Iterator[Edit]:
    source = _Source(code)
    nodes = list(_walk(source.tree))
    arguments = [node.arg for node in nodes if isinstance(node, ast.arg) and node.arg != "self"]
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    variables = list(dict.fromkeys(arguments + stored))
    for node in nodes:
        yield from _expression_edits(source, node, variables)
        yield from _statement_edits(source, node)


def _sql_edits(query: str, columns: list[str]) -> Iterator[Edit]:
    for found in re.finditer(r"DISTINCT |COUNT\(\*\)|'[^']*'|\w+|[<>=]+", query):
        word = found[0]
        others = list(SQL_WORDS.get(word, ()))
        if word.isdigit():
            others += [str(int(word) + 1), str(int(word) - 1)]
        if word in columns:
            others += [column for column in columns if column != word]
        if word.startswith("'"):
            others += [word.lower() if word != word.lower() else word.upper(), f"'{word[1:-2]}'"]
        yield from (Edit(*found.span(), other) for other in others)
    for clause in (" WHERE ", " GROUP BY ", " HAVING ", " ORDER BY ", " LIMIT "):
        if end := re.search(clause + r".*?(?=;| GROUP BY| HAVING| ORDER BY| LIMIT)", query):
            yield Edit(*end.span(), "")


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutation", "exec")
    except SyntaxError:
        return False
    return True


def mutations(exercise: Exercise, seed: int) -> Iterator[str]:
    """Plausible wrong variants of the solution, each once, in an order given by the seed; not yet seen to fail."""
    code = exercise.solution
    if exercise.language == "sql":
        schema = re.search(r"CREATE TABLE \w+ \((.*?)\)", exercise.tests)
        columns = [column.split()[0] for column in schema[1].split(", ")] if schema else []
        edits = _sql_edits(code, columns)
    else:
        edits = _python_edits(code)
    variants = dict.fromkeys(code[: edit.start] + edit.text + code[edit.end :] for edit in edits)
    variants.pop(code, None)
    plausible = [text for text in variants if exercise.language == "sql" or _compiles(text)]
    Random(f"{seed} {exercise.identifier}").shuffle(plausible)
    yield from plausible
