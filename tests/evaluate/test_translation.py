"""Translation: the source stands before the target's beginning, and the target's tests decide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from double_in_every_language import TASKS

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.translation import TRANSLATION, Settings
from midspan.exercises.grading import find
from midspan.inference import Completion, Plain
from midspan.step import Tools

SOLUTION = "def twice(n):\n    return 2 * n\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    task = TASKS["js"]
    prompt, _, end = task.frame.partition("{}")
    row = {"name": "HumanEval_0_twice", "prompt": prompt.format(), "tests": end.format() + "\n" + task.tests}
    rows = [row | {"stop_tokens": []}, row | {"name": "HumanEval_7_other", "stop_tokens": []}]
    (tmp_path / "humaneval-js-reworded.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    solved = {"task_id": "Python/0", "declaration": "def twice(n):\n", "canonical_solution": "    return 2 * n\n"}
    (tmp_path / "python.jsonl").write_text(json.dumps(solved))
    return Settings(data=str(tmp_path), programs=str(tmp_path), languages=("js",))


def test_the_source_stands_before_the_targets_beginning_and_unsolved_problems_are_not_asked(settings: Settings) -> None:
    (item,) = TRANSLATION.items(settings, HeldOut(0))
    assert isinstance(item.prompt, Plain)
    assert item.prompt.text.startswith(f"code translation\nPython:\n{SOLUTION}JavaScript:\nfunction twice(n)")
    assert item.group == "JavaScript"


def test_the_targets_tests_decide(settings: Settings, tools: Tools) -> None:
    if isinstance(missing := find("js"), str):
        pytest.skip(missing)
    items = TRANSLATION.items(settings, HeldOut(0))
    for body, outcome in ((TASKS["js"].right, "passed"), (TASKS["js"].wrong, "failed")):
        (verdict,) = TRANSLATION.grade(items, [Completion(f"\n    {body}\n", [], "stop", 0)], tools)
        assert verdict.outcome == outcome


def test_programs_of_other_problems_are_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "python.jsonl").write_text(json.dumps({"task_id": "X/99", "declaration": "", "canonical_solution": ""}))
    with pytest.raises(UserError, match="has no problem of"):
        TRANSLATION.items(settings, HeldOut(0))
