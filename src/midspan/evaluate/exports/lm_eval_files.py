"""The files of lm-evaluation-harness with --log_samples: results_*.json for a model, samples_*.jsonl for each task.

Fields as of lm_eval 0.4 (lm_eval/result_schema.py, lm_eval/loggers/evaluation_tracker.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any

from midspan.evaluate.exports.evaluated import Evaluated, prompt_text, standard_error
from midspan.evaluate.result import Score
from midspan.files import write_json, write_jsonl

FILTER = "none"  # answers are judged as they are


def write_lm_eval_files(model: Sequence[Evaluated], output: Path) -> list[Path]:
    """A folder for the model: a file of results, and one of samples for each task, a benchmark's group of items."""
    name = model[0].result.model
    folder = output / re.sub(r'["<>:/|\\?*\[\]]+', "__", name)
    folder.mkdir(parents=True, exist_ok=True)
    written = max(one.written for one in model)
    date = written.isoformat(timespec="microseconds").replace(":", "-").partition("+")[0]
    tasks, files = {}, [folder / f"results_{date}.json"]
    for one in model:
        for group, scores, rows in one.groups():
            task = task_name(one.result.benchmark, group)
            samples = _samples(rows, scores)
            files.append(folder / f"samples_{task}_{date}.jsonl")
            write_jsonl(files[-1], samples)
            tasks[task] = _task(one, task, group, scores, samples)
    write_json(files[0], _results(name, written.timestamp(), tasks))
    return files


def task_name(benchmark: str, group: str) -> str:
    """`multipl_e_cpp`: a task in the harness's manner."""
    return re.sub(r"\W+", "_", f"{benchmark} {group}".strip().lower().replace("+", "p"))


def metric_name(score: Score) -> str:
    """`pass@1_strict`: the harness puts the filter after a comma."""
    return re.sub(r",?\s+", "_", score.name)


def _results(model: str, date: float, tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Every kind of fact by task, as the harness has it."""
    kinds = ("results", "configs", "versions", "n-shot", "higher_is_better", "n-samples")
    return {
        **{kind: {task: facts[kind] for task, facts in tasks.items()} for kind in kinds},
        "group_subtasks": {task: [] for task in tasks},
        "task_hashes": {task: facts["hash"] for task, facts in tasks.items()},
        "config": {"model": "midspan", "model_args": {"pretrained": model}, "limit": None, "gen_kwargs": {}},
        "date": date,
        "git_hash": None,
        "model_source": "midspan",
        "model_name": model,
        "model_name_sanitized": re.sub(r'["<>:/|\\?*\[\]]+', "__", model),
        "system_instruction": None,
        "chat_template": None,
    }


def _task(
    one: Evaluated, task: str, group: str, scores: Sequence[Score], samples: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the file of results says of one task."""
    result = one.result
    figures: dict[str, Any] = {"alias": task}
    for score in scores:
        error = standard_error(score)
        figures[f"{metric_name(score)},{FILTER}"] = score.value
        figures[f"{metric_name(score)}_stderr,{FILTER}"] = "N/A" if error is None else error
    settings, version = result.asked["settings"], result.asked["version"]
    return {
        "results": figures,
        "configs": {
            "task": task,
            "dataset_path": settings.get("data"),
            "dataset_name": group or None,
            "description": result.about,
            "output_type": "generate_until",
            "num_fewshot": 0,
            "repeats": settings.get("samples", 1),
            "metadata": {"version": version, "midspan": result.asked},
        },
        "versions": version,
        "n-shot": 0,
        "higher_is_better": {metric_name(score): score.better == "higher" for score in scores},
        "n-samples": {"original": len(samples), "effective": sum(bool(sample["metrics"]) for sample in samples)},
        "hash": _hash("".join(one["doc_hash"] + one["prompt_hash"] + one["target_hash"] for one in samples)),
    }


def _samples(rows: Sequence[Mapping[str, Any]], scores: Sequence[Score]) -> list[dict[str, Any]]:
    """One for each item, with all its answers; a metric is their mean."""
    items: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        items.setdefault(row["item"], []).append(row)
    return [_sample(number, answers, scores) for number, answers in enumerate(items.values())]


def _sample(number: int, rows: Sequence[Mapping[str, Any]], scores: Sequence[Score]) -> dict[str, Any]:
    first, prompt = rows[0], prompt_text(rows[0])
    answers = [str(row["answer"] or "") for row in rows]
    document = {"task_id": first["item"], "prompt": first.get("prompt"), "cluster": first["cluster"]}
    known = {score: [float(row[score.measure]) for row in rows if score.measure in row] for score in scores}
    metrics = {metric_name(score): fmean(values) for score, values in known.items() if values}
    return {
        "doc_id": number,
        "doc": document,
        "target": first["expected"],
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {}}},
        "resps": [answers],
        "filtered_resps": answers if len(answers) == 1 else [answers],
        "filter": FILTER,
        "metrics": list(metrics),
        "doc_hash": _hash(repr(document)),
        "prompt_hash": _hash(prompt),
        "target_hash": _hash(first["expected"]),
        **metrics,
        "outcomes": [f"{row['outcome']}: {row['detail']}".rstrip(": ") for row in rows],
    }


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
