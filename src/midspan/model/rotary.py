"""Rotary position embedding on the first part of each head, in the half-split (NeoX) layout."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from midspan.model.config import DecoderConfig


def inverse_frequencies(config: DecoderConfig) -> Tensor:
    """Radians per position of each rotated pair: float32 on the CPU, `[rotary / 2]`.

    Su et al. 2021 (RoFormer); the scalings are those that `RopeScaling` describes.
    """
    size = config.rotary_size
    exponents = torch.arange(0, size, 2, dtype=torch.float32, device="cpu") / size
    frequencies = 1.0 / config.rope_base**exponents
    scaling = config.rope_scaling
    if scaling is None:
        return frequencies
    if scaling.kind == "linear":
        return frequencies / scaling.factor
    turns = scaling.original_positions * frequencies / (2 * math.pi)
    kept = (turns - scaling.low_frequency_factor) / (scaling.high_frequency_factor - scaling.low_frequency_factor)
    kept = kept.clamp(0, 1)
    return (1 - kept) * frequencies / scaling.factor + kept * frequencies


def rotation(frequencies: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine for `positions` `[batch, sequence]`: float32 `[batch, 1, sequence, rotary / 2]`."""
    # Angles need all of float32: at position 16,384 bfloat16 could not tell one token from the next 64.
    angles = positions[:, None, :, None].float() * frequencies.to(positions.device)
    return angles.cos(), angles.sin()


def rotate(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate dimension i of each head `[batch, heads, sequence, head_size]` with i + rotary / 2; the rest passes."""
    half = cosine.shape[-1]
    first, second, rest = torch.split(heads, [half, half, heads.shape[-1] - 2 * half], dim=-1)
    rotated = (first * cosine - second * sine, second * cosine + first * sine)
    return torch.cat((*(part.to(heads.dtype) for part in rotated), rest), dim=-1)
