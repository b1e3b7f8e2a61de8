"""Which token may attend to which: boolean masks, true where attention is allowed, and the same to add to scores."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def attention_mask(length: int, segments: Tensor | None, window: int | None, device: torch.device) -> Tensor | None:
    """The mask over one pass's own tokens, `[batch | 1, 1, sequence, sequence]`, or None where plain causal will do.

    Padding is a segment like any other, so no row is empty (an empty row's softmax would be NaN).
    """
    windowed = window is not None and window < length
    if segments is None and not windowed:
        return None
    index = torch.arange(length, device=device)
    allowed = index[:, None] >= index  # [sequence, sequence]
    if window is not None and windowed:
        allowed = allowed & (index[:, None] - index < window)
    if segments is not None:
        allowed = allowed & (segments[:, :, None] == segments[:, None, :])  # [batch, sequence, sequence]
    return allowed.view(-1, 1, length, length)


def cached_attention_mask(positions: Tensor, used: int, window: int | None) -> Tensor:
    """The mask over a cache's first `used` slots, `[batch | 1, 1, sequence, used]`."""
    slots = torch.arange(used, device=positions.device)
    allowed = slots <= positions[..., None]  # [batch, sequence, used]
    if window is not None:
        allowed = allowed & (slots > positions[..., None] - window)
    return allowed[:, None]


def first_keys(segments: Tensor | None, window: int | None, length: int, block: int) -> list[int]:
    """For each `block` of queries the first key that any of them sees; [] where that is the first of all.

    A row's documents follow each other, so the first query of a block sees furthest back.
    """
    if segments is None and (window is None or window >= length):
        return []
    index = torch.arange(0, length, block)
    first = torch.zeros_like(index)
    if segments is not None:
        first = (index.to(segments.device) - restarting_positions(segments)[:, ::block]).amin(0).cpu()
    if window is not None:
        first = torch.maximum(first, index - window + 1)
    return first.tolist()


def score_mask(allowed: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    """What to add to attention scores, 0 or -inf. Every layer would make it again from booleans, which costs more."""
    return None if allowed is None else torch.zeros_like(allowed, dtype=dtype).masked_fill_(~allowed, -math.inf)


def restarting_positions(segments: Tensor) -> Tensor:
    """Positions `[batch, sequence]` that count from 0 in each run of equal `segments` `[batch, sequence]`."""
    index = torch.arange(segments.shape[1], device=segments.device).expand(segments.shape)
    starts = torch.ones_like(segments, dtype=torch.bool)
    starts[:, 1:] = segments[:, 1:] != segments[:, :-1]
    return index - torch.where(starts, index, 0).cummax(dim=1).values
