"""One exercise, how it is put to a model, and how the code is taken out of the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from midspan.exercises.grading import Program

if TYPE_CHECKING:
    from midspan.tokens import Message

FENCED_BLOCK = re.compile(r"^```[^`\n]*\n(.*?)(?:^```|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """A small programming task with a reference solution and tests that are executed."""

    identifier: str  # "family/hash", the hash of the instruction and the solution
    family: str
    topic: str  # numbers, strings, lists, dictionaries, recursion, classes, sql
    language: str  # "python" | "sql"
    instruction: str
    solution: str  # code only
    tests: str  # Python assertions; for SQL they run the text in `query` against tables they set up
    split: str  # "train" | "heldout-parameter" | "heldout-family"
    entry_point: str


def messages(exercise: Exercise, answer: str | None = None) -> list[Message]:
    """The user's turn, and the assistant's with the code `answer` in a fence, if given."""
    turns: list[Message] = [{"role": "user", "content": exercise.instruction}]
    if answer is not None:
        turns.append({"role": "assistant", "content": f"```{exercise.language}\n{answer}\n```"})
    return turns


def extract_code(text: str) -> str:
    """The first fenced block of an answer (one that was cut off reaches to the end), else the whole text."""
    block = FENCED_BLOCK.search(text)
    return block[1].removesuffix("\n") if block else text


def program_of(exercise: Exercise, code: str) -> Program:
    """The code of an answer with the exercise's tests; a query is a text that the tests run."""
    answer = f"query = {code!r}" if exercise.language == "sql" else code
    return Program("python", answer, exercise.tests, exact_types=True)
