"""One training step of the quickstart's model against transformers' StableLmForCausalLM, in one run: a ratio.

Both do the same work: 4 rows of 256 tokens, bf16 autocast where the CPU has it, AdamW (fused), gradient clipping. Ours
packs documents that do not see each other; the peer gets plain causal rows, which is the easier task.

    python benchmarks/training.py [rounds]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from midspan.train.stages import new_config
from transformers import StableLmConfig, StableLmForCausalLM

from midspan.batches import Batch, Segment, generator, pack_rows
from midspan.compute import autocast, compute_dtype
from midspan.model import Decoder
from midspan.recipe import load_recipe
from midspan.train.loop import make_optimizer
from midspan.train.objectives import causal_loss

RECIPE = Path(__file__).parent.parent / "recipes" / "quickstart.yaml"
STEPS = 8
CPU = torch.device("cpu")


def packed_batch(vocabulary: int, rows: int, context: int) -> Batch:
    """Rows of random tokens in documents of 20 to 120 positions."""
    draw = generator("benchmark")
    packed = []
    for _ in range(rows):
        segments, room = [], context
        while room > 20:
            length = min(room, int(draw.integers(20, 120)))
            segments.append(Segment(draw.integers(0, vocabulary, length + 1).tolist()))
            room -= length
        packed.append(segments)
    return pack_rows(packed, context)


def main() -> None:
    """Print tokens per second of both, round by round, and the ratio of the medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    plan = load_recipe(RECIPE)
    stage = plan.pretrain["base"]
    config = new_config(plan.model, plan.tokenizer.vocabulary_size, stage)
    dtype = compute_dtype("auto", CPU)
    batch = packed_batch(config.vocabulary_size, stage.tokens_per_step // stage.context, stage.context)
    ours = Decoder(config)
    theirs = StableLmForCausalLM(
        StableLmConfig(
            vocab_size=config.vocabulary_size,
            hidden_size=config.hidden_size,
            intermediate_size=config.intermediate_size,
            num_hidden_layers=config.num_layers,
            num_attention_heads=config.num_heads,
            num_key_value_heads=config.num_key_value_heads,
            use_qkv_bias=config.qkv_bias,
            max_position_embeddings=config.max_positions,
        )
    )
    our_optimizer = make_optimizer(ours, plan.optimizer)
    their_optimizer = torch.optim.AdamW(theirs.parameters(), fused=True)

    def our_step() -> None:
        (causal_loss(ours, batch, dtype) / batch.loss_weight.sum()).backward()
        torch.nn.utils.clip_grad_norm_(ours.parameters(), 1.0)
        our_optimizer.step()
        our_optimizer.zero_grad()

    def their_step() -> None:
        with autocast(dtype, CPU):
            loss = theirs(input_ids=batch.tokens, labels=batch.tokens, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        their_optimizer.step()
        their_optimizer.zero_grad()

    speeds: dict[str, list[float]] = {"midspan": [], "transformers": []}
    for number in range(rounds + 1):
        for name, step in (("midspan", our_step), ("transformers", their_step)):
            speed = batch.tokens.numel() * STEPS / _seconds(step)
            if number:  # the first round warms up
                speeds[name].append(speed)
    print(
        f"{batch.tokens.shape[0]} rows of {batch.tokens.shape[1]}, {dtype}, "
        f"{torch.get_num_threads()} threads, {rounds} rounds"
    )
    for name, values in speeds.items():
        print(f"{name:<13} {statistics.median(values):8.0f} tokens/s  (min {min(values):.0f}, max {max(values):.0f})")
    ratios = [ours / theirs for ours, theirs in zip(*speeds.values(), strict=True)]
    print(f"ratio         {statistics.median(ratios):8.2f}  (min {min(ratios):.2f}, max {max(ratios):.2f})")


def _seconds(step: Callable[[], None]) -> float:
    started = time.perf_counter()
    for _ in range(STEPS):
        step()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
