"""LiveCodeBench's rows, as released, of problems of our own: what passes, what does not, what is refused."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from judged import items_of, verdicts_on, write_rows

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.contests.outputs import lines_or_numbers, values
from midspan.evaluate.contests.problems import last_block
from midspan.evaluate.result import read_result
from midspan.evaluate.running import judge
from midspan.evaluate.subject import Item
from midspan.evaluate.subjects.answers import Answers
from midspan.files import Kept
from midspan.inference import Chat
from midspan.step import Tools


def packed(value: Any) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def cases(*pairs: tuple[str, str], kind: str = "stdin") -> str:
    return json.dumps([{"input": one, "output": other, "testtype": kind} for one, other in pairs])


SUM = {
    "question_title": "Sum",
    "question_content": "Print the sum of the numbers of each line.",
    "platform": "atcoder",
    "question_id": "ours_a",
    "contest_id": "ours",
    "contest_date": "2024-03-02T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": cases(("1 2\n3\n", "3\n3\n")),
    "private_test_cases": packed(cases(("5\n", "5"), ("1\n\n-1 1", "1\n0\n0\n"))),
    "metadata": "{}",
}
PAIRS = {
    **SUM,
    "question_id": "ours_b",
    "platform": "leetcode",
    "contest_date": "2024-09-10T00:00:00",
    "difficulty": "hard",
    "question_content": "Return each number with its double, and the word.",
    "starter_code": "class Solution:\n    def pairs(self, numbers: List[int], word: str) -> list:\n        ",
    "public_test_cases": cases(('[1, 2]\n"a"', '[[[1, 2], [2, 4]], "a"]'), kind="functional"),
    "private_test_cases": cases(('[]\n""', '[[], ""]'), kind="functional"),
    "metadata": '{"func_name": "pairs"}',
}
SUM_CODE = "import sys\nif __name__ == '__main__':\n    for l in sys.stdin: print(sum(map(int, l.split())), '')\n"
PAIRS_CODE = (
    "class Solution:\n    def pairs(self, numbers: List[int], word: str) -> list:\n        print('debug')\n"
    "        return [[x, 2 * x] for x in numbers], word\n"
)


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    return items_of("livecodebench", data=(str(write_rows(tmp_path / "test.jsonl", [SUM, PAIRS])),))


def fenced(code: str) -> str:
    return f"First I thought of\n```python\nraise SystemExit\n```\nbut this is it:\n```python\n{code}\n```\nDone."


def test_right_programs_and_right_methods_pass(items: list[Item], tools: Tools) -> None:
    found = verdicts_on("livecodebench", items, [fenced(SUM_CODE), fenced(PAIRS_CODE)], tools)
    assert [(one.outcome, one.detail) for one in found] == [("passed", ""), ("passed", "")]
    scores = BENCHMARKS["livecodebench"].scores(items, found)
    window = "2024-03-02 to 2024-09-10"
    assert [score.label for score in scores] == ["pass@1", f"pass@1, easy, {window}", f"pass@1, hard, {window}"]


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("print(3); print(4)", r"test 1: wrong: '3\n4', not '3\n3'"),
        (SUM_CODE.replace("'')", "'x')"), "test 1: wrong"),
        ("print(3); print(3)", r"test 2: wrong: '3\n3', not '5'"),
        ("print(3); print(3); 1 / 0", "test 1: error: ZeroDivisionError"),
        ("def", "test 1: error: SyntaxError"),
        ("", "test 1: wrong: '', not"),
        ("import os; os._exit(0)", "test 1: wrong"),
        ("while True: pass", "test 1: more than its CPU time"),
        ("while True: print(1)", "test 1: more than its output"),
        ("import os; os.kill(os.getppid(), 9)", "test 1: "),
    ],
)
def test_wrong_programs_fail_at_their_first_wrong_test(items: list[Item], tools: Tools, code: str, detail: str) -> None:
    quick = replace(items[0], source=(items[0].source[0], 1))
    (found,) = verdicts_on("livecodebench", [quick], [fenced(code)], tools)
    assert found.outcome == "failed"
    assert detail in found.detail


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (("2 * x", "2.0 * x"), "passed"),  # 2 == 2.0
        (("[x, 2 * x]", "{x, 2 * x}"), "failed"),  # a set is no list
        (("word", "word + '!'"), "failed"),
        (("pairs", "other"), "failed"),
        (("class Solution:\n    def pairs(self, ", "if True:\n    def pairs("), "passed"),  # a function will do
    ],
)
def test_what_a_method_returns_is_compared_as_a_value(
    items: list[Item], tools: Tools, change: tuple[str, str], outcome: str
) -> None:
    (found,) = verdicts_on("livecodebench", items[1:], [fenced(PAIRS_CODE.replace(*change))], tools)
    assert found.outcome == outcome


def test_a_base_model_is_asked_by_an_example_and_all_that_it_says_is_code(items: list[Item], tools: Tools) -> None:
    plain = [replace(item, prompt=item.plain) for item in items if item.plain]
    assert items[0].prompt != plain[0].prompt
    assert isinstance(items[0].prompt, Chat)
    found = verdicts_on("livecodebench", plain, [SUM_CODE, PAIRS_CODE], tools)
    assert [one.outcome for one in found] == ["passed", "passed"]
    for item in plain:
        assert item.source[0]["question_content"] in item.prompt.text
        assert item.prompt.text.endswith("### Answer\n\n")


def test_who_cannot_chat_is_asked_the_text(tmp_path: Path, tools: Tools) -> None:
    file = write_rows(tmp_path / "test.jsonl", [SUM])
    texts = {("ours_a", ""): [SUM_CODE]}
    for can, passed in (({"plain"}, 1.0), ({"plain", "chat"}, 0.0)):  # in a conversation, code has a fence
        subject = Answers("base", tmp_path / "answers", texts, frozenset(can))
        output = tmp_path / f"{passed}.json"
        judge(subject, "livecodebench", {"data": [str(file)]}, HeldOut(0), {}, output, "k", tools)
        assert [score.value for score in read_result(output).scores] == [passed, passed]


def test_days_choose_the_questions(tmp_path: Path) -> None:
    file = str(write_rows(tmp_path / "test.jsonl", [SUM, PAIRS]))
    late = items_of("livecodebench", data=(file,), from_date="2024-03-03")
    assert [(item.identifier, item.group) for item in late] == [("ours_b", "hard, 2024-03-03 to 2024-09-10")]
    early = items_of("livecodebench", data=(file,), from_date="2024-03-02", to_date="2024-03-02")
    assert [item.identifier for item in early] == ["ours_a"]
    with pytest.raises(UserError, match="none of 2 questions is from 2025-01-01"):
        items_of("livecodebench", data=(file,), from_date="2025-01-01")


class Hostile:
    """Unpickled by the usual means, it makes a folder."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return Path.mkdir, (Path(self.place),)


@pytest.mark.parametrize(
    "change",
    [
        {"private_test_cases": "nothing of the kind"},
        {"private_test_cases": packed([1, 2])},
        {"private_test_cases": packed("no JSON")},
        {"private_test_cases": packed('{"input": 1}')},
        {"private_test_cases": base64.b64encode(b"not packed").decode()},
        {"public_test_cases": None},
        {"metadata": "["},
        {"contest_date": "yesterday"},
    ],
)
def test_rows_that_are_not_as_released_are_left_out_and_named(
    tmp_path: Path, change: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    broken = {**PAIRS, **change}
    file = str(write_rows(tmp_path / "test.jsonl", [broken]))
    with pytest.raises(
        UserError, match=r"1 of 1 rows cannot be asked: question ours_b: .*fetch the data again"
    ) as told:
        items_of("livecodebench", data=(file,))
    assert "\n" not in str(told.value)
    file = str(write_rows(tmp_path / "test.jsonl", [SUM, broken, {**SUM, "question_id": "ours_c"}]))
    assert [item.identifier for item in items_of("livecodebench", data=(file,))] == ["ours_a", "ours_c"]
    assert "1 of 3 rows cannot be asked: question ours_b: " in capfd.readouterr().err


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "made by a pickle"
    file = write_rows(tmp_path / "test.jsonl", [{**SUM, "private_test_cases": packed(Hostile(str(place)))}])
    with pytest.raises(UserError, match="it asks for"):
        items_of("livecodebench", data=(str(file),))
    assert not place.exists()


def test_what_was_judged_is_kept(items: list[Item], tools: Tools, tmp_path: Path) -> None:
    kept = Kept(tmp_path / "verdicts", "key")
    first = verdicts_on("livecodebench", items[:1], [fenced(SUM_CODE)], replace(tools, verdicts=kept))
    assert len(kept.values) == 1
    kept.values = {name: ["failed", "as kept"] for name in kept.values}
    again = verdicts_on("livecodebench", items[:1], [fenced(SUM_CODE)], replace(tools, verdicts=kept))
    assert (first[0].outcome, again[0].detail) == ("passed", "as kept")


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("1 2 \n 3\n\n", "1 2\n3", True),
        ("1.50 2", "1.5 2.0", True),
        ("1", "1\n2", False),
        ("Yes", "YES", False),
        ("50000000000000000", "50000000000000001", False),
        ("1.0000001", "1", False),
        ("a 1", "a 1.0", False),
    ],
)
def test_lines_are_compared_as_text_or_as_numbers(printed: str, expected: str, same: bool) -> None:
    assert lines_or_numbers(printed, expected) is same


def test_a_value_is_the_last_line() -> None:
    assert values("noise\n[1, 2]", "[1,2.0]")
    assert values("true", "1")  # Python's own comparison
    assert not values("[" * 100_000, "1")
    assert not values("noise", "1")


def test_the_last_fenced_block_is_the_code() -> None:
    assert last_block("```\na\n```\ntext\n```python\nb\nc\n```") == "b\nc"
    assert last_block("no block") == last_block("```python\ncut off") == ""
