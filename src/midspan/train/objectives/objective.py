"""What every objective offers to the loop, and what it is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import torch
from torch import Tensor

from midspan.batches import Mixture
from midspan.errors import UserError
from midspan.model import Decoder
from midspan.recipe import Settings
from midspan.train.world import World


class Portable(Protocol):
    """A micro-batch."""

    def to(self, device: torch.device) -> Self: ...


Part = TypeVar("Part", bound=Portable)


class Objective(Protocol[Part]):
    """Micro-batches, what each counts, and their losses; the loop knows no more of any objective."""

    facts: dict[str, Any]  # for the stage's summary

    def parts(self, step: int, world: World) -> list[Part]:
        """This process's micro-batches of optimiser step `step`, as many as every other process's, on the host."""
        ...

    def weight(self, part: Part) -> float:
        """Over what the loss of `part` is a sum: supervised tokens, pairs."""
        ...

    def loss(self, decoder: Decoder, part: Part) -> tuple[Tensor, dict[str, Tensor]]:
        """The summed loss of a micro-batch, and further sums to be logged, divided by the step's weight too."""
        ...


@dataclass(frozen=True)
class Feed:
    """What an objective is made of."""

    rows: Mixture
    rows_per_step: int
    micro_rows: int  # in one forward and backward pass
    context: int
    dtype: torch.dtype  # of matrix products


@dataclass(frozen=True)
class ObjectiveKind:
    """One kind of objective: its settings, how it is made, and the kinds of data that it learns from."""

    settings: type[Settings]
    make: Callable[[Any, Feed, Decoder, World, Path], Objective[Any]]  # settings … the stage's own folder
    data: tuple[str, ...]


def micro_batches(step: int, feed: Feed, world: World) -> list[range]:
    """The row numbers of each of this process's micro-batches of optimiser step `step`.

    Every process has as many, so that all take part in each exchange of gradients. Raises UserError where a step has
    fewer rows than there are processes.
    """
    if feed.rows_per_step < world.size:
        raise UserError(
            f"a step of {feed.rows_per_step} rows is too small for {world.size} processes; raise tokens_per_step"
        )
    count = world.size * math.ceil(feed.rows_per_step / (feed.micro_rows * world.size))
    first = step * feed.rows_per_step
    ends = [first + feed.rows_per_step * index // count for index in range(count + 1)]
    return [range(start, end) for start, end in pairwise(ends)][world.rank :: world.size]
