"""How many parameters a decoder has, and how many operations a token costs."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from midspan.model.config import DecoderConfig
from midspan.model.decoder import parameter_shapes


class ParameterCount(NamedTuple):
    """`non_embedding` leaves out the embedding table and, where it is untied, the output head."""

    total: int
    non_embedding: int


def parameter_count(config: DecoderConfig) -> ParameterCount:
    """The number of parameters; tied embeddings count once."""
    total = sum(math.prod(shape) for shape in parameter_shapes(config).values())
    tables = 1 if config.tied_embeddings else 2
    return ParameterCount(total, total - tables * config.vocabulary_size * config.hidden_size)


def model_bytes(config: DecoderConfig, dtype: torch.dtype) -> int:
    """What the weights of a decoder take in memory."""
    return parameter_count(config).total * dtype.itemsize


def flops_per_token(config: DecoderConfig, context: int) -> float:
    """Floating-point operations of a training step (forward and backward) per token of a sequence of `context` tokens.

    6 x (the weights of all matrix products: the layers' and the head's) + 12 x layers x heads x head size x context for
    attention, which is not halved for causality (Chowdhery et al. 2022, PaLM, appendix B); a sliding window bounds the
    context. Norms, rotation, softmax and any recomputation are not counted. A forward pass alone is a third.
    """
    heads_size = config.num_heads * config.head_size
    attention_weights = 2 * config.hidden_size * (heads_size + config.num_key_value_heads * config.head_size)
    layer = attention_weights + 3 * config.hidden_size * config.intermediate_size
    weights = config.num_layers * layer + config.hidden_size * config.vocabulary_size
    seen = min(context, config.sliding_window or context)
    return 6.0 * weights + 12.0 * config.num_layers * heads_size * seen
