"""What counts as a copy of an evaluation item and what does not, and the index as a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.decontamination import Contamination, EvaluationIndex
from midspan.corpus.decontamination.index import Filter
from midspan.errors import UserError

PROMPT = '''\
def interval_overlap(first: tuple[int, int], second: tuple[int, int]) -> int:
    """Return how many whole kilometres two railway sections share, counting both ends.

    >>> interval_overlap((1, 5), (3, 9))
    3
    """
'''
SOLUTION = """\
    lower = max(first[0], second[0])
    upper = min(first[1], second[1])
    return max(0, upper - lower + 1)
"""
TESTS = "".join(f"assert interval_overlap((1, 5), (3, {last})) == {last - 2}\n" for last in (5, 6, 7))
CARRIER = "import os\n\n\nclass Reader:\n    def read(self, name):\n        return open(name).read()\n\n{}\nprint(1)\n"

COPIES: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "indented": lambda text: "".join("        " + line for line in text.splitlines(keepends=True)),
    "tabs": lambda text: text.replace("    ", "\t"),
    "two spaces": lambda text: text.replace("    ", "  "),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "trailing spaces": lambda text: text.replace("\n", "   \n"),
    "one line": lambda text: " ".join(text.split()),
    "a word a line": lambda text: "\n".join(text.split()),
    "non-breaking spaces": lambda text: text.replace(" ", "\xa0"),
    "wide spaces": lambda text: text.replace(" ", "\u3000"),
    "commented out": lambda text: "".join("# " + line for line in text.splitlines(keepends=True)),
    "upper case": str.upper,
    "in JSON": json.dumps,
    "in JSON in JSON": lambda text: json.dumps(json.dumps(text)),
}


def index_of(folder: Path, *rows: dict[str, str], name: str = "problems.jsonl") -> EvaluationIndex:
    (folder / name).write_text("\n".join(map(json.dumps, rows)))
    return EvaluationIndex.build([folder / name])


@pytest.fixture
def index(tmp_path: Path) -> EvaluationIndex:
    row = {"task_id": "Railway/7", "prompt": PROMPT, "canonical_solution": SOLUTION, "test": TESTS}
    return index_of(tmp_path, {"task_id": "Railway/6", "prompt": "Nothing that anybody would ever look for here."}, row)


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize(
    "text", [PROMPT, SOLUTION, TESTS, PROMPT + SOLUTION], ids=["prompt", "solution", "test", "both"]
)
def test_a_copy_is_found_whatever_its_white_space(
    index: EvaluationIndex, text: str, copy: Callable[[str], str]
) -> None:
    found = index.find(CARRIER.format(copy(text)))
    assert found
    assert found.item == "Railway/7"


def test_the_evidence_names_set_item_field_and_words(index: EvaluationIndex, tmp_path: Path) -> None:
    found = index.find(CARRIER.format(PROMPT))
    assert found == Contamination(
        f"{tmp_path.name}/problems.jsonl",
        "Railway/7",
        "all 29 words of prompt: def interval_overlap first tuple int int second tuple int int int return …",
    )


def test_the_docstring_alone_and_a_part_of_it_are_found(index: EvaluationIndex) -> None:
    docstring = PROMPT.split('"""')[1]
    whole = index.find("// " + docstring.replace("\n", "\n// "))
    assert whole
    assert "comment in prompt" in whole.detail
    # 13 words with 7 telling ones are enough, 12 are not.
    words = [
        "first",
        "second",
        "int",
        "return",
        "how",
        "many",
        "whole",
        "kilometres",
        "two",
        "railway",
        "sections",
        "share",
        "counting",
        "both",
        "ends",
    ]
    long = "interval_overlap " + PROMPT.split("interval_overlap")[1].split("ends")[0] + "ends"
    assert index.find(f"x = 1\n{long}\ny = 2")
    assert not index.find("x = 1\n" + " ".join(words[-11:]) + "\ny = 2")


def test_one_changed_word_in_every_ten_is_no_copy(index: EvaluationIndex) -> None:
    words = (PROMPT + SOLUTION).split()
    changed = [word if place % 5 else "other" for place, word in enumerate(words)]
    assert not index.find(" ".join(changed))


ORDINARY = [
    'if __name__ == "__main__":\n    main()\n',
    "from typing import Any, Dict, List, Optional, Tuple\n",
    "return ''.join(strings)\n",  # E2, bigcode-dataset: this entry of its list of exceptions never matches
    "for i in range(len(numbers)):\n    for j in range(i + 1, len(numbers)):\n",
    "import java.util.*;\nimport java.lang.*;\n\nclass Solution {\n    public static void main(String[] args) {\n",
    "CREATE TABLE users (\n    id INTEGER NOT NULL PRIMARY KEY,\n    name VARCHAR(255) NOT NULL\n);\n",
    "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]\n",
    "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n",
    "class Person:\n    def __init__(self, name, age):\n        self.name = name\n        self.age = age\n",
]


def test_what_everybody_writes_is_no_evidence(tmp_path: Path) -> None:
    index = index_of(tmp_path, *({"prompt": text} for text in ORDINARY), {"prompt": PROMPT})
    assert [index.find(CARRIER.format(text)) for text in ORDINARY] == [None] * len(ORDINARY)
    assert index.find(PROMPT)


def numbered(count: int, frame: str) -> list[dict[str, str]]:
    topics = [
        "glacier",
        "violin",
        "harbour",
        "saffron",
        "lantern",
        "meadow",
        "orchid",
        "pebble",
        "quarry",
        "raven",
        "thimble",
        "walnut",
    ]
    return [
        {
            "id": str(number),
            "prompt": frame.format(f"{topics[number]} {topics[number - 1]} {topics[number - 2]} {number}"),
        }
        for number in range(count)
    ]


def test_a_phrase_of_more_than_ten_tasks_is_a_template(tmp_path: Path) -> None:
    """Only what differs between the items is evidence, if all of them begin alike."""
    phrase = "You are an experienced craftsman and complete carefully every unfinished workshop programme given below"
    few, many = (index_of(tmp_path, *numbered(count, phrase + ": {}"), name=f"{count}.jsonl") for count in (10, 12))
    assert few.find(phrase)
    assert not many.find(phrase)
    assert many.find(numbered(12, phrase + ": {}")[5]["prompt"])


def test_items_that_share_their_tests_are_one_task(tmp_path: Path) -> None:
    """Infilling sets cut one problem in dozens of ways: what their rows share is the problem, not a template."""
    lines = (PROMPT + SOLUTION).splitlines(keepends=True) * 3
    rows = [{"prompt": "".join(lines[:cut]) + "# here\n", "test": TESTS, "suffix": f"s{cut}"} for cut in range(4, 20)]
    others = [{"prompt": f"another one {cut} {cut * 7}", "test": f"other test {cut}"} for cut in range(20)]
    index = index_of(tmp_path, *rows, *others)
    assert index.find(PROMPT)


def test_a_field_of_most_items_is_no_part_of_the_problem(tmp_path: Path) -> None:
    setup = "package railway_timetable_check; use carefully chosen stations, platforms, signals and shunting engines"
    rows = [row | {"setup": setup} for row in numbered(12, "Describe the colour of {} in winter afternoons")]
    index = index_of(tmp_path, *rows)
    assert not index.find(setup)
    assert index.find(rows[3]["prompt"])


def test_an_index_says_how_much_of_a_set_can_be_told(tmp_path: Path) -> None:
    index = index_of(tmp_path, {"prompt": PROMPT, "solution": "return x + y"}, {"prompt": "Hello!"})
    assert index.sets == {
        f"{tmp_path.name}/problems.jsonl": {
            "items": 2,
            "texts": 5,  # the docstring alone, all together
            "texts looked up whole": 3,
            "items without such a text": 1,
        }
    }


def test_a_saved_index_finds_the_same(index: EvaluationIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "index")
    loaded = EvaluationIndex.load(tmp_path / "index")
    assert loaded.sets == index.sets
    for text in (PROMPT, SOLUTION, CARRIER.format(TESTS), CARRIER, ""):
        assert loaded.find(text) == index.find(text)
    index.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "index").read_bytes()


def test_a_file_that_is_no_index_is_refused(index: EvaluationIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "index")
    data = (tmp_path / "index").read_bytes()
    for name, content in (("cut", data[: len(data) // 2]), ("text", b"hello"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match="is no index"):
            EvaluationIndex.load(tmp_path / name)
    with pytest.raises(UserError, match="is no index"):
        EvaluationIndex.load(tmp_path / "missing")


def test_a_set_without_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text('{"n": 1}\n')
    with pytest.raises(UserError, match="holds no text"):
        EvaluationIndex.build([tmp_path / "empty.jsonl"])


def test_an_index_of_no_files_finds_nothing() -> None:
    assert EvaluationIndex.build([]).find(PROMPT) is None


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=50), st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_the_filter_lets_through_what_is_among_its_hashes(known: list[int], asked: list[int]) -> None:
    mixed = np.array(asked + known[::2], dtype=np.uint64)
    positions = Filter(np.array(sorted(known), dtype=np.uint64)).positions(mixed)
    assert positions.tolist() == [place for place, one in enumerate(mixed.tolist()) if one in set(known)]


CHINESE = "编写一个程序，读取两段铁路的起点和终点，计算它们共同经过的整公里数，两端都要计入。如果没有重叠，则输出零。"


@pytest.mark.parametrize(
    "text",
    [
        f"# 题目\n\n下面是昨天看到的题：{CHINESE}大家觉得怎么做？",
        CHINESE.replace("，", ",\n// "),
        "下面" + CHINESE[5:-6] + "吗",
    ],
)
def test_an_item_in_chinese_is_found_whole_and_in_part(tmp_path: Path, text: str) -> None:
    index = index_of(tmp_path, {"task_id": "Railway/8", "prompt": CHINESE})
    found = index.find(text)
    assert found is not None
    assert found.item == "Railway/8"


@pytest.mark.parametrize(
    "text", ["读取两段铁路的起点和终点。", "如果没有重叠，则输出零。", "编写一个程序，读取文件的起点和终点，计算总数。"]
)
def test_a_few_words_of_an_item_in_chinese_are_no_copy(tmp_path: Path, text: str) -> None:
    index = index_of(tmp_path, {"task_id": "Railway/8", "prompt": CHINESE})
    assert index.find(f"这里是别的文字{text}后面也是别的文字") is None


def test_a_short_field_in_chinese_is_not_looked_up(tmp_path: Path) -> None:
    index = index_of(tmp_path, {"task_id": "Sum/1", "prompt": "返回列表中最大的数", "test": CHINESE})
    assert index.find("def f(x):  # 返回列表中最大的数\n    return max(x)\n") is None
