"""There and back (HumanEvalExplain, Muennighoff et al. 2023, arXiv 2308.07124): a function in words, and again in code.

A model explains a function, and writes it from its own words alone; the tests decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from midspan.evaluate.benchmark import HeldOut, Verdict
from midspan.evaluate.benchmarks import humanevalpack
from midspan.evaluate.benchmarks.humanevalpack import HUMANEVALPACK, Settings
from midspan.evaluate.chat_code import code_in, python_program, question, whole_program
from midspan.evaluate.programs import ABOUT, verdicts_of
from midspan.evaluate.subject import Answer, Item
from midspan.evaluate.whole_functions import begun, program_of
from midspan.exercises import Program
from midspan.inference import Completion
from midspan.step import Tools

EXPLAIN = "{code}\n\nProvide a concise natural language description of the code using at most {count} characters."
WRITE = (
    "Write functional code in {language} according to the description.\n\n{words}\n\nIt begins like this:\n\n{begun}"
)
WRITTEN = ", written"  # follows the names of the second questions


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """The explanations, of at most as many characters as the function's own description has."""
    found = []
    for item in humanevalpack.items(settings, held_out):
        row = item.source[1]
        code, count = begun(row) + row["canonical_solution"].rstrip(), len(row["docstring"].strip())
        found.append(replace(item, prompt=question(EXPLAIN.format(code=code, count=count))))
    return found


def then(settings: Settings, items: Sequence[Item], answers: Sequence[Answer]) -> list[Item]:
    """The functions, from the words alone: longer explanations are cut, and the solution's own lines taken out."""
    more = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, Completion)
        row = item.source[1]
        lines = {line.strip() for line in row["canonical_solution"].splitlines()}
        words = "\n".join(line for line in answer.text.splitlines() if not line.strip() or line.strip() not in lines)
        words = words[: len(row["docstring"].strip())].strip()
        asked = WRITE.format(language=item.group, words=words, begun=begun(row).rstrip())
        more.append(replace(item, identifier=item.identifier + WRITTEN, prompt=question(asked)))
    return more


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Of the explanations nothing is said; the functions are run."""
    both = list(zip(items, answers, strict=True))
    graded = iter(verdicts_of([program(*one) for one in both if one[0].identifier.endswith(WRITTEN)], tools))
    return [next(graded) if item.identifier.endswith(WRITTEN) else Verdict("measured") for item in items]


def program(item: Item, answer: Answer) -> Program:
    """What is run: the answer's code is the whole function."""
    assert isinstance(answer, Completion)
    (language, row), code = item.source, code_in(answer.text)
    if language == "python":
        return program_of(language, python_program(begun(row), code, row["entry_point"]), row)
    return program_of(language, whole_program(language, begun(row), code, ""), row)


EXPLANATION = replace(
    HUMANEVALPACK,
    version=1,
    about=f"Explanation: a model explains a function, and writes it from its own words. {ABOUT}",
    asks=dict.fromkeys(HUMANEVALPACK.asks, frozenset({"chat"})),
    items=items,
    then=then,
    grade=grade,
    sampling=lambda settings, group: settings.sampling(()),
)
