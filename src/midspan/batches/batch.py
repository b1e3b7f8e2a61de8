"""The one batch that every objective reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # processes that only plan rows have no need of torch
    import torch
    from torch import Tensor

PADDING_SEGMENT = -1


@dataclass
class Segment:
    """One document of a packed row: the model reads all tokens but the last and predicts all but the first."""

    tokens: Sequence[int]
    loss_weight: Sequence[float] | None = None  # of each predicted token, len(tokens) - 1; None: all 1

    @property
    def length(self) -> int:
        """The positions it takes in a row."""
        return len(self.tokens) - 1


@dataclass
class Batch:
    """Packed rows. All tensors are [batch, sequence]; padding has segment -1 and loss weight 0."""

    tokens: Tensor  # int64
    targets: Tensor  # int64, `tokens` one step ahead within the segment
    loss_weight: Tensor  # float32
    positions: Tensor  # int64, restart in each segment
    segments: Tensor  # int64, 0, 1, 2... within a row

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))

    def split(self, rows: int) -> list[Batch]:
        """The same rows as batches of at most `rows` rows."""
        parts = [getattr(self, name).split(rows) for name in self.__dataclass_fields__]
        return [Batch(*columns) for columns in zip(*parts, strict=True)]


def pack_rows(rows: Sequence[Sequence[Segment]], context: int) -> Batch:
    """Lay the segments of each row one after the other, padded to `context` positions."""
    import torch

    shape = (len(rows), context)
    tokens, targets, positions = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    weights = np.zeros(shape, dtype=np.float32)
    segments = np.full(shape, PADDING_SEGMENT, dtype=np.int64)
    for row, row_segments in enumerate(rows):
        start = 0
        for index, segment in enumerate(row_segments):
            end = start + segment.length
            assert end <= context, f"row {row} holds {end} positions, more than {context}"
            ids = np.asarray(segment.tokens, dtype=np.int64)
            tokens[row, start:end], targets[row, start:end] = ids[:-1], ids[1:]
            weights[row, start:end] = 1.0 if segment.loss_weight is None else segment.loss_weight
            positions[row, start:end] = np.arange(segment.length)
            segments[row, start:end] = index
            start = end
    return Batch(*(torch.from_numpy(array) for array in (tokens, targets, weights, positions, segments)))
