"""What a stage needs of memory, by cause, and how many rows of a step may be computed together."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from midspan import recipe
from midspan.compute import available_memory
from midspan.errors import UserError
from midspan.model import DecoderConfig
from midspan.train.trainable import trainable
from midspan.train.world import World

SHARE = 0.8  # of the memory that is free: the rest is for batches, buffers and what else starts meanwhile
MOST_MICRO_TOKENS = {"cpu": 4096, "cuda": 16_384}  # more at once was measured to be no faster


@dataclass(frozen=True)
class Memory:
    """Bytes on one device."""

    weights: int  # the frozen ones and adapters too
    gradients: int  # float32, of those that are trained, as are AdamW's two moments
    moments: int
    activations: int  # of one row, in the blocks that gradients pass through

    @property
    def fixed(self) -> int:
        """Whatever the number of rows."""
        return self.weights + self.gradients + self.moments


@dataclass(frozen=True)
class Fit:
    """How a stage fits into memory; settled once, for other sums would give other bits."""

    micro_rows: int
    recompute: bool


def memory_of(
    stage: recipe.Stage, config: DecoderConfig, dtype: torch.dtype, world: World, zero: int, recompute: bool
) -> Memory:
    """What training `config` as `stage` says takes on each device."""
    parameters = trainable(config, stage.weights, dtype)
    trained, spread = 4 * parameters.trained, world.size if zero == 3 else 1
    states = (parameters.bytes // spread, trained // spread, 2 * trained // world.size)
    per_token = _layer_bytes(config, stage.context, dtype)
    frozen = stage.weights.frozen_layers if isinstance(stage.weights, recipe.Full) else 0
    layers = 1 if recompute else config.num_layers - frozen
    stream = (config.num_layers - frozen) * config.hidden_size * 4 if recompute else 0
    return Memory(*states, activations=stage.context * (layers * per_token + stream))


def fit(stage: recipe.Stage, config: DecoderConfig, dtype: torch.dtype, world: World, runtime: recipe.Runtime) -> Fit:
    """Rows in one forward and backward pass, and whether activations are made again.

    Raises UserError where not one row fits, with the settings that help.
    """
    rows = stage.tokens_per_step // stage.context // world.size or 1
    free = int(available_memory(world.device) * SHARE)
    zero = runtime.parallel.zero
    choices = (False, True) if runtime.recompute == "auto" else (runtime.recompute,)
    for recompute in choices:
        needed = memory_of(stage, config, dtype, world, zero, recompute)
        together = (free - needed.fixed) // needed.activations
        if stage.micro_tokens != "auto":
            together = stage.micro_tokens // stage.context if needed.fixed + needed.activations <= free else 0
        if together >= 1:
            return Fit(max(1, min(rows, together, MOST_MICRO_TOKENS[world.device.type] // stage.context)), recompute)
    total = needed.fixed + needed.activations
    helpful = ["lower its context", "take a smaller model"]
    helpful += [] if recompute else ["set runtime.recompute: true"]
    if isinstance(stage.weights, recipe.Full):
        adapting = stage.model_copy(update={"weights": recipe.Lora()})
        adapted = memory_of(adapting, config, dtype, world, zero, recompute)
        if adapted.fixed + adapted.activations <= free:
            helpful.append("adapt the model it starts from (weights: {kind: lora})")
    raise UserError(
        f"stages.{stage.name} needs {total / 1e9:.1f} GB ({needed.fixed / 1e9:.1f} for weights, gradients and AdamW, "
        f"{needed.activations / 1e9:.1f} for one row of {stage.context}), and {free / 1e9:.1f} GB are free: "
        f"{', '.join(helpful[:-1])}, or {helpful[-1]}"
    )


def _layer_bytes(config: DecoderConfig, context: int, dtype: torch.dtype) -> int:
    """Activations of one layer and token that are kept for the backward pass."""
    size = dtype.itemsize
    heads = config.num_heads * config.head_size
    key_values = 2 * config.num_key_value_heads * config.head_size
    stream = 4 * 4 * config.hidden_size  # two norms' inputs and the two sums, float32
    cast = 2 * size * config.hidden_size
    attention = size * (4 * heads + 2 * key_values) + size * config.num_heads * context // 2  # and half of the weights
    return stream + cast + attention + 5 * size * config.intermediate_size
