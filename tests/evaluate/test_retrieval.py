"""Long texts of code with functions planted: where they stand, who passes, what does not fit."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from judged import items_of, verdicts_on
from small_models import TOOLS, write_model

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.result import read_result
from midspan.evaluate.running import judge
from midspan.evaluate.subjects.local import Local
from midspan.files import read_jsonl
from midspan.inference import Plain
from midspan.tokens import Tokenizer

FUNCTION = re.compile(r"def (\w+_limit)\(\):\n    return (\d{5})\n")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder of 40 small modules."""
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(40):
        functions = [f"def f{number}_{part}(x):\n    return x + {part}\n" for part in range(6)]
        (folder / f"module_{number}.py").write_text('"""A module."""\n\n' + "\n\n".join(functions))
    (folder / "other.c").write_text("int x;\n")
    return folder


def test_a_function_is_planted_at_every_depth_and_asked_for(code: Path) -> None:
    items = items_of("retrieval", data=(str(code),), lengths=(2000, 8000), needles=3, others=4)
    assert len(items) == 2 * 3 * 5
    assert Counter(item.group for item in items) == {"2000 bytes": 15, "8000 bytes": 15}
    for item in items:
        assert isinstance(item.prompt, Plain)
        text, _, question = item.prompt.text.rpartition("# tests/test_limits.py\n")
        assert not re.findall(r"(?<!\n\n)(?<!\A)def \w+_limit", text)  # each between blank lines, nothing is split
        planted = dict(FUNCTION.findall(text))
        assert len(planted) == 5
        assert len(set(planted.values())) == 5
        shown, asked = re.findall(r"assert (\w+)\(\) ==(?: (\d+))?", question)
        assert planted[shown[0]] == shown[1]
        assert (planted[asked[0]], asked[1]) == (item.expected, "")
        length = int(item.group.split()[0])
        assert length - 100 < len(text.encode()) <= length + 5
        place = text.index(f"def {asked[0]}") / len(text)
        assert abs(place - item.source / 100) < 300 / length
    at_depths = [item.prompt.text for item in items if item.cluster == "needle 0" and item.group == "8000 bytes"]
    assert len(set(at_depths)) == 5
    assert len({re.sub(FUNCTION.pattern + "\n\n", "", text) for text in at_depths}) == 1  # the same code around it
    assert items == items_of("retrieval", data=(str(code),), lengths=(2000, 8000), needles=3, others=4)
    assert items != items_of("retrieval", seed=1, data=(str(code),), lengths=(2000, 8000), needles=3, others=4)


def test_the_number_must_be_the_right_one(code: Path) -> None:
    items = items_of("retrieval", data=(str(code),), lengths=(2000,), depths=(0, 100), needles=2, others=2)
    others = [FUNCTION.findall(item.prompt.text)[0][1] for item in items]
    answers = [f" {items[0].expected}", f"{items[1].expected}, 'of', 7", f" {items[2].expected}0", "None"]
    found = verdicts_on("retrieval", items, answers)
    assert [one.outcome for one in found] == ["passed", "passed", "failed", "failed"]
    wrong = [other if other != item.expected else "1" for other, item in zip(others, items, strict=True)]
    assert {one.outcome for one in verdicts_on("retrieval", items, wrong)} == {"failed"}
    scores = {score.label: score.value for score in BENCHMARKS["retrieval"].scores(items, found)}
    assert scores == {
        "retrieved, 2000 bytes": 0.5,
        "retrieved at depth 0 %, 2000 bytes": 0.5,
        "retrieved at depth 100 %, 2000 bytes": 0.5,
    }


def test_lengths_that_do_not_fit_are_not_asked(tmp_path: Path, code: Path, code_tokenizer: Tokenizer) -> None:
    model = write_model(tmp_path / "base", code_tokenizer, positions=1024)
    settings = {"data": [str(code)], "lengths": [600, 8000], "depths": [50], "needles": 2, "others": 1}
    output = tmp_path / "out.json"
    judge(Local("base", model, None, "fp32"), "retrieval", settings, HeldOut(0), {}, output, "k", TOOLS)
    result = read_result(output)
    assert result.not_asked == {"8000 bytes": "longer than the model's positions"}
    assert result.not_measured == 2
    assert {score.group for score in result.scores} == {"600 bytes"}
    assert Counter(row["outcome"] for row in read_jsonl(output.with_suffix(".jsonl"))) == {
        "failed": 2,
        "not measured": 2,
    }


def test_too_little_code_is_said_before_the_work(code: Path) -> None:
    with pytest.raises(UserError, match=r"retrieval: \d+ bytes of Python .* give more code"):
        items_of("retrieval", data=(str(code),), lengths=(1 << 20,))
    with pytest.raises(UserError, match=r"other retrieval\.lengths"):
        items_of("retrieval", data=(str(code),), lengths=(100,))
