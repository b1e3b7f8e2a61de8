"""What the model that a stage starts from gives whole answers: computed once, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from midspan.batches import PairBatch, Segment, pack_pairs
from midspan.files import atomic_file
from midspan.model import Decoder
from midspan.progress import progress
from midspan.train.objectives.causal import batch_logprobs
from midspan.train.objectives.objective import Feed
from midspan.train.world import World

FILE = "reference-logprobs.npy"


def sequence_logprobs(decoder: Decoder, pairs: PairBatch, dtype: torch.dtype) -> Tensor:
    """Summed log-probability of every answer: [2 * pairs], chosen and rejected in turn."""
    return pairs.sum_by_sequence(batch_logprobs(decoder, pairs.batch, dtype))


@torch.no_grad()
def reference_logprobs(
    pairs: Sequence[Sequence[Segment]], feed: Feed, decoder: Decoder, world: World, folder: Path
) -> Tensor:
    """The log-probabilities of each pair's (chosen, rejected) answer, [pairs, 2]; read from `folder` if they are there.

    Every process computes all of them, for sharded weights take part together.
    """
    file = folder / FILE
    kept = file.exists()
    world.barrier()  # nobody writes the file before all have looked
    if kept:
        return torch.from_numpy(np.load(file))
    found: list[Tensor] = []
    with progress("reference", len(pairs), "pairs") as line:
        for start in range(0, len(pairs), feed.micro_rows):
            packed = pack_pairs(pairs[start : start + feed.micro_rows], feed.context)
            found.append(sequence_logprobs(decoder, packed.to(world.device), feed.dtype).cpu())
            line.update(min(start + feed.micro_rows, len(pairs)))
    reference = torch.cat(found).view(-1, 2)
    if world.rank == 0:
        with atomic_file(file) as aside, aside.open("wb") as stream:
            np.save(stream, reference.numpy())
    return reference
