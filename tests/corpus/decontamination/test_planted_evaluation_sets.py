"""Items of real evaluation sets, planted into real files with changed white space: all found, no clean file dropped."""

from __future__ import annotations

import gzip
import json
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.decontamination.arrays import HEAD, WHOLE_FIELD, telling_words, word_count
from midspan.corpus.decontamination.evaluation_files import EvaluationItem, read_evaluation_items
from midspan.corpus.decontamination.words import normalise

DATA = Path("/work/shared/data")
SETS = (
    *("humaneval", "humaneval_infilling", "humanevalpack", "mbpp", "multipl_e", "santacoder_fim", "sql_eval"),
    *("mt_bench", "defog_data", "codealpaca", "llama_factory_demo", "hh_rlhf"),
)
# Of these 200 rows are enough here; docs/results/corpus-decontamination.md has all of them.
BIG = ("HumanEval-MultiLine", "HumanEval-SingleLine", "santacoder_fim_rebuilt", "harmless", "new_code", "alpaca", "dpo")
ROWS_OF_A_BIG_FILE = 200
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


@pytest.fixture(scope="module")
def evaluation_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    if not DATA.is_dir():
        pytest.skip(f"no evaluation sets at {DATA}")
    folder = tmp_path_factory.mktemp("some rows")
    files = [file for one in SETS for file in sorted((DATA / one).rglob("*")) if file.is_file()]
    return [some_rows(file, folder) if file.name.startswith(BIG) else file for file in files]


def some_rows(file: Path, folder: Path) -> Path:
    text = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode()
    rows = json.loads(text) if ".jsonl" not in file.name else [json.loads(line) for line in text.splitlines()]
    rows = rows[:: max(1, len(rows) // ROWS_OF_A_BIG_FILE)]
    some = folder / f"{file.name.split('.')[0]}.jsonl"
    some.write_text("\n".join(map(json.dumps, rows)))
    return some


@pytest.fixture(scope="module")
def index(evaluation_files: list[Path]) -> EvaluationIndex:
    return EvaluationIndex.build(evaluation_files)


@pytest.fixture(scope="module")
def carriers() -> list[str]:
    files = sorted((STANDARD_LIBRARY / "json").glob("*.py")) + sorted((STANDARD_LIBRARY / "http").glob("*.py"))
    return [file.read_text(encoding="utf-8") for file in files]


@pytest.fixture(scope="module")
def sample(evaluation_files: list[Path]) -> list[EvaluationItem]:
    items = [list(read_evaluation_items(file)) for file in evaluation_files]
    return [item for one in items for item in one[:: max(1, len(one) // ITEMS_OF_A_FILE)]]


def planted(carrier: str, text: str, number: int) -> str:
    lines = carrier.splitlines(keepends=True)
    place = len(lines) * (number % 7) // 7
    return "".join([*lines[:place], "\n", text, "\n", *lines[place:]])


def can_be_told(text: str) -> bool:
    words = normalise(text).split()
    return len(words) >= HEAD and any(
        word_count(words) >= n and telling_words(words) >= least for n, least in WHOLE_FIELD
    )


def test_every_item_is_found_whatever_its_white_space(
    index: EvaluationIndex, sample: list[EvaluationItem], carriers: list[str]
) -> None:
    missed, items = [], 0
    for number, item in enumerate(sample):
        parts = [text for label, text in item.fields if label in PARTS]
        whole = "\n".join(parts or [text for _, text in item.fields])
        change = CHANGES[number % len(CHANGES)]
        if can_be_told(whole):
            items += 1
            if not index.find(planted(carriers[number % len(carriers)], change(whole), number)):
                missed.append((item.set, item.item))
    assert not missed
    assert items > 500


def test_every_part_of_an_item_that_can_be_told_is_found_alone(
    index: EvaluationIndex, sample: list[EvaluationItem], carriers: list[str]
) -> None:
    missed, found = [], 0
    for number, item in enumerate(sample):
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
