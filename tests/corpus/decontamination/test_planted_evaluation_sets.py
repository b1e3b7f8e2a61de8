"""Items of real evaluation sets, planted into real files with changed white space: all found, no clean file dropped."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.decontamination.building import HEAD, WHOLE_FIELD, telling_words
from midspan.corpus.decontamination.evaluation_files import EvaluationItem, read_evaluation_items
from midspan.corpus.decontamination.words import normalise

DATA = Path("/work/shared/data")
SETS = (
    *("humaneval", "humaneval_infilling", "humanevalpack", "mbpp", "multipl_e", "santacoder_fim", "sql_eval"),
    *("mt_bench", "defog_data", "codealpaca", "llama_factory_demo", "hh_rlhf"),
)
# Left to docs/results/corpus-decontamination.md: the same problems as in other files, or general conversation.
BIG = ("HumanEval-MultiLine", "HumanEval-SingleLine", "santacoder_fim_rebuilt", "new_codealpaca", "dpo_en_demo")
ITEMS_OF_A_FILE = 12
# The parts of an item that a corpus may hold without the rest.
PARTS = (
    "prompt",
    "text",
    "code",
    "canonical_solution",
    "docstring",
    "instruction",
    "body",
    "question",
    "query",
    "turns",
)
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))

CHANGES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: "".join("\t" + line for line in text.splitlines(keepends=True)),
    lambda text: text.replace("    ", "  ").replace("\n", "\r\n"),
    lambda text: text.replace(" ", "\xa0"),
    lambda text: text.replace("\n", "\n \n\t\n"),
    lambda text: "".join(" * " + line for line in text.splitlines(keepends=True)),
)


def evaluation_files() -> list[Path]:
    files = [file for one in SETS for file in sorted((DATA / one).rglob("*")) if file.is_file()]
    return [file for file in files if not file.name.startswith(BIG)]


@pytest.fixture(scope="module")
def index() -> EvaluationIndex:
    if not DATA.is_dir():
        pytest.skip(f"no evaluation sets at {DATA}")
    return EvaluationIndex.build(evaluation_files())


@pytest.fixture(scope="module")
def carriers() -> list[str]:
    files = sorted((STANDARD_LIBRARY / "json").glob("*.py")) + sorted((STANDARD_LIBRARY / "http").glob("*.py"))
    return [file.read_text(encoding="utf-8") for file in files]


def sample() -> Iterator[tuple[Path, EvaluationItem]]:
    for file in evaluation_files():
        items = list(read_evaluation_items(file))
        for item in items[:: max(1, len(items) // ITEMS_OF_A_FILE)]:
            yield file, item


def planted(carrier: str, text: str, number: int) -> str:
    lines = carrier.splitlines(keepends=True)
    place = len(lines) * (number % 7) // 7
    return "".join([*lines[:place], "\n", text, "\n", *lines[place:]])


def can_be_told(text: str) -> bool:
    words = normalise(text).split()
    return len(words) >= HEAD and any(len(words) >= n and telling_words(words) >= least for n, least in WHOLE_FIELD)


def test_every_item_is_found_whatever_its_white_space(index: EvaluationIndex, carriers: list[str]) -> None:
    missed, items = [], 0
    for number, (file, item) in enumerate(sample()):
        if file.name.startswith("example_"):  # "return 1", OpenAI's sanity pairs
            continue
        parts = [text for label, text in item.fields if label in PARTS]
        whole = "\n".join(parts or [text for _, text in item.fields])
        change = CHANGES[number % len(CHANGES)]
        items += can_be_told(whole)
        if can_be_told(whole) and not index.find(planted(carriers[number % len(carriers)], change(whole), number)):
            missed.append((item.set, item.item))
    assert not missed
    assert items > 500


def test_every_part_of_an_item_that_can_be_told_is_found_alone(index: EvaluationIndex, carriers: list[str]) -> None:
    missed, found = [], 0
    for number, (_, item) in enumerate(sample()):
        for label, text in item.fields:
            if label in PARTS and can_be_told(text):
                change = CHANGES[(number + found) % len(CHANGES)]
                if index.find(planted(carriers[number % len(carriers)], change(text), number)):
                    found += 1
                else:
                    missed.append((item.set, item.item, label))
    assert not missed
    assert found > 700


@pytest.mark.parametrize(
    ("name", "untold"),  # six of MBPP are as short as "Write a function to get an item of a tuple."
    [("humaneval/HumanEval.jsonl.gz", 0), ("mbpp/mbpp.jsonl", 6), ("multipl_e/humaneval-java-reworded.jsonl", 0)],
)
def test_the_prompts_of_code_benchmarks_can_be_told_alone(name: str, untold: int) -> None:
    if not DATA.is_dir():
        pytest.skip(f"no evaluation sets at {DATA}")
    prompts = [dict(item.fields) for item in read_evaluation_items(DATA / name)]
    assert sum(not can_be_told(fields.get("prompt") or fields["text"]) for fields in prompts) <= untold


def test_no_file_of_the_standard_library_is_dropped(index: EvaluationIndex) -> None:
    files = [file for file in STANDARD_LIBRARY.rglob("*.py") if "site-packages" not in file.parts]
    found = {file: index.find(file.read_text(encoding="utf-8", errors="replace")) for file in files}
    assert len(found) > 500
    assert {str(file): one for file, one in found.items() if one} == {}
