"""Rotary scaling as GGUF files say it: in their metadata, or as Llama 3.1's table of factors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.model.config import RopeScaling

FREQUENCY_FACTORS = "rope_freqs.weight"  # what each frequency is divided by, [rotary / 2]

# Low and high factor, and first context, of every Llama since 3.1; files hold only what comes out of them.
LLAMA3 = (1.0, 4.0, 8192)


def rope_scaling(get: Callable[..., Any], factors: Tensor | None) -> RopeScaling | None:
    """The scaling of a file's metadata, which `get` reads, and its table of `factors`. Raises UserError for others."""
    if factors is not None and not bool((factors == 1).all()):
        return _of_factors(get, factors)
    kind = get("{arch}.rope.scaling.type", "none")
    factor = get("{arch}.rope.scaling.factor", 1.0)
    if kind == "none" or (kind == "linear" and factor in (0, 1)):
        return None
    if kind == "linear":
        return RopeScaling("linear", factor)
    if kind != "yarn":
        raise UserError(f"rotary scaling {kind!r} is not supported; supported: linear, yarn")
    longest = get("{arch}.context_length")
    attention = get("{arch}.rope.scaling.yarn_attn_factor", get("{arch}.rope.scaling.attn_factor", 1.0))
    return RopeScaling(
        "yarn",
        factor,
        original_positions=get("{arch}.rope.scaling.original_context_length", longest),
        fast_turns=get("{arch}.rope.scaling.yarn_beta_fast", 32.0),
        slow_turns=get("{arch}.rope.scaling.yarn_beta_slow", 1.0),
        # llama.cpp multiplies its own by this
        amplitude=None if attention == 1 else attention * (0.1 * math.log(factor) + 1),
    )


def _of_factors(get: Callable[..., Any], factors: Tensor) -> RopeScaling:
    """Llama 3.1's scaling, if these are the factors that come out of it."""
    low, high, original = LLAMA3
    scaling = RopeScaling("llama3", round(factors.max().item(), 4), low, high, original)
    size = 2 * len(factors)
    frequencies = get("{arch}.rope.freq_base", 10_000.0) ** -(torch.arange(0, size, 2, dtype=torch.float32) / size)
    kept = ((original * frequencies / (2 * math.pi) - low) / (high - low)).clamp(0, 1)
    if not torch.allclose(1 / factors, (1 - kept) / scaling.factor + kept, rtol=1e-3):
        raise UserError(f"the rotary factors in {FREQUENCY_FACTORS} are not Llama 3.1's; only those are supported")
    return scaling
