"""The training loop, the same for every objective."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from midspan import recipe
from midspan.errors import UserError
from midspan.model import Decoder
from midspan.progress import progress
from midspan.train.checkpoint import load_checkpoint, save_checkpoint
from midspan.train.metrics import append_metrics, truncate_metrics
from midspan.train.schedule import learning_rate

# Yields the losses of a step's micro-batches, whose sum is the step's loss, and adds what it wants logged to the dict.
Losses = Callable[[int, dict[str, float]], Iterator[Tensor]]


@dataclass(frozen=True)
class Job:
    """What the loop must know of one stage, whatever its objective."""

    name: str
    directory: Path  # stages/<name>
    key: str  # a fingerprint of settings, data and first weights: a checkpoint of another key is not resumed
    steps: int
    tokens_per_step: int
    schedule: recipe.Schedule
    optimizer: recipe.Optimizer
    checkpoint_seconds: float


def train(decoder: Decoder, job: Job, losses: Losses) -> dict[str, Any]:
    """Train `decoder` in place from its newest checkpoint of `job.key`, or from the start; returns the summary.

    Bit for bit the same weights come out however often the process was killed on the way. Raises UserError when the
    loss is no longer a number.
    """
    decoder.train()
    optimizer = make_optimizer(decoder, job.optimizer)
    checkpoints, metrics = job.directory / "checkpoints", job.directory / "metrics.jsonl"
    job.directory.mkdir(parents=True, exist_ok=True)
    state = load_checkpoint(checkpoints, decoder, optimizer, job.key) or {"step": 0, "seconds": 0.0, "loss": math.nan}
    truncate_metrics(metrics, state["step"])
    started = saved = time.monotonic()
    loss_value = state["loss"]

    def seconds() -> float:
        return float(state["seconds"]) + time.monotonic() - started

    with progress(job.name, job.steps * job.tokens_per_step, "tokens", state["step"] * job.tokens_per_step) as line:
        for step in range(state["step"], job.steps):
            rate = learning_rate(job.schedule, step, job.steps)
            step_started = time.monotonic()
            notes: dict[str, float] = {}
            loss_value = _step(decoder, optimizer, job, rate, losses(step, notes), notes)
            step_seconds = time.monotonic() - step_started
            row = {"step": step + 1, "tokens": (step + 1) * job.tokens_per_step, "loss": loss_value}
            row |= {"learning_rate": rate, "tokens_per_second": job.tokens_per_step / step_seconds, **notes}
            append_metrics(metrics, {**row, "seconds": seconds()})
            line.update(row["tokens"], loss=loss_value, lr=rate)
            if time.monotonic() - saved >= job.checkpoint_seconds or step + 1 == job.steps:
                save_checkpoint(
                    checkpoints,
                    decoder,
                    optimizer,
                    {"key": job.key, "step": step + 1, "seconds": seconds(), "loss": loss_value},
                )
                saved = time.monotonic()

    tokens = job.steps * job.tokens_per_step
    return {"name": job.name, "steps": job.steps, "tokens": tokens, "seconds": seconds(), "final_loss": loss_value}


def make_optimizer(decoder: Decoder, settings: recipe.Optimizer) -> torch.optim.Optimizer:
    """AdamW; weight decay on matrices only, as norms and biases are not what it is for."""
    matrices = [parameter for parameter in decoder.parameters() if parameter.ndim >= 2]
    others = [parameter for parameter in decoder.parameters() if parameter.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    betas = (settings.beta1, settings.beta2)
    return torch.optim.AdamW(groups, lr=0.0, betas=betas, eps=settings.epsilon, fused=True)


def _step(
    decoder: Decoder,
    optimizer: torch.optim.Optimizer,
    job: Job,
    rate: float,
    losses: Iterator[Tensor],
    notes: dict[str, float],
) -> float:
    """One optimiser step; returns its loss and adds the gradient norm to `notes`."""
    total = 0.0
    for loss in losses:
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    norm = torch.nn.utils.clip_grad_norm_(decoder.parameters(), job.optimizer.gradient_clip).item()
    if not math.isfinite(total) or not math.isfinite(norm):
        raise UserError(
            f"{job.name}: the loss is no longer a number (loss {total}, gradient norm {norm}); lower its learning_rate"
        )
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    notes["gradient_norm"] = norm
    return total
