"""Which of a decoder's parameters a stage trains: all of them, the upper blocks, or adapters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from midspan import recipe
from midspan.errors import UserError
from midspan.model import Decoder, DecoderConfig, on_meta, parameter_shapes
from midspan.train.lora import LoraLinear, attach


class Trainable(NamedTuple):
    """Numbers of parameters, and what they take in memory; adapters count too."""

    total: int
    trained: int
    bytes: int


def adapt(decoder: Decoder, weights: recipe.Full | recipe.Lora, dtype: torch.dtype) -> None:
    """Freeze what is not to be trained and attach the adapters, in place.

    Frozen matrices are held in `dtype`, in which they are multiplied anyway: half the memory, and the same results.
    """
    if isinstance(weights, recipe.Lora):
        decoder.requires_grad_(False)
        attach(decoder, weights)
    elif weights.frozen_layers:
        # No tensor that a frozen block computes requires a gradient, so autograd keeps nothing of it.
        decoder.embed_tokens.requires_grad_(False)
        for block in list(decoder.layers)[: weights.frozen_layers]:
            block.requires_grad_(False)
    for layer in decoder.layers.modules():
        if isinstance(layer, nn.Linear | LoraLinear) and not layer.weight.requires_grad:
            layer.weight.data = layer.weight.data.to(dtype)


def trainable(config: DecoderConfig, weights: recipe.Full | recipe.Lora, dtype: torch.dtype) -> Trainable:
    """What a decoder of `config` has in parameters while it is trained in `dtype`, and how many of them learn."""
    decoder = on_meta(config)
    adapt(decoder, weights, dtype)
    parameters = list(decoder.parameters())
    return Trainable(
        sum(parameter.numel() for parameter in parameters),
        sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        sum(parameter.numel() * parameter.itemsize for parameter in parameters),
    )


def learnt(
    start: Iterable[tuple[str, Tensor]], state: Mapping[str, Tensor], trained: set[str], scale: float
) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a stage hands on: its `trained` ones out of `state`, and of the others those of its `start`.

    Adapters are merged in float32: `W + scale B A`.
    """
    for name, tensor in start:
        layer = name.removesuffix("weight")
        up = state.get(f"{layer}lora_B.weight")
        if up is not None:
            yield name, tensor.float() + scale * (up @ state[f"{layer}lora_A.weight"])
        else:
            yield name, state[name] if name in trained else tensor


def check_weights(stage: recipe.Stage, config: DecoderConfig, from_scratch: bool) -> None:
    """Raise UserError where the stage's `weights` do not suit a decoder of `config`, or there is nothing to keep."""
    weights, where = stage.weights, f"stages.{stage.name}.weights"
    if from_scratch and weights != recipe.Full():
        raise UserError(f"{where}: from scratch all has to be learnt: leave it out, or give the stage a start")
    if isinstance(weights, recipe.Lora):
        _check_rank(weights, config, where)
    elif weights.frozen_layers >= config.num_layers:
        frozen, there = weights.frozen_layers, config.num_layers
        raise UserError(f"{where}.frozen_layers: of {there} layers {frozen} frozen leave none to train: lower it")


def _check_rank(lora: recipe.Lora, config: DecoderConfig, where: str) -> None:
    """An update's rank is at most its matrix's smaller side."""
    shapes = parameter_shapes(config)
    for layer in lora.layers:
        most = min(next(shape for name, shape in shapes.items() if name.endswith(f".{layer}.weight")))
        if lora.rank > most:
            raise UserError(f"{where}.rank {lora.rank} is more than {layer} can have, {most}: lower it")
