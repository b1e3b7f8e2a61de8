"""MultiPL-E asked in conversation: the whole function is wanted, and its own signature is graded."""

from __future__ import annotations

from dataclasses import replace

from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.multipl_e import MULTIPL_E, Settings
from midspan.evaluate.chat_code import code_in, in_chat, name_in, python_program, whole_program
from midspan.evaluate.programs import ABOUT, graded
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import Program
from midspan.inference import Completion


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """MultiPL-E's, in conversation."""
    return [in_chat(item, item.group, item.source[0]) for item in MULTIPL_E.items(settings, held_out)]


def program(item: Item, answer: Answer) -> Program:
    """The answer's function before the tests, which close what is left open."""
    assert isinstance(answer, Completion)
    language, row = item.source
    code, prompt, tests = code_in(answer.text), row["prompt"].strip(), row["tests"]
    if language == "py":
        return Program("python", python_program(prompt, code, name_in(prompt)), tests, official="exit status")
    return Program(language, whole_program(language, prompt, code, tests), tests, official="exit status")


MULTIPL_E_INSTRUCT = replace(
    MULTIPL_E,
    version=1,
    about=f"MultiPL-E in conversation: the code in the answer is the program. {ABOUT}",
    asks=dict.fromkeys(MULTIPL_E.asks, frozenset({"chat"})),
    items=items,
    grade=graded(program),
    sampling=lambda settings, group: settings.sampling(()),
)
