"""MBPP (Austin et al. 2021, arXiv 2108.07732): functions to be written from a sentence and an example call."""

from __future__ import annotations

import ast
from warnings import catch_warnings

from midspan.evaluate.benchmark import Benchmark, HeldOut, sampled
from midspan.evaluate.data import rows_of
from midspan.evaluate.programs import ABOUT, ProgramSettings, graded, program_scores
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import Program
from midspan.inference import Completion, Plain

STOPS = ("\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/", "\n```")  # bigcode-evaluation-harness
TEST_IDS = range(11, 511)  # the 500 that are reported


class Settings(ProgramSettings):
    """`data` is a file or a data set on the hub."""

    data: str = "google-research-datasets/mbpp"


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """The prompt is a docstring of the task and its first assertion."""
    rows = rows_of(settings.data, ("task_id", "code", "test_list"))
    chosen = [row for row in rows if int(row["task_id"]) in TEST_IDS][: settings.first or None]
    return sampled([_item(row) for row in chosen], settings.samples)


def _item(row: dict[str, object]) -> Item:
    tests = row["test_list"]
    assert isinstance(tests, list)
    prompt = f'"""\n{row.get("text", row.get("prompt"))}\n{tests[0]}\n"""\n'
    return Item(str(row["task_id"]), str(row["task_id"]), Plain(prompt), "", str(row["code"]), row)


def program(item: Item, answer: Answer) -> Program:
    """The answer alone is the program."""
    assert isinstance(answer, Completion)
    assert isinstance(item.prompt, Plain)
    row = item.source
    tests = "\n".join([row.get("test_setup_code") or "", *row["test_list"]])
    return Program("python", item.prompt.text + answer.text, tests, _entry_point(row), official="end")


def _entry_point(row: dict[str, object]) -> str:
    """The function that the assertions call: one that the reference defines."""
    try:
        with catch_warnings(action="ignore"):  # of old ways to write it
            code = ast.parse(str(row["code"]))
    except SyntaxError:
        return ""
    defined = [node.name for node in code.body if isinstance(node, ast.FunctionDef)]
    return next((name for name in reversed(defined) if f"{name}(" in str(row["test_list"])), "")


MBPP = Benchmark(
    version=1,
    about=f"MBPP: a function is written from a sentence and an example. {ABOUT}",
    settings=Settings,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=items,
    grade=graded(program),
    scores=program_scores,
    sampling=lambda settings, group: settings.sampling(STOPS),
    always=False,
)
