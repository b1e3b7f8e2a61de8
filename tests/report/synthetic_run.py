"""Makes run directories in the format of docs/contracts.md, with numbers like those of a small real run."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from midspan.evaluate.result import Example, Result, Score, write_result

RECIPE = """\
name: quickstart
seed: 1
corpus: {source: stdlib, heldout: {files: 0.04}}
model: {family: stablelm, hidden_size: 256, num_layers: 4, num_heads: 4}
stages:
- {name: base, data: [{tokens: corpus, fim: {rate: 0.5}}], tokens: 1200000, context: 512}
- {name: long, data: [{tokens: corpus, fim: {rate: 0.5}}], tokens: 300000, context: 2048}
- {name: sft, data: [{conversations: exercises}], epochs: 3}
- {name: dpo, data: [{pairs: own-failures}], objective: {kind: dpo, beta: 0.1}, epochs: 1}
"""

STAGES: dict[str, dict[str, Any]] = {
    "base": {"objective": "causal", "steps": 293, "tokens": 1_200_128, "rate": 2e-3, "first": 8.4, "last": 3.1},
    "long": {"objective": "causal", "steps": 73, "tokens": 299_008, "rate": 8e-4, "first": 3.1, "last": 2.9},
    "sft": {"objective": "causal", "steps": 150, "tokens": 614_400, "rate": 1e-3, "first": 2.6, "last": 0.4},
    "dpo": {"objective": "dpo", "steps": 16, "tokens": 65_536, "rate": 5e-5, "first": 0.693, "last": 0.41},
}
LACKS_CHAT = "the tokenizer has no chat template"


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


def metrics(name: str, seed: int = 1) -> list[dict[str, Any]]:
    stage, chance = STAGES[name], random.Random(f"{name}{seed}")
    rows = []
    for step in range(1, stage["steps"] + 1):
        share = step / stage["steps"]
        fall = math.exp(-5 * share)
        row = {
            "step": step,
            "tokens": step * 4096,
            "loss": stage["last"] + (stage["first"] - stage["last"]) * fall + chance.gauss(0, 0.12),
            "learning_rate": stage["rate"] * min(share / 0.05, 0.55 + 0.45 * math.cos(math.pi * share)),
            "gradient_norm": 0.8 + chance.random(),
            "tokens_per_second": 5900 + 400 * chance.random(),
            "seconds": 0.7 * step,
        }
        if stage["objective"] == "dpo":
            row["accuracy"] = min(1.0, max(0.0, 0.5 + 0.35 * share + chance.gauss(0, 0.08)))
            row["margin"] = 1.2 * share + chance.gauss(0, 0.1)
        rows.append(row)
    return rows


def write_stage(run: Path, name: str, finished: bool = True, steps: int | None = None) -> None:
    rows = metrics(name)[:steps]
    write(run / "stages" / name / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    if finished:
        stage = STAGES[name]
        write(
            run / "stages" / name / "summary.json",
            {
                "name": name,
                "objective": stage["objective"],
                "steps": stage["steps"],
                "tokens": stage["tokens"],
                "seconds": round(0.7 * stage["steps"], 1),
                "final_loss": rows[-1]["loss"],
                "parameters": 5_251_072,
                "mfu": 0.431,
                "machine": {"platform": "Linux-6.1-x86_64", "cores": 2, "torch": "2.13.0", "device": "cpu"},
            },
        )


def score(name: str, group: str, value: float, trials: int | None, chance: float | None = None) -> Score:
    return Score(name, group, value, trials, "lower" if trials is None else "higher", chance)


def write_evaluation(run: Path, model: str, benchmark: str, scores: list[Score], **more: Any) -> None:
    """One result as an evaluation step leaves it."""
    asked = {"version": 1, "settings": {}, "context": 512, "seed": 1}
    file = run / "evaluation" / model / f"{benchmark}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_result(file, Result(benchmark, model, f"What {benchmark} means.", asked, scores, **more))
    rows = [row for score in scores for row in rows_of(score, random.Random(f"{model} {score.label}"))]
    write(file.with_suffix(".jsonl"), "".join(json.dumps(row) + "\n" for row in rows))


def rows_of(score: Score, chance: random.Random) -> list[dict[str, Any]]:
    """Rows that make the score: of a share as many that passed, in any order; else thirty with that mean."""
    if score.trials is None:
        passed = [score.value + number / 100 for number in range(-15, 16)]
    else:
        passed = [float(number < round(score.value * score.trials)) for number in range(score.trials)]
        chance.shuffle(passed)
    facts = {"group": score.group, "answer": "", "expected": ""}
    return [
        {"item": f"item {number}", "cluster": f"file {number // 4}", "passed": value, **facts}
        for number, value in enumerate(passed)
    ]


def write_evaluations(run: Path, model: str, bits: float, both: float, left: float) -> None:
    """What every model is asked."""
    write_evaluation(run, model, "likelihood", [score("bits per byte", "", bits, None)])
    lines = [score("exact match", "both sides", both, 200), score("exact match", "left side alone", left, 200)]
    write_evaluation(run, model, "infilling", lines, examples=line_examples())
    told = Example("prompt 1", "measured", "", "", "def add(a, b):\n", "    return a + b\n\n\nclass Adder:", "", "")
    write_evaluation(run, model, "completions", [], examples=[told])


def write_chat_evaluations(run: Path, model: str, parameter: float, family: float, preference: float) -> None:
    """What models that answer are asked beside it."""
    solved = [score("pass@1", "new parameters", parameter, 100), score("pass@1", "new families", family, 50)]
    write_evaluation(run, model, "exercises", solved, examples=exercise_examples())
    write_evaluation(run, model, "preferences", [score("preference accuracy", "", preference, 100, 0.5)])


def line_examples() -> list[Example]:
    right, wrong = "colno = pos - doc.rindex('\\n', 0, pos)", "colno = self.pos(lineno)"
    before = "import re\n\n\ndef linecol(doc, pos):\n    lineno = doc.count('\\n', 0, pos) + 1\n    "
    after = "\n    return lineno, colno\n\n\nclass Decoder:\n    pass\n"
    return [
        Example(
            f"json/decoder_{index}.py, line {40 + index}",
            "failed" if index % 3 else "passed",
            "",
            "",
            before,
            wrong if index % 3 else right,
            after,
            right,
        )
        for index in range(8)
    ]


def exercise_examples() -> list[Example]:
    reasons = ["passed", "failed", "error", "passed", "timeout", "passed", "early exit"]
    return [
        Example(
            f"sum-of-multiples/{index:04x}",
            "passed" if reason == "passed" else "failed",
            reason,
            f"Write a function `total(values)` that adds up every value divisible by {index + 2}.",
            "",
            f"```python\ndef total(values):\n    return sum(v for v in values if v % {index + 2} == 0)\n```",
            "",
            "",
        )
        for index, reason in enumerate(reasons)
    ]


def sizes(documents: int) -> dict[str, int]:
    return {"documents": documents, "bytes": 9_599 * documents}


def write_corpus(run: Path) -> None:
    repositories = ["asyncio", "email", "json", "http", "unittest", "ctypes", "idlelib", "xml", "encodings",
                    "multiprocessing", "concurrent", "logging", "importlib", "tkinter", "sqlite3", "urllib", "wsgiref",
                    "distutils", "lib2to3"]  # fmt: skip
    write(
        run / "corpus" / "statistics.json",
        {
            "source": "stdlib",
            "listed": 1874,
            **sizes(1543),
            "train": sizes(1481),
            "heldout": sizes(62),
            "max_bytes": None,
            "by_reason": {"near-duplicate": 143, "too-short": 98, "tests": 77, "generated": 12, "secret": 1},
            "by_language": {"Python": sizes(1543)},
            "by_licence": {"PSF-2.0": sizes(1490), "MIT": sizes(41), "Apache-2.0": sizes(12)},
            "by_repository": {name: sizes(190 // (index + 1) + 3) for index, name in enumerate(repositories)},
            "seconds": 14.2,
        },
    )
    write(run / "corpus" / "tokens" / "train" / "shard.json", {"tokens": 4_312_987, "documents": 1481})
    write(run / "corpus" / "tokens" / "heldout" / "shard.json", {"tokens": 183_201, "documents": 62})


BENCHMARKS = ("likelihood", "infilling", "exercises", "preferences", "completions")


def write_manifest(run: Path) -> None:
    seconds = {"corpus": 14.2, "tokenizer": 3.1, "tokens": 2.2, "base": 205.1, "long": 51.1, "exercises": 0.8,
               "sft": 105.0, "own-failures": 40.4, "dpo": 11.2, "export": 0.8}  # fmt: skip
    steps: dict[str, dict[str, Any]] = {
        name: {"status": "done", "seconds": value, "key": "89ab"} for name, value in seconds.items()
    }
    for name in STAGES:
        for benchmark in BENCHMARKS:
            outputs = {f"evaluation/{name}/{benchmark}.json": {"hash": "cd"}}
            steps[f"{name}: {benchmark}"] = {"status": "done", "seconds": 5.25, "key": "89ab", "outputs": outputs}
    write(run / "manifest.json", {"steps": steps})


def write_model(run: Path, name: str) -> None:
    write(
        run / "models" / name / "config.json",
        {
            "model_type": "stablelm",
            "architectures": ["StableLmForCausalLM"],
            "vocab_size": 4096,
            "hidden_size": 256,
            "intermediate_size": 688,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": 2048,
            "rope_parameters": {"rope_type": "default", "rope_theta": 100000, "partial_rotary_factor": 0.25},
            "dtype": "float32",
        },
    )


def write_run(run: Path) -> Path:
    """A finished run in which every score that should has become better."""
    write(run / "recipe.yaml", RECIPE)
    write_corpus(run)
    write_manifest(run)
    for name in STAGES:
        write_stage(run, name)
        write_model(run, name)
    write_model(run, "release")
    for name, bits, both, left in (("base", 2.114, 0.045, 0.025), ("long", 2.047, 0.12, 0.03)):
        write_evaluations(run, name, bits, both, left)
        groups = ("new parameters", "new families")
        write_evaluation(run, name, "exercises", [], not_asked=dict.fromkeys(groups, LACKS_CHAT))
        write_evaluation(run, name, "preferences", [], not_asked={"": LACKS_CHAT})
    for name, solved, bits in (("sft", (0.41, 0.02, 0.61), 2.391), ("dpo", (0.44, 0.04, 0.83), 2.402)):
        write_evaluations(run, name, bits, 0.07, 0.02)
        write_chat_evaluations(run, name, *solved)
    return run


def write_ablation(run: Path) -> Path:
    """The same run without FIM, which stops after pre-training."""
    write(run / "recipe.yaml", RECIPE.replace("rate: 0.5", "rate: 0").partition("- {name: sft")[0])
    for name, bits, both, left in (("base", 2.09, 0.0, 0.035), ("long", 2.02, 0.005, 0.04)):
        write_stage(run, name)
        write_evaluations(run, name, bits, both, left)
    return run
