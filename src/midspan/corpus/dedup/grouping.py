"""One band of all documents → the pairs of documents that share it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from midspan.corpus.dedup.candidates import bucket_pairs, likely, pack
from midspan.corpus.dedup.shingles import Indices
from midspan.corpus.dedup.signature_files import band_column, read_bands
from midspan.corpus.dedup.signatures import BINS, Signatures
from midspan.files import atomic_file


@dataclass(frozen=True)
class GroupTask:
    """The documents whose key of `band` is in `keys` (lowest, end), and that have no survivor yet."""

    signatures: tuple[Path, ...]  # folders
    starts: tuple[int, ...]  # numbers of the first documents of the shards
    ranks: Path
    filled: Path
    survivors: Path
    band: int
    keys: tuple[int, int]
    reach: int
    threshold: float
    seed: int
    output: Path


def group_band(task: GroupTask) -> None:
    """Write the pairs, packed and ascending. The memory is about 60 bytes per document in the range of keys."""
    ranks, survivors = np.load(task.ranks, mmap_mode="r"), np.load(task.survivors, mmap_mode="r")
    column = band_column(task.band)
    keys, numbers = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for path, start in zip(task.signatures, task.starts, strict=False):
        table = read_bands(path, ["row", column], task.seed)
        found, documents = table[column].to_numpy(), table["row"].to_numpy() + start
        inside = (found >= np.uint64(task.keys[0])) & (found <= np.uint64(task.keys[1] - 1))
        inside &= survivors[documents] < 0
        keys.append(found[inside])
        numbers.append(documents[inside])
    documents = np.concatenate(numbers)
    better, worse = bucket_pairs(np.concatenate(keys), np.asarray(ranks[documents]), task.reach)
    pairs = np.sort(pack(documents[better], documents[worse]))
    with atomic_file(task.output) as aside, aside.open("wb") as stream:
        np.save(stream, likely(pairs, partial(_gather, task), task.threshold))


def _gather(task: GroupTask, documents: Indices) -> tuple[Signatures, Indices]:
    """The signatures [documents, BINS] and filled bins [documents] of ascending document numbers."""
    signed = np.empty((len(documents), BINS), np.uint8)
    cuts = np.searchsorted(documents, task.starts)
    for path, start, low, high in zip(task.signatures, task.starts, cuts, cuts[1:], strict=False):
        if low < high:
            signed[low:high] = np.load(path / "signatures.npy", mmap_mode="r")[documents[low:high] - start]
    return signed, np.load(task.filled, mmap_mode="r")[documents]
