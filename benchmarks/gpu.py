"""A training step of Stable Code 3B's shape on a GPU, ours beside transformers': tokens per second, MFU, peak memory.

bf16 autocast over float32 weights, AdamW (fused), rows of 4,096 tokens one at a time, so that weights, gradients and
moments (45 GB) and the activations fit 80 GB; compiled, with and without recomputing activations. Ours packs documents
of 512 to 4,096 tokens; the peer gets plain causal rows (sdpa). MFU is model.flops_per_token over compute.peak_flops.
Each variant is a process of its own; one that does not fit is reported as such. All figures go to --output as JSON.

Beside torch and transformers it needs pyarrow, tokenizers, safetensors, jinja2, pyyaml, pydantic and tree-sitter.

    python benchmarks/gpu.py [--variants midspan …] [--rows 8] [--steps 6] [--no-compile] [--output gpu.json] [--tiny]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from shapes import SHAPES
from training_sides import most_memory, our_step, their_step

from midspan.compute import best_device, peak_flops
from midspan.model import flops_per_token, parameter_count
from midspan.model.formats.hf_config import config_to_hf

VARIANTS = {  # → side, recompute
    "midspan": ("midspan", False),
    "midspan-recompute": ("midspan", True),
    "transformers": ("transformers", False),
    "transformers-recompute": ("transformers", True),
}
SMALL = {"vocabulary_size": 512, "hidden_size": 64, "intermediate_size": 96, "num_layers": 2, "num_heads": 4}
TINY = replace(SHAPES["3B"], **SMALL, num_key_value_heads=4, head_size=16, max_positions=128)
FORMATS = {"tokens_per_second": ",.0f", "mfu": ".1%", "seconds": ".3f", "memory_gb": ".1f", "loss": ".3f"}


def main() -> None:
    """Print a table with a row for each variant, and write what it was made from."""
    asked = parse()
    if asked.measure:
        print(json.dumps(measure(asked.measure, asked)))
        return
    results: list[dict[str, Any]] = []
    print(f"| variant | {' | '.join(FORMATS)} |", "|---" * (1 + len(FORMATS)) + "|", sep="\n")
    for variant in asked.variants:
        results.append({"variant": variant, **measured_apart(variant)})
        if asked.output:
            asked.output.write_text(json.dumps(results, indent=2) + "\n")
        why = results[-1].get("failed")
        cells = [why] if why else [format(results[-1][name], form) for name, form in FORMATS.items()]
        print(f"| {variant} | {' | '.join(cells)} |", flush=True)
    facts = next((one["facts"] for one in results if "facts" in one), {})
    print("", *(f"{name}: {value}" for name, value in facts.items()), sep="\n")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--rows", type=int, default=8, help="of an optimiser step")
    parser.add_argument("--steps", type=int, default=6, help="timed, after two that warm up")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--tiny", action="store_true", help="a shape that any machine computes, to try this program")
    out = os.environ.get("OUT")
    parser.add_argument("--output", type=Path, default=Path(out) / "gpu.json" if out else None)
    parser.add_argument("--measure", choices=VARIANTS, help=argparse.SUPPRESS)  # this one, in this process
    return parser.parse_args()


def measured_apart(variant: str) -> dict[str, Any]:
    """The figures of a variant from a process of its own, or why there are none."""
    environment = {**os.environ, "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}
    command = [sys.executable, *sys.argv, "--measure", variant]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode == 0:
        figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        return figures
    sys.stderr.write(ended.stderr)
    return {"failed": next(iter(ended.stderr.strip().splitlines()[-1:]), f"ended with {ended.returncode}")[:200]}


def measure(variant: str, asked: argparse.Namespace) -> dict[str, Any]:
    """The figures of a variant, measured here."""
    side, recompute = VARIANTS[variant]
    config = TINY if asked.tiny else SHAPES["3B"]
    device, context = best_device(), config.max_positions
    given: dict[str, Any] = {"rows": asked.rows, "micro_rows": 1, "context": context, "bf16": True}
    given |= {"device": device.type, "recompute": recompute, "compiled": asked.compile}
    if side == "midspan":
        step = our_step(asdict(config), documents=(context // 8, context), **given)
    else:
        step = their_step(config_to_hf(config, torch.float32), **given)
    seconds, loss = [], 0.0
    for number in range(2 + asked.steps):
        started = time.perf_counter()
        loss = step()  # fetched from the device, so all of the step is over
        if number >= 2:
            seconds.append(time.perf_counter() - started)
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else most_memory()
    speed = asked.rows * context / statistics.median(seconds)
    peak, source = peak_flops(torch.bfloat16, device)
    return {
        "tokens_per_second": speed,
        "mfu": flops_per_token(config, context) * speed / peak,
        "seconds": statistics.median(seconds),
        "all_seconds": seconds,
        "memory_gb": memory / 1e9,
        "loss": loss,
        "facts": {
            "parameters": f"{parameter_count(config).total:,}",
            "step": f"{asked.rows} rows of {context}, one at a time",
            "compile": asked.compile,
            "device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU",
            "torch": torch.__version__,
            "peak": f"{peak / 1e12:.3g} TFLOP/s, {source}",
            "flops_per_token": f"{flops_per_token(config, context):.4g}",
        },
    }


if __name__ == "__main__":
    main()
