"""HumanEvalPack, synthesize (Muennighoff et al. 2023, arXiv 2308.07124): HumanEval by hand in six languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, sampled
from midspan.evaluate.data import DataRow, rows_of
from midspan.evaluate.programs import ABOUT, ProgramSettings, program_scores, verdicts_of
from midspan.evaluate.subject import Answer, Item
from midspan.evaluate.whole_functions import file_of, to_its_end
from midspan.exercises import Program
from midspan.inference import Completion, Plain
from midspan.step import Tools

NAMES = {"python": "Python", "cpp": "C++", "js": "JavaScript", "java": "Java", "go": "Go", "rust": "Rust"}
STOPS = {
    "Python": ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\nassert"),
    "Go": ("\n//", "\nfunc main(", "struct", "\nfunc"),
}
NEEDS = {  # language → package → what of a problem's solution or tests says that it is needed
    "cpp": {"boost/any.hpp": "boost", "openssl/md5.h": "MD5"},
    "js": {"js-md5": "js-md5"},
    "go": {"github.com/stretchr/testify/assert": "assert"},
    "rust": {"rand": r"\brand::", "regex": r"\bRegex::", "md5": r"\bmd5::"},
}


class Settings(ProgramSettings):
    """`data` is a data set on the hub, or a folder with a file LANGUAGE.jsonl for each language."""

    data: str = "bigcode/humanevalpack"
    languages: tuple[Literal["python", "cpp", "js", "java", "go", "rust"], ...] = ("python", "cpp", "js", "java")
    prompt: Literal["instruct", "continue"] = "instruct"  # the task in words first, or only the function's beginning


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each language, by its name."""
    found: list[Item] = []
    for language in settings.languages:
        file = Path(settings.data).expanduser() / f"{language}.jsonl"
        place = str(file) if file.parent.is_dir() else settings.data
        rows = rows_of(place, ("task_id", "prompt", "test", "entry_point", "instruction"), config=language)
        for row in rows[: settings.first or None]:
            asked = f"{row['instruction'].strip()}\n\n" if settings.prompt == "instruct" else ""
            prompt, solution = Plain(f"{asked}{row['prompt']}".strip()), row.get("canonical_solution", "")
            problem = row["task_id"].partition("/")[2]  # the same in every language
            found.append(Item(row["task_id"], problem, prompt, NAMES[language], solution, (language, row)))
    return sampled(found, settings.samples)


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """The function's beginning, the answer up to its end, and the tests are one file."""
    return verdicts_of([program(item, answer) for item, answer in zip(items, answers, strict=True)], tools)


def program(item: Item, answer: Answer) -> Program:
    """What is run. What only a lacking package could tell is not measured."""
    assert isinstance(answer, Completion)
    language, row = item.source
    written = file_of(language, _begun(row) + to_its_end(language, answer.text), row.get("test_setup", ""), row["test"])
    if language == "python":
        return Program("python", written, row["test"], row["entry_point"], official="end")
    said = row.get("canonical_solution", "") + row["test"]
    needs = tuple(package for package, sign in NEEDS.get(language, {}).items() if re.search(sign, said))
    return Program(f"x-{language}", written, f"\n{row['test']}", official="exit status", needs=needs)


def _begun(row: DataRow) -> str:
    """The function's beginning as it was asked: without the line break at its end."""
    return row["prompt"].strip()


HUMANEVALPACK = Benchmark(
    version=1,
    about=f"HumanEvalPack: HumanEval's functions, written by hand in six languages. {ABOUT}",
    settings=Settings,
    asks={name: frozenset({"plain"}) for name in NAMES.values()},
    reads=(),
    items=items,
    grade=grade,
    scores=program_scores,
    sampling=lambda settings, group: settings.sampling(STOPS.get(group, ())),
    always=False,
)
