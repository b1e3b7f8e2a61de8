"""Problems of programming contests as LiveCodeBench releases them, and how it asks and judges them.

github.com/LiveCodeBench/LiveCodeBench: benchmarks/code_generation.py (rows), prompts/code_generation.py,
utils/extraction_utils.py, evaluation/testing_util.py (verdicts), all below lcb_runner.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import zlib
from datetime import date, datetime
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.contests.outputs import Agrees, lines_or_numbers, values
from midspan.evaluate.contests.printed import Case, Printing
from midspan.evaluate.data import DataRow
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Chat, Completion, Plain
from midspan.tokens import Message

FIELDS = (
    *("question_content", "question_id", "contest_date", "starter_code", "difficulty"),
    *("public_test_cases", "private_test_cases", "metadata"),
)
SYSTEM = (
    "You are an expert Python programmer. You will be given a question (problem specification) and will generate a "
    "correct Python program that matches the specification and passes all tests."
)
WITH_STARTER = (
    "You will use the following starter code to write the solution to the problem and enclose your code within "
    "delimiters."
)
WITHOUT_STARTER = (
    "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on the sample "
    "inputs). Enclose your code within delimiters as follows. Ensure that when the python program runs, it reads the "
    "inputs, runs the algorithm and writes output to STDOUT."
)
# A solved example for models that only go on with a text: ours, for LiveCodeBench's are other people's problems.
EXAMPLE_OF_PROGRAM = """### Question
Read two integers from one line and print their sum.

### Answer

a, b = map(int, input().split())
print(a + b)

"""
EXAMPLE_OF_METHOD = """### Question
Given two integers a and b, return their sum.

### Starter Code
class Solution:
    def add(self, a: int, b: int) -> int:

### Answer

class Solution:
    def add(self, a: int, b: int) -> int:
        return a + b

"""
# What every solution finds imported: these modules, and all that is in them and in two more.
MODULES = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math"),
    *("random", "statistics", "itertools", "functools", "operator", "io", "sys", "json"),
)
IMPORTS = "".join(f"from {name} import *\n" for name in (*MODULES, "builtins", "typing")) + (
    f"import {', '.join(MODULES)}\nsys.setrecursionlimit(50000)\n\n"
)
# Calls the method of a solution with an argument on each line of its input, and prints what it returns.
CALL = """
import json as _json, sys as _sys
_arguments = [_json.loads(_line) for _line in _sys.stdin.read().split("\\n")]
_sys.stdout.write("\\n" + _json.dumps({owner}{name}(*_arguments)))
"""


class OnlyText(pickle.Unpickler):
    """Reads a pickled text; whatever would import anything is refused."""

    def find_class(self, module: str, name: str) -> Any:
        """Nothing is found."""
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def cases_of(row: DataRow) -> tuple[Case, ...]:
    """The public tests and then the private ones, which are JSON or, packed, base64 of zlib of a pickled JSON text.

    Raises UserError, with the question's name, where they are neither.
    """
    try:
        method_of(row)
        tests = [*json.loads(row["public_test_cases"]), *_private(row["private_test_cases"])]
        return tuple(Case(str(test["input"]), (str(test["output"]),)) for test in tests)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        EOFError,
        IndexError,
        zlib.error,
        pickle.UnpicklingError,
    ) as error:
        raise UserError(
            f"question {row['question_id']}: its tests cannot be read ({error}); fetch the data again"
        ) from None


def _private(packed: str) -> list[dict[str, Any]]:
    try:
        return list(json.loads(packed))
    except ValueError:
        return list(json.loads(str(OnlyText(io.BytesIO(zlib.decompress(base64.b64decode(packed)))).load())))


def day_of(row: DataRow) -> date:
    """When the question was asked in a contest. Raises UserError where that is no date."""
    try:
        return datetime.fromisoformat(str(row["contest_date"])).date()
    except ValueError:
        told = f"contest_date is {row['contest_date']!r}, not as 2024-08-01"
        raise UserError(f"question {row['question_id']}: {told}; fetch the data again") from None


def conversation(row: DataRow) -> list[Message]:
    """How a chat model is asked: LiveCodeBench's generic prompt."""
    starter = row["starter_code"]
    form = f"{WITH_STARTER if starter else WITHOUT_STARTER}\n```python\n{starter or '# YOUR CODE HERE'}\n```"
    asked = f"### Question:\n{row['question_content']}\n\n### Format: {form}\n\n"
    asked += "### Answer: (use the provided format with backticks)\n\n"
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": asked}]


def text_to_continue(row: DataRow) -> str:
    """How a base model is asked: after one solved example, in LiveCodeBench's layout for such models."""
    starter = f"### Starter Code\n{row['starter_code']}\n\n" if row["starter_code"] else ""
    example = EXAMPLE_OF_METHOD if starter else EXAMPLE_OF_PROGRAM
    return f"{example}### Question\n{row['question_content']}\n\n{starter}### Answer\n\n"


def last_block(answer: str) -> str:
    """What stands between the last two lines with a fence; nothing where there are not two."""
    lines = answer.split("\n")
    fences = [number for number, line in enumerate(lines) if "```" in line]
    return "\n".join(lines[fences[-2] + 1 : fences[-1]]) if len(fences) > 1 else ""


def item_of(row: DataRow, days: str, seconds: float) -> Item:
    """How a question is asked. Raises UserError where its tests cannot be read."""
    cases_of(row)
    name = str(row["question_id"])
    otherwise = Plain(text_to_continue(row))
    return Item(
        name, name, Chat(conversation(row)), f"{row['difficulty']}, {days}", source=(row, seconds), plain=otherwise
    )


def program_of(item: Item, answer: Answer) -> tuple[Printing, Agrees]:
    """The program that an answer is, and how its output is compared."""
    assert isinstance(answer, Completion)
    row, seconds = item.source
    code = last_block(answer.text) if isinstance(item.prompt, Chat) else answer.text.strip()
    method, agrees, call = method_of(row), lines_or_numbers, ""
    if method:
        owner = "Solution()." if "class Solution" in code else ""
        agrees, call = values, CALL.format(owner=owner, name=method)
    return Printing("python", f"{IMPORTS}{code}\n{call}", cases_of(row), seconds), agrees


def method_of(row: DataRow) -> str | None:
    """The method that is to be called; None where a program is to be run."""
    told = row["metadata"] or "{}"
    method = (json.loads(told) if isinstance(told, str) else told).get("func_name")
    return None if method is None else str(method)
