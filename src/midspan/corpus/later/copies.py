"""Which texts hold a block of later code, or nearly one: most of the block's word 5-grams are in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from midspan.corpus.dedup import Hashes, distinct, shingle_hashes, shingle_sets
from midspan.files import atomic_file

NEARLY = 0.7  # of a block's 5-grams: as much as two files of a corpus must have in common to be near-copies
LEAST_SHINGLES = 4  # of a block: eight words; what is shorter is found in any code


@dataclass(frozen=True)
class BlockIndex:
    """The 5-grams of blocks, ascending, each with the block that it is of."""

    shingles: Hashes  # [shingles of all blocks]
    block: npt.NDArray[np.int64]  # [shingles of all blocks]
    sizes: npt.NDArray[np.int64]  # [blocks], the distinct shingles of each
    places: tuple[str, ...]  # [blocks], for people

    @classmethod
    def of(cls, blocks: Sequence[str], places: Sequence[str]) -> BlockIndex:
        """The index of texts."""
        sets = list(shingle_sets(blocks))
        sizes = np.array([len(one) for one in sets], np.int64)
        shingles = np.concatenate([np.empty(0, np.uint64), *sets])
        order = np.argsort(shingles, kind="stable")
        return cls(shingles[order], np.repeat(np.arange(len(sets)), sizes)[order], sizes, tuple(places))

    def copied(self, text: str) -> npt.NDArray[np.int64]:
        """The blocks of which `text` holds most, by number."""
        hashes, _ = shingle_hashes([text])
        there = distinct(hashes)
        if not len(there) or not len(self.shingles):
            return np.empty(0, np.int64)
        place = np.minimum(np.searchsorted(there, self.shingles), len(there) - 1)
        common = np.bincount(self.block[there[place] == self.shingles], minlength=len(self.sizes))
        found: npt.NDArray[np.int64] = np.flatnonzero((common > 0) & (common >= NEARLY * self.sizes))
        return found

    def save(self, path: Path) -> None:
        """Write the index, whole or not at all."""
        with atomic_file(path) as aside, aside.open("wb") as stream:
            np.savez(stream, shingles=self.shingles, block=self.block, sizes=self.sizes, places=np.array(self.places))

    @classmethod
    def load(cls, path: Path) -> BlockIndex:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            places = tuple(map(str, stored["places"].tolist()))
            return cls(stored["shingles"], stored["block"], stored["sizes"], places)
