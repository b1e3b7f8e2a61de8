"""Some bands of all documents → the pairs of documents that share one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from midspan.corpus.dedup.candidates import bucket_pairs, likely, pack
from midspan.corpus.dedup.shingles import Hashes, Indices, distinct
from midspan.corpus.dedup.signature_files import band_column, read_bands
from midspan.corpus.dedup.signatures import BINS, Signatures
from midspan.files import atomic_file


@dataclass(frozen=True)
class GroupTask:
    """The documents whose keys of `bands` are in `keys` (lowest, end), and that have no survivor yet."""

    signatures: tuple[Path, ...]  # folders
    starts: tuple[int, ...]  # numbers of the first documents of the shards
    ranks: Path
    filled: Path
    survivors: Path
    bands: tuple[int, ...]
    keys: tuple[int, int]
    reach: int
    threshold: float
    seed: int
    output: Path


def group_bands(task: GroupTask) -> None:
    """Write the distinct pairs, packed and ascending. The memory is about 60 bytes per document and 8 per key."""
    ranks, survivors = np.load(task.ranks, mmap_mode="r"), np.load(task.survivors, mmap_mode="r")
    names = [band_column(band) for band in task.bands]
    shards = []
    for path, start in zip(task.signatures, task.starts, strict=False):
        table = read_bands(path, ["row", *names], task.seed)
        documents = table["row"].to_numpy() + start
        left = survivors[documents] < 0
        shards.append((documents[left], [table[name].to_numpy()[left] for name in names]))
    packed = [np.empty(0, np.uint64)]
    for band in range(len(names)):
        inside = [_in_range(columns[band], task.keys) for _, columns in shards]
        keys = np.concatenate([columns[band][mask] for (_, columns), mask in zip(shards, inside, strict=True)])
        documents = np.concatenate([own[mask] for (own, _), mask in zip(shards, inside, strict=True)])
        better, worse = bucket_pairs(keys, np.asarray(ranks[documents]), task.reach)
        packed.append(pack(documents[better], documents[worse]))
    with atomic_file(task.output) as aside, aside.open("wb") as stream:
        np.save(stream, likely(distinct(np.concatenate(packed)), partial(_gather, task), task.threshold))


def _in_range(keys: Hashes, bounds: tuple[int, int]) -> npt.NDArray[np.bool_]:
    return np.asarray((keys >= np.uint64(bounds[0])) & (keys <= np.uint64(bounds[1] - 1)))


def _gather(task: GroupTask, documents: Indices) -> tuple[Signatures, Indices]:
    """The signatures [documents, BINS] and filled bins [documents] of ascending document numbers."""
    signed = np.empty((len(documents), BINS), np.uint8)
    cuts = np.searchsorted(documents, task.starts)
    for path, start, low, high in zip(task.signatures, task.starts, cuts, cuts[1:], strict=False):
        if low < high:
            signed[low:high] = np.load(path / "signatures.npy", mmap_mode="r")[documents[low:high] - start]
    return signed, np.load(task.filled, mmap_mode="r")[documents]
