"""The training loop, the same for every objective and number of processes."""

from __future__ import annotations

import math
import time
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
from midspan.train.objectives import Objective
from midspan.train.optimizer import make_optimizer
from midspan.train.schedule import learning_rate
from midspan.train.world import World


@dataclass(frozen=True)
class Course:
    """How long and how fast one stage learns."""

    name: str
    folder: Path  # stages/<name>, already this stage's own
    steps: int
    tokens_per_step: int
    schedule: recipe.Schedule
    optimizer: recipe.Optimizer
    checkpoint_seconds: float


def train(decoder: Decoder, course: Course, objective: Objective[Any], world: World) -> dict[str, Any]:
    """Train `decoder` in place from its newest checkpoint, or from the start; returns the summary.

    Bit for bit the same weights come out however often the process was killed on the way, on the same number of threads
    and processes. Raises UserError when the loss is no longer a number.
    """
    decoder.train()
    world.spread_again(decoder)  # an objective may have asked the starting model
    optimizer = make_optimizer(decoder, course.optimizer)
    checkpoints, metrics = course.folder / "checkpoints", course.folder / "metrics.jsonl"
    state = load_checkpoint(checkpoints, decoder, optimizer, world) or {"step": 0, "seconds": 0.0, "loss": math.nan}
    if world.rank == 0:
        truncate_metrics(metrics, state["step"])
    started = saved = time.monotonic()

    def seconds() -> float:
        return float(state["seconds"]) + time.monotonic() - started

    loss = state["loss"]
    tokens = course.tokens_per_step
    with progress(course.name, course.steps * tokens, "tokens", state["step"] * tokens) as line:
        for step in range(state["step"], course.steps):
            step_started = time.monotonic()
            rate = learning_rate(course.schedule, step, course.steps)
            measured = train_step(decoder, optimizer, objective, step, rate, world, course.optimizer.gradient_clip)
            loss = measured["loss"]
            _check(course.name, loss, measured["gradient_norm"])
            row = {"step": step + 1, "tokens": (step + 1) * tokens, **measured, "learning_rate": rate}
            row |= {"tokens_per_second": tokens / (time.monotonic() - step_started), "seconds": seconds()}
            if world.rank == 0:
                append_metrics(metrics, row)
            line.update(row["tokens"], loss=loss, lr=rate)
            due = world.sum(float(time.monotonic() - saved >= course.checkpoint_seconds)) > 0
            if due or step + 1 == course.steps:
                progress_made = {"step": step + 1, "seconds": seconds(), "loss": loss}
                save_checkpoint(checkpoints, decoder, optimizer, progress_made, world)
                saved = time.monotonic()
    summary = {"steps": course.steps, "tokens": course.steps * tokens, "seconds": seconds(), "final_loss": loss}
    return {"name": course.name, **summary}


def train_step(
    decoder: Decoder,
    optimizer: torch.optim.Optimizer,
    objective: Objective[Any],
    step: int,
    rate: float,
    world: World,
    clip: float,
) -> dict[str, float]:
    """One optimiser step; returns its mean loss, the gradient norm, its weight, and the objective's own means."""
    parts = objective.parts(step, world)
    weight = world.sum(sum(objective.weight(part) for part in parts))  # known before the first backward pass
    sums: list[Tensor] = []  # [1 + the objective's own] of each micro-batch
    names: list[str] = []
    for index, part in enumerate(parts):
        world.reduce_gradients(decoder, index + 1 == len(parts))
        loss, own = objective.loss(decoder, part.to(world.device))
        # FSDP takes the mean over processes where the loss is a sum over all.
        (loss * (world.size / weight)).backward()  # type: ignore[no-untyped-call]
        names = list(own)
        sums.append(torch.stack([loss.detach(), *own.values()]))
    norm = torch.nn.utils.clip_grad_norm_(decoder.parameters(), clip)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    totals = [world.sum(total) / weight for total in torch.stack(sums).double().sum(0).tolist()]
    measured = {"loss": totals[0], "gradient_norm": (_full(norm) if world.mesh else norm).item(), "weight": weight}
    return measured | dict(zip(names, totals[1:], strict=True))


def _full(tensor: Tensor) -> Tensor:
    """A sharded tensor as a whole one."""
    return tensor.full_tensor() if isinstance(tensor, torch.distributed.tensor.DTensor) else tensor


def _check(name: str, loss: float, norm: float) -> None:
    if not math.isfinite(loss) or not math.isfinite(norm):
        raise UserError(
            f"{name}: the loss is no longer a number (loss {loss}, gradient norm {norm}); lower its learning_rate"
        )
