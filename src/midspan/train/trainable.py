"""Which of a decoder's parameters a stage trains: all of them, the upper blocks, or adapters."""

from __future__ import annotations

from typing import NamedTuple

from midspan import recipe
from midspan.errors import UserError
from midspan.model import Decoder, DecoderConfig, on_meta, parameter_shapes
from midspan.train.lora import attach


class Trainable(NamedTuple):
    """Numbers of parameters; `total` counts adapters too."""

    total: int
    trained: int


def adapt(decoder: Decoder, weights: recipe.Full | recipe.Lora) -> None:
    """Freeze what is not to be trained and attach the adapters, in place."""
    if isinstance(weights, recipe.Lora):
        decoder.requires_grad_(False)
        attach(decoder, weights)
    elif weights.frozen_layers:
        # No tensor that a frozen block computes requires a gradient, so autograd keeps nothing of it.
        decoder.embed_tokens.requires_grad_(False)
        for block in list(decoder.layers)[: weights.frozen_layers]:
            block.requires_grad_(False)


def trainable(config: DecoderConfig, weights: recipe.Full | recipe.Lora) -> Trainable:
    """How many parameters a decoder of `config` has while it is trained, and how many of them are."""
    decoder = on_meta(config)
    adapt(decoder, weights)
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in decoder.parameters()]
    return Trainable(sum(size for size, _ in sizes), sum(size for size, trained in sizes if trained))


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
