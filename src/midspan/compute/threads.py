"""How many threads compute, and how they wait for each other."""

from __future__ import annotations

import torch


def use_threads(count: int | None) -> None:
    """Compute on `count` threads; None: as many as torch chooses, one for each core."""
    torch.set_flush_denormal(True)  # AdamW's moments fall so low, where every operation takes many times as long
    if count is not None:
        torch.set_num_threads(count)
