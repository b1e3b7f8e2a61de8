"""How a stage's decoder comes to be: its shape without memory, what is applied to it, then its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from midspan import recipe
from midspan.errors import UserError
from midspan.model import Decoder, DecoderConfig, on_meta, open_weights
from midspan.train.lora import drawn_adapters
from midspan.train.parallel import shard
from midspan.train.trainable import adapt
from midspan.train.world import World


def shape_of(
    stage: recipe.Stage, start: DecoderConfig | None, model: recipe.Model | None, vocabulary_size: int
) -> DecoderConfig:
    """The decoder's shape: the start's, or the recipe's; its positions are never fewer than the start's.

    Raises UserError for a context beyond the start's positions where no new rotary base says how they are reached.
    """
    if start is None:
        assert model is not None
        return new_config(model, vocabulary_size, stage)
    if stage.context > start.max_positions and stage.rope_base is None:
        raise UserError(
            f"stages.{stage.name}.context {stage.context} is longer than the {start.max_positions} positions of the "
            "model it starts from: lower it, or set the stage's rope_base to reach further"
        )
    base = start.rope_base if stage.rope_base is None else stage.rope_base
    return replace(start, max_positions=max(stage.context, start.max_positions), rope_base=base)


def prepare(
    stage: recipe.Stage,
    config: DecoderConfig,
    start: Path | None,
    model: recipe.Model | None,
    seed: int,
    recompute: bool,
    dtype: torch.dtype,
    runtime: recipe.Runtime,
    world: World,
) -> Decoder:
    """The decoder that a stage begins with, on the world's device and spread over its processes.

    It will be trained in `dtype`.
    """
    decoder = on_meta(config)
    adapt(decoder, stage.weights, dtype)
    if recompute:
        recompute_blocks(decoder)
    if runtime.compile:
        for block in decoder.layers:
            block.compile()
    shard(decoder, world, runtime.parallel.zero)
    weights = open_weights(start).tensors() if start else _drawn(config, seed, model)
    fill(decoder, chain(weights, drawn_adapters(decoder, seed, stage.name)), world)
    return decoder


def recompute_blocks(decoder: Decoder) -> None:
    """Keep only each block's input for the backward pass and make the rest again (Chen et al. 2016)."""
    for block in decoder.layers:
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)


def fill(decoder: Decoder, tensors: Iterator[tuple[str, Tensor]], world: World) -> None:
    """Give a decoder on `meta` its weights: every tensor is taken as it comes, or this process's share."""
    if world.mesh is None:
        dtypes = {name: parameter.dtype for name, parameter in decoder.state_dict().items()}
        state = {name: tensor.to(world.device, dtypes[name]) for name, tensor in tensors}
        decoder.load_state_dict(state, assign=True)
        return
    from torch.distributed.tensor import DTensor, distribute_tensor  # takes seconds

    decoder.to_empty(device=world.device)
    for name, tensor in tensors:
        parameter = decoder.get_parameter(name)
        assert isinstance(parameter, DTensor)
        whole = tensor.to(world.device, parameter.dtype)
        with torch.no_grad():  # every process reads the same file, so nothing need be sent
            parameter.copy_(distribute_tensor(whole, world.mesh, parameter.placements, src_data_rank=None))


def _drawn(config: DecoderConfig, seed: int, model: recipe.Model | None) -> Iterator[tuple[str, Tensor]]:
    assert model is not None
    torch.manual_seed(seed)
    decoder = Decoder(config)
    torch.nn.init.normal_(decoder.embed_tokens.weight, std=model.embedding_std)
    yield from decoder.state_dict().items()


def new_config(model: recipe.Model, vocabulary_size: int, stage: recipe.Stage) -> DecoderConfig:
    """The decoder's shape for a recipe's `model` fields."""
    return DecoderConfig(
        family=model.family,
        vocabulary_size=vocabulary_size,
        hidden_size=model.hidden_size,
        intermediate_size=model.intermediate_size,
        num_layers=model.num_layers,
        num_heads=model.num_heads,
        num_key_value_heads=model.num_key_value_heads or model.num_heads,
        head_size=model.hidden_size // model.num_heads,
        max_positions=stage.context,
        norm="layernorm" if model.family == "stablelm" else "rmsnorm",
        rotary_fraction=model.rotary_fraction,
        rope_base=model.rope_base if stage.rope_base is None else stage.rope_base,
        qkv_bias=model.qkv_bias,
        tied_embeddings=model.tied_embeddings,
    )
