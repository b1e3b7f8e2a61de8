"""Next-token prediction: pre-training, and fine-tuning where only answers have a loss weight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from midspan.batches import Batch, pack_rows
from midspan.compute import autocast
from midspan.model import Decoder
from midspan.recipe import Settings as RecipeSettings
from midspan.train.logprobs import token_logprobs
from midspan.train.objectives.objective import Feed, micro_batches
from midspan.train.world import World


class Settings(RecipeSettings):
    """There are none."""


class Causal:
    """The negative log-likelihood of every supervised token."""

    def __init__(self, settings: Settings, feed: Feed, decoder: Decoder, world: World, folder: Path) -> None:
        self.feed = feed
        self.facts: dict[str, Any] = {}

    def parts(self, step: int, world: World) -> list[Batch]:
        """Packed rows."""
        rows = self.feed.rows
        found = micro_batches(step, self.feed, world)
        return [pack_rows([rows.row(k) for k in numbers], self.feed.context) for numbers in found]

    def weight(self, part: Batch) -> float:
        """Supervised tokens."""
        return part.loss_weight.sum().item()

    def loss(self, decoder: Decoder, part: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The summed negative log-likelihood, weighted by `loss_weight`."""
        return -(batch_logprobs(decoder, part, self.feed.dtype) * part.loss_weight).sum(), {}


def batch_logprobs(decoder: Decoder, batch: Batch, dtype: torch.dtype) -> Tensor:
    """Log-probability of every target with a loss weight, 0 elsewhere: [batch, sequence], float32."""
    with autocast(dtype, batch.tokens.device):
        hidden = decoder.hidden_states(batch.tokens, batch.positions, batch.segments)  # [batch, sequence, hidden]
    supervised = batch.loss_weight != 0
    if supervised.all():  # as in most of pre-training: nothing to pick out, and to put back in the backward pass
        logprobs = token_logprobs(hidden.flatten(0, 1), decoder.head_weight, batch.targets.flatten(), dtype)
        return logprobs.view_as(batch.loss_weight)
    logprobs = token_logprobs(hidden[supervised], decoder.head_weight, batch.targets[supervised], dtype)
    return torch.zeros_like(batch.loss_weight).masked_scatter(supervised, logprobs)
