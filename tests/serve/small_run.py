"""A run directory as an evaluation leaves it, with rows that are made up: two models, three kinds of place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from midspan.files import write_json, write_jsonl, write_text

RELEASED = "SmolLM2-135M"


def row(number: int, right: bool, **more: Any) -> dict[str, Any]:
    """What a model wrote at place `number`."""
    line = f"total = add(total, {number})"
    told = {"answer": line if right else "total += <b>1</b>", "outcome": "passed" if right else "failed"}
    around = {"before": f"def sum_{number}(values):\n    total = 0\n    ", "after": "\n    return total\n"}
    place = {"item": f"mine/src/sums.py, line {number}", "cluster": "sums.py", "group": "lines", "expected": line}
    return {**place, **told, "detail": "", "passed": float(right), **around}


def write_run(run: Path, released: list[bool], fitted: list[bool], stage: str = "ours") -> Path:
    """A run whose models were right at so many places, each as its list says."""
    write_text(run / "recipe.yaml", f"name: run\nstages: [{{name: first}}, {{name: {stage}}}]\n")
    (run / "models" / "release").mkdir(parents=True, exist_ok=True)
    (run / "models" / "start-1").mkdir(parents=True, exist_ok=True)
    write_json(run / "models" / "start-1" / "midspan.json", {"start": RELEASED})
    for model, rights in (("start-1", released), (stage, fitted)):
        folder = run / "evaluation" / model
        folder.mkdir(parents=True, exist_ok=True)
        write_jsonl(folder / "infilling.jsonl", [row(number, right) for number, right in enumerate(rights, 1)])
        write_jsonl(folder / "completions.jsonl", [{"item": "a", "group": "", "answer": "x", "outcome": "measured"}])
    return run
