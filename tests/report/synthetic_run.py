"""Makes run directories in the format of docs/contracts.md, with numbers like those of a small real run."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

RECIPE = """\
name: quickstart
seed: 1
corpus: {source: stdlib, heldout_fraction: 0.04}
model: {family: stablelm, hidden_size: 256, num_layers: 4, num_heads: 4}
fim: {rate: 0.5}
pretrain:
  base: {context: 512, tokens: 1200000, learning_rate: 2.0e-3}
  long: {context: 2048, tokens: 300000, learning_rate: 8.0e-4}
sft: {epochs: 3, learning_rate: 1.0e-3}
dpo: {beta: 0.1, learning_rate: 5.0e-5}
"""

STAGES: dict[str, dict[str, Any]] = {
    "base": {"objective": "causal", "steps": 293, "tokens": 1_200_128, "rate": 2e-3, "first": 8.4, "last": 3.1},
    "long": {"objective": "causal", "steps": 73, "tokens": 299_008, "rate": 8e-4, "first": 3.1, "last": 2.9},
    "sft": {"objective": "sft", "steps": 150, "tokens": 614_400, "rate": 1e-3, "first": 2.6, "last": 0.4},
    "dpo": {"objective": "dpo", "steps": 16, "tokens": 65_536, "rate": 5e-5, "first": 0.693, "last": 0.41},
}


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


def evaluation(model: str, bits: float, fim: float, left: float, **more: Any) -> dict[str, Any]:
    infill = [
        {
            "path": f"json/decoder_{index}.py",
            "line": 40 + index,
            "prefix": "import re\n\n\ndef linecol(doc, pos):\n    lineno = doc.count('\\n', 0, pos) + 1",
            "suffix": "\n    return lineno, colno\n\n\nclass Decoder:\n    pass\n",
            "expected": "colno = pos - doc.rindex('\\n', 0, pos)",
            "got": "colno = pos - doc.rindex('\\n', 0, pos)" if index % 3 == 0 else "colno = self.pos(lineno)",
            "exact": index % 3 == 0,
        }
        for index in range(8)
    ]
    return {
        "model": model,
        "bits_per_byte": bits,
        "bits_per_byte_bytes": 200_000,
        "fim_exact_match": fim,
        "left_to_right_exact_match": left,
        "fim_lines": 200,
        "seconds": 31.5,
        "samples": {
            "infill": infill,
            "exercises": [],
            "completions": [{"prompt": "def add(a, b):\n", "text": "    return a + b\n\n\nclass Adder:\n    ..."}],
        },
    } | more


def exercise_scores(parameter: float, family: float, preference: float) -> dict[str, Any]:
    return {
        "pass_at_1": {"heldout-parameter": parameter, "heldout-family": family},
        "exercises": {"heldout-parameter": 100, "heldout-family": 50},
        "preference_accuracy": preference,
        "preference_pairs": 100,
    }


def exercise_samples() -> list[dict[str, Any]]:
    reasons = ["passed", "failed", "error", "passed", "timeout", "passed", "early-exit"]
    return [
        {
            "identifier": f"sum-of-multiples/{index:04x}",
            "instruction": f"Write a function `total(values)` that adds up every value divisible by {index + 2}.",
            "answer": f"```python\ndef total(values):\n    return sum(v for v in values if v % {index + 2} == 0)\n```",
            "passed": reason == "passed",
            "reason": reason,
        }
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


def write_manifest(run: Path) -> None:
    seconds = {"corpus": 14.2, "tokenizer": 3.1, "tokens": 2.2, "pretrain-base": 205.1, "evaluate-base": 31.5,
               "pretrain-long": 51.1, "evaluate-long": 30.0, "sft": 105.0, "preferences": 40.4, "dpo": 11.2,
               "evaluate-dpo": 44.0, "export": 0.8}  # fmt: skip
    steps = {name: {"status": "done", "seconds": value, "config": "89ab"} for name, value in seconds.items()}
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
    """A finished run in which every direction holds."""
    write(run / "recipe.yaml", RECIPE)
    write_corpus(run)
    write_manifest(run)
    for name in STAGES:
        write_stage(run, name)
        write_model(run, name)
    write_model(run, "release")
    write(run / "evaluation" / "base.json", evaluation("base", 2.114, 0.085, 0.025, **exercise_scores(0, 0, 0.49)))
    write(run / "evaluation" / "long.json", evaluation("long", 2.047, 0.11, 0.03, **exercise_scores(0, 0, 0.52)))
    for name, scores, bits in (("sft", (0.41, 0.02, 0.61), 2.391), ("dpo", (0.44, 0.04, 0.83), 2.402)):
        value = evaluation(name, bits, 0.07, 0.02, **exercise_scores(*scores))
        value["samples"]["exercises"] = exercise_samples()
        write(run / "evaluation" / f"{name}.json", value)
    return run


def write_ablation(run: Path) -> Path:
    """The same run without FIM, which stops after pre-training."""
    write(run / "recipe.yaml", RECIPE.replace("rate: 0.5", "rate: 0").partition("sft:")[0])
    for name in ("base", "long"):
        write_stage(run, name)
    write(run / "evaluation" / "base.json", evaluation("base", 2.09, 0.0, 0.035))
    write(run / "evaluation" / "long.json", evaluation("long", 2.02, 0.005, 0.04))
    return run
