"""Bits per byte on held-out files: how well a model predicts code, whatever its tokenizer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from midspan.batches import held_out_rows
from midspan.corpus import TokenShard
from midspan.model import Decoder
from midspan.progress import progress
from midspan.tokens import Tokenizer
from midspan.train import batch_logprobs

ROWS = 8  # rows in one forward pass


@dataclass(frozen=True)
class Likelihood:
    """The average cost of a byte, and of how many bytes it is the average."""

    bits_per_byte: float
    bytes: int


@torch.inference_mode()
def bits_per_byte(
    decoder: Decoder,
    tokenizer: Tokenizer,
    shard: TokenShard,
    context: int,
    most_bytes: int,
    dtype: torch.dtype,
    name: str,
) -> Likelihood:
    """The negative log2-likelihood of held-out files, read in windows of `context` tokens, divided by their bytes.

    Windows do not overlap, so the first tokens of each have little to go by; every model is judged with the same ones.
    """
    device = next(decoder.parameters()).device
    batch, total_bytes = held_out_rows(shard, tokenizer, context, most_bytes)
    nats = 0.0
    with progress(f"{name}: bits per byte", len(batch.tokens), "rows") as line:
        for index, part in enumerate(batch.split(ROWS)):
            on_device = part.to(device)
            nats -= (batch_logprobs(decoder, on_device, dtype).double() * on_device.loss_weight).sum().item()
            line.update(min((index + 1) * ROWS, len(batch.tokens)))
    return Likelihood(nats / math.log(2) / total_bytes, total_bytes)
