"""Rotary position embedding on the first part of each head, in the half-split (NeoX) layout."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from midspan.model.config import DecoderConfig, RopeScaling


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
    if scaling.kind == "yarn":
        kept = _kept_by_yarn(config, scaling)
    else:
        turns = scaling.original_positions * frequencies / (2 * math.pi)
        kept = (turns - scaling.low_frequency_factor) / (scaling.high_frequency_factor - scaling.low_frequency_factor)
        kept = kept.clamp(0, 1)
    return (1 - kept) * frequencies / scaling.factor + kept * frequencies


def _kept_by_yarn(config: DecoderConfig, scaling: RopeScaling) -> Tensor:
    """How much of each pair's frequency stays, `[rotary / 2]` (Peng et al. 2023, YaRN, section 3.2)."""
    size = config.rotary_size

    def pair_that_turns(times: float) -> float:
        return size * math.log(scaling.original_positions / (times * 2 * math.pi)) / (2 * math.log(config.rope_base))

    first, last = pair_that_turns(scaling.fast_turns), pair_that_turns(scaling.slow_turns)
    if scaling.whole_pairs:
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, size - 1)
    ramp = (torch.arange(size // 2, dtype=torch.float32, device="cpu") - first) / ((last - first) or 0.001)
    return 1 - ramp.clamp(0, 1)


def rotary_amplitude(config: DecoderConfig) -> float:
    """What cosine and sine are multiplied by: more than 1 only under YaRN, whose longer context it sharpens."""
    scaling = config.rope_scaling
    if scaling is None or scaling.kind != "yarn":
        return 1.0
    if scaling.amplitude is not None:
        return scaling.amplitude
    return yarn_amplitude(scaling.factor)


def yarn_amplitude(factor: float, weight: float = 1.0) -> float:
    """YaRN's own amplitude for positions stretched `factor` times (section 3.4)."""
    return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0


def rotation(
    frequencies: Tensor, positions: Tensor, head_size: int, amplitude: float = 1.0, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Cosine and sine for `positions` `[batch, sequence]`, in `dtype`.

    Cosine is `[batch, 1, sequence, head_size]`, 1 where a head is not rotated; sine `[batch, 1, sequence, rotary / 2]`.
    """
    # Angles need all of float32: at position 16,384 bfloat16 could not tell one token from the next 64.
    angles = positions[:, None, :, None].float() * frequencies
    cosine, sine = angles.cos() * amplitude, angles.sin() * amplitude
    unrotated = cosine.new_ones(*cosine.shape[:-1], head_size - 2 * cosine.shape[-1])
    return torch.cat((cosine, cosine, unrotated), dim=-1).to(dtype), sine.to(dtype)


def rotate(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotate dimension i of each head `[batch, heads, sequence, head_size]` with i + rotary / 2; the rest passes."""
    if not torch.is_grad_enabled():
        return _rotated(heads, cosine, sine)
    rotated: Tensor = _Rotate.apply(heads, cosine, sine)  # type: ignore[no-untyped-call]
    return rotated


class _Rotate(torch.autograd.Function):
    """A rotation, whose gradient is the opposite rotation."""

    @staticmethod
    def forward(ctx: Any, heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        ctx.save_for_backward(cosine, sine)
        return _rotated(heads, cosine, sine)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        cosine, sine = ctx.saved_tensors
        return _rotated(gradient, cosine, -sine), None, None


def _rotated(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    half = sine.shape[-1]
    first, second = heads[..., :half], heads[..., half : 2 * half]
    if torch.compiler.is_compiling():  # which fuses it by itself, and cannot follow what is written into views
        turned = torch.cat((-second * sine, first * sine, torch.zeros_like(heads[..., 2 * half :])), dim=-1)
        return heads * cosine + turned
    rotated = heads * cosine
    rotated[..., :half].addcmul_(second, sine, value=-1)
    rotated[..., half : 2 * half].addcmul_(first, sine)
    return rotated
