"""Keys and values of the tokens already seen, so that a next token costs one token."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.model.config import DecoderConfig


@dataclass(frozen=True)
class Slots:
    """Where in the cache the tokens of one forward pass go; a token's slot is its position."""

    positions: Tensor  # [batch | 1, sequence]
    used: int  # slots that are in use after the pass
    first: int | None  # where every row goes on; None where they differ
    rows: Tensor  # [batch, 1]: 0, 1, 2…


class KeyValueCache:
    """`keys[layer]` and `values[layer]` are `[batch, kv_heads, capacity, head_size]`; `lengths[row]` are used.

    Rows need not be equally far, and what is cut from a length is forgotten: the next tokens are written over it.
    Slots hold zeros until written: an unwritten slot is masked, but NaN x 0 would be NaN.
    """

    def __init__(
        self,
        config: DecoderConfig,
        batch: int,
        capacity: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        shape = (batch, config.num_key_value_heads, capacity, config.head_size)
        self.capacity, self.lengths, self._rows = capacity, [0] * batch, torch.arange(batch, device=device)[:, None]
        self.keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)]
        self.values = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)]

    @staticmethod
    def row_bytes(config: DecoderConfig, capacity: int, dtype: torch.dtype = torch.float32) -> int:
        """What one row of `capacity` positions takes in memory."""
        values = 2 * config.num_layers * config.num_key_value_heads * config.head_size * capacity
        return values * dtype.itemsize

    def append(self, batch: int, count: int) -> Slots:
        """Where the next `count` tokens of each of the `batch` rows go. Raises UserError beyond the capacity."""
        assert batch == len(self.lengths), f"{batch} rows of tokens for a cache of {len(self.lengths)} rows"
        used = max(self.lengths) + count
        if used > self.capacity:
            raise UserError(f"the cache holds {self.capacity} positions and {used} are needed; shorten the input")
        starts, device = self.lengths, self._rows.device
        self.lengths = [start + count for start in starts]
        if min(starts) == max(starts):
            return Slots(torch.arange(starts[0], used, device=device)[None], used, starts[0], self._rows)
        first = torch.tensor(starts, device=device)[:, None]
        return Slots(first + torch.arange(count, device=device), used, None, self._rows)

    def write(self, layer: int, slots: Slots, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store keys and values `[batch, kv_heads, sequence, head_size]`; return those of all slots in use."""
        all_keys, all_values = self.keys[layer][:, :, : slots.used], self.values[layer][:, :, : slots.used]
        if slots.first is not None:
            all_keys[:, :, slots.first :] = keys
            all_values[:, :, slots.first :] = values
        else:
            all_keys[slots.rows, :, slots.positions] = keys.transpose(1, 2).to(all_keys.dtype)
            all_values[slots.rows, :, slots.positions] = values.transpose(1, 2).to(all_values.dtype)
        return all_keys, all_values

    def keep_rows(self, rows: list[int]) -> None:
        """Forget all rows but these, which become rows 0, 1, 2…"""
        self.lengths, self._rows = [self.lengths[row] for row in rows], self._rows[: len(rows)]
        self.keys = [keys[rows] for keys in self.keys]
        self.values = [values[rows] for values in self.values]
