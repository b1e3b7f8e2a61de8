"""HumanEval asked in conversation: the whole function is wanted, and taken out of the answer's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from midspan.evaluate.benchmark import HeldOut, Verdict
from midspan.evaluate.benchmarks.humaneval import HUMANEVAL, Settings
from midspan.evaluate.chat_code import code_in, in_chat, python_program
from midspan.evaluate.programs import ABOUT, verdicts_of
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import Program
from midspan.inference import Completion
from midspan.step import Tools


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """HumanEval's, in conversation."""
    return [in_chat(item, "Python", "python") for item in HUMANEVAL.items(settings, held_out)]


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """The answer's function, after the question's imports."""
    return verdicts_of([program(item, answer) for item, answer in zip(items, answers, strict=True)], tools)


def program(item: Item, answer: Answer) -> Program:
    """What is run."""
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
    grade=grade,
    sampling=lambda settings, group: settings.sampling(()),
)
