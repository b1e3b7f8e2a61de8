"""Logs of Inspect (UK AI Security Institute): one .json for each benchmark, by the schema of inspect_ai.log.EvalLog.

`inspect view`, inspect_ai.log.read_eval_log and its data frames open them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from midspan.evaluate.exports.evaluated import Evaluated, measured, prompt_text, standard_error
from midspan.evaluate.made import PACKAGES
from midspan.evaluate.result import Score
from midspan.files import write_json

VERSION = 2  # of the format
CORRECT, INCORRECT = "C", "I"  # inspect_ai.scorer.CORRECT, INCORRECT


def write_inspect_log(model: Sequence[Evaluated], output: Path) -> list[Path]:
    """A log for each benchmark."""
    files = []
    for one in model:
        stamp = one.written.isoformat().replace(":", "-")
        file = output / f"{stamp}_{one.result.benchmark}_{one.name[:12]}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, _log(one))
        files.append(file)
    return files


def _log(one: Evaluated) -> dict[str, Any]:
    result, when = one.result, one.written.isoformat()
    samples = [_sample(row, result.model) for row in one.rows]
    epochs = 1 + max((int(row["sample"]) for row in one.rows), default=0)
    names = list(dict.fromkeys(name for sample in samples for name in sample["scores"]))
    return {
        "version": VERSION,
        "status": "success",
        "eval": {
            "eval_id": one.name[:22],
            "run_id": one.name[:22],
            "created": when,
            "task": result.benchmark,
            "task_id": one.name[:22],
            "task_version": result.asked["version"],
            "task_args": result.asked["settings"],
            "dataset": _dataset(one),
            "model": f"midspan/{result.model}",
            "config": {"epochs": epochs, "epochs_reducer": ["mean"]},
            "packages": {name: told for name, told in result.made.items() if name in PACKAGES},
            "metadata": {"about": result.about, "asked": result.asked, "not_asked": result.not_asked},
            "scorers": [{"name": name} for name in names],
        },
        "plan": {"name": "midspan evaluate", "steps": [{"solver": "generate"}]},
        "results": {
            "total_samples": len(samples),
            "completed_samples": len(samples),
            "scores": [_score(score, one.rows) for score in result.scores],
            "metadata": {"not_measured": result.not_measured},
        },
        "stats": {"started_at": when, "completed_at": when},
        "samples": samples,
    }


def _dataset(one: Evaluated) -> dict[str, Any]:
    """What was asked of; its location where the benchmark's settings name one."""
    identifiers = list(dict.fromkeys(_identifier(row) for row in one.rows))
    data = one.result.asked["settings"].get("data")
    location = data if isinstance(data, str) else ", ".join(data or []) or None
    return {
        "name": one.result.benchmark,
        "location": location,
        "samples": len(identifiers),
        "sample_ids": identifiers,
        "shuffled": False,
    }


def _identifier(row: Mapping[str, Any]) -> str:
    """Items of two groups may have one name."""
    return f"{row['item']} ({row['group']})" if row["group"] else str(row["item"])


def _sample(row: Mapping[str, Any], model: str) -> dict[str, Any]:
    """One answer; what was not measured has no score."""
    prompt, answer = row.get("prompt"), row["answer"]
    said = {"role": "assistant", "content": answer or "", "source": "generate", "model": model}
    choices = [] if answer is None else [{"message": said, "stop_reason": "unknown"}]
    return {
        "id": _identifier(row),
        "epoch": 1 + int(row["sample"]),
        "input": prompt if isinstance(prompt, list) else prompt_text(row),
        "target": row["expected"],
        "messages": [],
        "output": {"model": model, "choices": choices, "completion": answer or ""},
        "scores": {
            name: {"value": _value(name, value), "answer": answer, "explanation": row["detail"]}
            for name, value in measured(row).items()
        },
        "metadata": {name: row[name] for name in ("group", "cluster", "outcome", "detail")},
    }


def _value(name: str, value: float) -> str | float:
    """Passing is right or wrong in Inspect's own letters; other measures are numbers."""
    return {1.0: CORRECT, 0.0: INCORRECT}[value] if name in ("passed", "strict") else value


def _score(score: Score, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One figure, with its clustered standard error where there is one."""
    measure = "accuracy" if score.trials is not None else "mean"
    values = {measure: score.value, "stderr": standard_error(score)}
    of_group = [row for row in rows if row["group"] == score.group]
    scored = sum(score.measure in row for row in of_group)
    return {
        "name": score.label,
        "scorer": score.measure or score.name,
        "scored_samples": scored,
        "unscored_samples": len(of_group) - scored,
        "metrics": {
            name: {"name": name, "value": value}
            for name, value in values.items()
            if value is not None and math.isfinite(value)
        },
        "metadata": {"clusters": score.clusters, "better": score.better, "half_interval_95": score.error},
    }
