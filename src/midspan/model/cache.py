"""Keys and values of the tokens already seen, so that a next token costs one token."""

from __future__ import annotations

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.model.config import DecoderConfig

Slots = slice | Tensor  # the same contiguous run in every row, or [batch, sequence]


class KeyValueCache:
    """One slot per position: `keys[layer]` and `values[layer]` are `[batch, kv_heads, capacity, head_size]`.

    Rows need not be equally far. Slots hold zeros until written: an unwritten slot is masked, but NaN x 0 would be NaN.
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
        self.batch, self.capacity = batch, capacity
        self.keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)]
        self.values = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)]

    @staticmethod
    def row_bytes(config: DecoderConfig, capacity: int, dtype: torch.dtype = torch.float32) -> int:
        """What one row of `capacity` positions takes in memory."""
        values = 2 * config.num_layers * config.num_key_value_heads * config.head_size * capacity
        return values * dtype.itemsize

    def slots(self, positions: Tensor) -> tuple[Slots, int]:
        """Where the tokens at `positions` `[batch, sequence]` go, and how many slots are then in use.

        Raises UserError if a position is beyond the capacity.
        """
        batch, length = positions.shape
        assert batch == self.batch, f"{batch} rows of tokens for a cache of {self.batch} rows"
        used = int(positions.max()) + 1
        if used > self.capacity:
            raise UserError(f"the cache holds {self.capacity} positions and {used} are needed; shorten the input")
        run = torch.arange(used - length, used, device=positions.device)
        return (slice(used - length, used) if bool((positions == run).all()) else positions), used

    def write(self, layer: int, slots: Slots, used: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store keys and values `[batch, kv_heads, sequence, head_size]`; return those of the `used` slots."""
        all_keys, all_values = self.keys[layer], self.values[layer]
        if isinstance(slots, slice):
            all_keys[:, :, slots] = keys.to(all_keys.dtype)
            all_values[:, :, slots] = values.to(all_values.dtype)
        else:
            rows = torch.arange(self.batch, device=slots.device)[:, None]
            all_keys[rows, :, slots] = keys.transpose(1, 2).to(all_keys.dtype)
            all_values[rows, :, slots] = values.transpose(1, 2).to(all_values.dtype)
        return all_keys[:, :, :used], all_values[:, :, :used]

    def keep_rows(self, rows: list[int]) -> None:
        """Forget all rows but these, which become rows 0, 1, 2…"""
        self.batch = len(rows)
        self.keys = [keys[rows] for keys in self.keys]
        self.values = [values[rows] for values in self.values]
