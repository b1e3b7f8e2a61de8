"""What one family of exercises is: one idea, told in several ways, over many parameters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Template
from types import SimpleNamespace
from typing import Any

Parameters = dict[str, int | str]


@dataclass(frozen=True, eq=False)
class Family:
    """One idea. In the templates `$k` is the parameter k, and `$signature` the solution's `name(arguments)`."""

    name: str
    phrasings: tuple[str, ...]  # templates of the instruction, each complete by itself
    parameters: list[Parameters]  # `function` and `argument` only name things; the others are what it is about
    solution: str  # template of the code
    tests: Callable[[SimpleNamespace], list[str]]  # lines of Python, from the parameters and `entry_point`

    def code(self, parameters: Parameters) -> str:
        """The reference solution, without the newlines around it."""
        return Template(self.solution).substitute(parameters).strip("\n")

    def instruction(self, parameters: Parameters, phrasing: str) -> str:
        """One phrasing with the parameters written in."""
        head = self.code(parameters).split("\n", 1)[0]
        signature = head.removeprefix("def ").removesuffix(":")
        return Template(phrasing).substitute(parameters, signature=signature)

    def entry_point(self, parameters: Parameters) -> str:
        """The name the solution defines; a SQL query has none of its own and is called `query`."""
        defined = re.match(r"(?:def|class) (\w+)", self.code(parameters))
        return defined[1] if defined else "query"

    def assertions(self, parameters: Parameters) -> str:
        """The Python source of the tests."""
        return "\n".join(self.tests(SimpleNamespace(**parameters, entry_point=self.entry_point(parameters))))


def grid(*groups: Iterable[Parameters], **axes: Iterable[int | str]) -> list[Parameters]:
    """Every combination of one member of each group and one value of each axis."""
    choices = [*groups, *([{name: value} for value in values] for name, values in axes.items())]
    return [
        {key: value for part in combination for key, value in part.items()}
        for combination in itertools.product(*choices)
    ]


def calls(
    expected: Callable[..., Any], inputs: Callable[[Any], Iterable[Any]]
) -> Callable[[SimpleNamespace], list[str]]:
    """Tests that call the function on each input and compare with the literal `expected(p, *input)`.

    An input is the only argument, or a tuple of the arguments.
    """

    def tests(p: SimpleNamespace) -> list[str]:
        lines = []
        for given in inputs(p):
            arguments = given if isinstance(given, tuple) else (given,)
            call = f"{p.entry_point}({', '.join(map(repr, arguments))})"
            lines.append(f"assert {call} == {expected(p, *arguments)!r}")
        return lines

    return tests
