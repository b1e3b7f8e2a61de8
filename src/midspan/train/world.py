"""The processes that train one model together; alone, everything here does nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.distributed as distributed
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from midspan.compute import best_device
from midspan.model import Decoder

if TYPE_CHECKING:
    from torch.distributed.fsdp import FSDPModule


@dataclass(frozen=True)
class World:
    """Who this process is among those that train together, and the device it computes on."""

    rank: int
    size: int
    device: torch.device
    mesh: DeviceMesh | None = None  # None: alone

    def sum(self, value: float) -> float:
        """The sum of all processes' values."""
        if self.mesh is None:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total, group=self.mesh.get_group())
        return total.item()

    def reduce_gradients(self, decoder: Decoder, now: bool) -> None:
        """Whether the next backward pass exchanges gradients: of several micro-batches only the last does."""
        if (spread := self._spread(decoder)) is not None:
            spread.set_requires_gradient_sync(now)

    def spread_again(self, decoder: Decoder) -> None:
        """Give back what forward passes without a backward pass have gathered."""
        if (spread := self._spread(decoder)) is not None:
            spread.reshard()

    def _spread(self, decoder: Decoder) -> FSDPModule | None:
        """The decoder, where it is spread over several processes."""
        if self.mesh is None:
            return None
        from torch.distributed.fsdp import FSDPModule  # takes seconds, which one process need not wait

        return decoder if isinstance(decoder, FSDPModule) else None

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.mesh is not None:
            distributed.barrier()


def alone() -> World:
    """This process and the best device there is."""
    return World(0, 1, best_device())


def launched() -> bool:
    """Whether a launcher (torchrun) started this process as one of several."""
    return "WORLD_SIZE" in os.environ


@contextmanager
def joined_world() -> Iterator[World]:
    """The world that torchrun's environment variables describe; without them, this process alone."""
    if not launched():
        yield alone()
        return
    kind = best_device().type
    distributed.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        rank, size = distributed.get_rank(), distributed.get_world_size()
        device = torch.device(kind, int(os.environ["LOCAL_RANK"])) if kind == "cuda" else torch.device(kind)
        if kind == "cuda":
            torch.cuda.set_device(device)
        yield World(rank, size, device, init_device_mesh(kind, (size,)))
    finally:
        distributed.destroy_process_group()
