"""One training step of ours beside transformers', in one run: tokens per second, their ratio, and peak memory.

Both sides do the same work: 4 rows, bf16 autocast where the CPU has it, AdamW (fused), gradient clipping. Ours makes
its batches on the way and packs documents that do not see each other (`--documents`: of how many tokens); the peer gets
plain causal rows of random tokens, which need no packing and no mask. Each side is a process of its own, and the two
take turns round by round. Memory is the most that a process ever had, less what it had after its imports. `--busy`
lets another process take one core meanwhile; `--lora` trains adapters of that rank alone, the peer's by PEFT.

    python benchmarks/training.py [--size 5M|135M|both] [--rounds 7] [--threads N] [--busy] [--lora N]
                                  [--documents 20 120]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from shapes import SHAPES, busy_process

from midspan.compute import compute_dtype
from midspan.model.formats.hf_config import config_to_hf

ROWS = 4
SIZES = {"5M": (256, 100), "135M": (512, 2)}  # context, steps of a round
SIDES = ("midspan", "transformers")


class Side:
    """A process that makes the steps of one side."""

    def __init__(self, side: str, size: str, asked: argparse.Namespace) -> None:
        context, self.steps = SIZES[size]
        self.tokens = ROWS * context * self.steps  # of a round
        shape = SHAPES[size]
        given: dict[str, Any] = {"rows": ROWS, "micro_rows": ROWS, "context": context, "lora": asked.lora}
        given["bf16"] = compute_dtype("auto", torch.device("cpu")) == torch.bfloat16
        if side == "midspan":
            given |= {"shape": asdict(shape), "documents": asked.documents}
        else:
            given |= {"values": config_to_hf(shape, torch.float32)}
        program = [sys.executable, str(Path(__file__).with_name("training_sides.py"))]
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = self._ask(
            json.dumps({"side": side, "threads": asked.threads, "steps": self.steps, "given": given})
        )

    def speed(self) -> float:
        """Tokens per second of one more round."""
        return self.tokens / float(self._ask(""))

    def end(self) -> int:
        """Its peak memory in bytes; it ends."""
        output, _ = self.process.communicate()
        return int(output)

    def _ask(self, line: str) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("a side has ended; what it said stands above")
        return json.loads(answer)


def main() -> None:
    """Print a table with a row for each size and side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=[*SIZES, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--documents", type=int, nargs=2, default=(20, 120), metavar=("LEAST", "MOST"))
    parser.add_argument("--lora", type=int, metavar="RANK")
    asked = parser.parse_args()
    print("| shape | state | side | tokens/s (min to max) | peak memory, MB |", "|---|---|---|---|---|", sep="\n")
    with busy_process() if asked.busy else nullcontext():
        notes = [measure(size, asked) for size in (SIZES if asked.size == "both" else [asked.size])]
    least, most = asked.documents
    trained = f"adapters of rank {asked.lora}" if asked.lora else "all weights"
    print(f"\n{'; '.join(notes)}; documents of {least} to {most} tokens, {asked.rounds} rounds, {trained}.")


def measure(size: str, asked: argparse.Namespace) -> str:
    """Print the rows of one size; returns what else there is to say of it."""
    sides = {side: Side(side, size, asked) for side in SIDES}
    speeds: dict[str, list[float]] = {side: [] for side in SIDES}
    for number in range(asked.rounds + 1):
        for name, side in sides.items():
            speed = side.speed()
            if number:  # the first round warms up
                speeds[name].append(speed)
    memory = {name: side.end() / 1e6 for name, side in sides.items()}
    state = f"{'beside a busy process' if asked.busy else 'alone'}, load {os.getloadavg()[0]:.1f}"
    for name in SIDES:
        print(f"| {size} | {state} | {name} | {spread(speeds[name], 0)} | {memory[name]:.0f} |")
    ratios = [ours / theirs for ours, theirs in zip(*speeds.values(), strict=True)]
    ours, theirs = memory.values()
    print(f"| {size} | {state} | **ratio** | **{spread(ratios, 2)}** | **{ours / theirs:.2f}** |", flush=True)
    facts = sides["midspan"].facts
    return f"{size}: {ROWS} rows of {SIZES[size][0]}, {facts['threads']} threads, torch {facts['torch']}"


def spread(values: Sequence[float], digits: int) -> str:
    """The median, and the least and the most."""
    middle, least, most = (f"{one:,.{digits}f}" for one in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({least} to {most})"


if __name__ == "__main__":
    main()
