"""Verdicts equal those of lm-evaluation-harness on the same completions, problem by problem.

Its tasks have `evaluate` fetch the metric `code_eval` from the hub, which is out of reach. The same code, from
bigcode-evaluation-harness, is on PyPI (nvidia-bigcode-eval), so a local metric of that name runs it. It runs programs
without a sandbox, so none of them is hostile.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mixed_completions import MIXED, OURS

from midspan.evaluate.benchmark import HeldOut, Verdict
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.inference import Completion
from midspan.step import Tools

pytest.importorskip("lm_eval", reason="pip install 'midspan[peers]'")
if find_spec("bigcode_eval") is None:
    pytest.skip("pip install --no-deps nvidia-bigcode-eval", allow_module_level=True)

METRIC = """
import datasets
import evaluate
from bigcode_metrics import code_eval
from bigcode_metrics.execute import check_correctness


class CodeEval(evaluate.Metric):
    def _info(self):
        features = {"predictions": datasets.Sequence(datasets.Value("string")), "references": datasets.Value("string")}
        return evaluate.MetricInfo("", "", datasets.Features(features), inputs_description="")

    def _compute(self, predictions, references, k, timeout=3.0):
        passed = [
            [check_correctness(one + chr(10) + test, timeout, 0, 0)["passed"] for one in candidates]
            for candidates, test in zip(predictions, references, strict=True)
        ]
        counts = [len(one) for one in passed], [sum(one) for one in passed]
        return {f"pass@{k[0]}": code_eval.estimate_pass_at_k(*counts, k[0]).mean()}, passed
"""


def package_at(folder: Path, name: str) -> ModuleType:
    """A package of bigcode-evaluation-harness by itself: all of its tasks together import what not everyone has."""
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModuleType]:
    """The functions of one of the harness's tasks, by its name."""
    home = tmp_path_factory.mktemp("metric")
    spec = find_spec("bigcode_eval")
    assert spec is not None
    assert spec.origin is not None
    package_at(Path(spec.origin).parent / "tasks" / "custom_metrics", "bigcode_metrics")
    (home / "code_eval").mkdir()
    (home / "code_eval" / "code_eval.py").write_text(METRIC)

    def of(name: str) -> ModuleType:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(home)  # where `evaluate.load("code_eval")` looks first
            patch.setenv("HF_MODULES_CACHE", str(home / "cache"))
            patch.setenv("HF_ALLOW_CODE_EVAL", "1")
            return importlib.import_module(f"lm_eval.tasks.{name}.utils")

    return of


def ours(name: str, row: dict[str, Any], answer: str, tools: Tools, file: Path) -> Verdict:
    file.write_text(json.dumps(row))
    kind = BENCHMARKS[name]
    places: Any = str(file) if name == "humaneval" else (str(file),)
    items = kind.items(kind.settings(data=places), HeldOut(0))
    (verdict,) = kind.grade(items, [Completion(answer, [], "stop", 0)], tools)
    return verdict


def theirs(task: ModuleType, row: dict[str, Any], answer: str) -> bool:
    """As the task's YAML puts tests and metric together."""
    (predictions,) = task.build_predictions([[answer]], [row])
    tests = f"{row['test']}\ncheck({row['entry_point']})"
    return bool(task.pass_at_k([tests], [predictions], k=[1])["pass@1"] == 1.0)


@pytest.mark.parametrize("kind", MIXED)
def test_the_harness_says_the_same_of_a_function(
    kind: str, task: Callable[[str], ModuleType], tools: Tools, tmp_path: Path
) -> None:
    for row in OURS[:1] if kind == "never ends" else OURS:
        number = row["task_id"].partition("/")[2]
        answer = MIXED[kind].replace("{right}", row["canonical_solution"]).replace("{number}", number)
        stripped = row["prompt"][len(row["prompt"].rstrip()) :]
        verdict = ours("humaneval", row, stripped + answer, tools, tmp_path / "one.jsonl")
        assert (verdict.outcome == "passed") == theirs(task("humaneval"), row, answer), (kind, verdict)


INFILLED = {
    "right": "    result = 3 * x\n",
    "right otherwise": "    result = x + x + x\n",
    "wrong": "    result = 4 * x\n",
    "nothing": "",
    "is no Python": "    result = (\n",
    "leaves with success": "    import sys\n    sys.exit(0)\n",
    "returns too early": "    return 0\n",
    "goes on after the function": "    result = 3 * x\n    return result\n\n\ndef other():\n    result = 1\n",
    "a tab": "\tresult = 3 * x\n",
}
RIGHT = ("right", "right otherwise", "goes on after the function")


@pytest.mark.parametrize("kind", INFILLED)
def test_the_harness_says_the_same_of_a_middle(
    kind: str, task: Callable[[str], ModuleType], tools: Tools, tmp_path: Path
) -> None:
    row = {
        "task_id": "SingleLineInfilling/HumanEval/0/L0",
        "prompt": "def f(x):\n    y = 0\n",
        "suffix": "    return result + y\n",
        "canonical_solution": INFILLED["right"],
        "test": "def check(candidate):\n    assert candidate(2) == 6\n    assert candidate(0) == 0\n",
        "entry_point": "f",
    }
    verdict = ours("humaneval-infilling", row, INFILLED[kind], tools, tmp_path / "one.jsonl")
    assert (verdict.outcome == "passed") == theirs(task("humaneval_infilling"), row, INFILLED[kind]), (kind, verdict)
    assert (verdict.outcome == "passed") == (kind in RIGHT)
