"""HumanEval asked in conversation: the whole function is wanted, and taken out of the answer's code."""

from __future__ import annotations

from dataclasses import replace

from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.humaneval import HUMANEVAL, Settings
from midspan.evaluate.chat_code import code_in, in_chat, python_program
from midspan.evaluate.programs import ABOUT, graded
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import Program
from midspan.inference import Completion


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """HumanEval's, in conversation."""
    return [in_chat(item, "Python", "python") for item in HUMANEVAL.items(settings, held_out)]


def program(item: Item, answer: Answer) -> Program:
    """The answer's function, after the question's imports."""
    assert isinstance(answer, Completion)
    row, name = item.source, item.source["entry_point"]
    text = python_program(row["prompt"].strip(), code_in(answer.text), name)
    return Program("python", text, f"{row['test']}\ncheck({name})\n", entry_point=name, official="end")


HUMANEVAL_INSTRUCT = replace(
    HUMANEVAL,
    version=1,
    about=f"HumanEval in conversation: the code in the answer is the program. {ABOUT}",
    asks={"": frozenset({"chat"})},
    items=items,
    grade=graded(program),
    sampling=lambda settings, group: settings.sampling(()),
)
