"""The signature of a document: 512 bytes, of which two documents share as large a part as of their shingles.

One-permutation MinHash (Li, Owen and Zhang, NeurIPS 2012): the shingles fall into 512 bins by their hash, and of the
smallest hash in each bin one byte is kept (b-bit minwise hashing, Li and König, WWW 2010). One hash per shingle takes
the place of 512 permutations. Empty bins borrow from others so that agreement stays unbiased (optimal densification,
Shrivastava, ICML 2017).

Eight bytes on end, read as one 64-bit number, are a band: 64 bands of 8 rows. Two documents become a candidate pair if
any band agrees, with probability 1 - (1 - J^8)^64: 0.98 at J 0.7, 0.999 at 0.75, 0.22 at 0.5 and 0.004 at 0.3, where
StarCoder's 25 bands of 10 rows give 0.51, 0.77, 0.02 and 0.0001. As every pair is verified, a candidate too many costs
a comparison; one too few leaves a copy in the corpus.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from midspan.corpus.dedup.shingles import Hashes, Indices

BANDS = 64
ROWS = 8  # one byte each
BINS = BANDS * ROWS
MIN_SHINGLES = 8  # shorter documents have no signature: only exact copies of them are dropped
SCHEME = "word5-oph512-densified-8bit-64x8-v1"  # changes with any change of this file or of shingles.py

_BIN_SHIFT = np.uint64(64 - BINS.bit_length() + 1)
_EMPTY = np.uint64(2**64 - 1)
Signatures = npt.NDArray[np.uint8]


def signatures(hashes: Hashes, offsets: Indices) -> tuple[Signatures, Indices]:
    """Signatures [documents, BINS] of documents given as by `shingle_hashes`, and how many bins each fills.

    Every document must have a shingle.
    """
    counts = np.diff(offsets)
    assert len(counts) == 0 or counts.min() > 0, "a document without shingles has no signature"
    cells = np.repeat(np.arange(len(counts)) * BINS, counts)  # [shingles]
    cells += (hashes >> _BIN_SHIFT).astype(np.int64)
    minima = np.full(len(counts) * BINS, _EMPTY)
    np.minimum.at(minima, cells, hashes)
    lowest = (minima & np.uint64(0xFF)).astype(np.uint8).reshape(-1, BINS)  # [documents, BINS]
    filled = (minima != _EMPTY).reshape(-1, BINS)
    return _densify(lowest, filled), filled.sum(axis=1, dtype=np.int64)


def band_keys(signed: Signatures) -> Hashes:
    """The bands of signatures [documents, BINS] as numbers [documents, BANDS]."""
    return np.ascontiguousarray(signed).view("<u8")


def may_reach(
    threshold: float, one: Signatures, other: Signatures, filled: Indices, other_filled: Indices
) -> npt.NDArray[np.bool_]:
    """Whether signatures [pairs, BINS] agree as much as those of documents of Jaccard `threshold` do: [pairs].

    A true pair is missed once in 10^6: five standard deviations below, where a bin that borrows counts for no draw of
    its own, and those that many borrow from weigh a fifth more (the worst case of the borrowing).
    """
    draws = 0.8 * np.minimum(filled, other_filled)
    least = threshold - 5 * np.sqrt(threshold * (1 - threshold) / draws)
    return np.asarray(np.count_nonzero(one == other, axis=1) >= least * BINS)


def _densify(lowest: Signatures, filled: npt.NDArray[np.bool_]) -> Signatures:
    """Give each empty bin the byte of the first filled one in its own random order of all bins."""
    document, bin_ = np.nonzero(~filled)
    dense = lowest.copy()
    for probe in _probes():
        if not len(document):
            break
        source = probe[bin_]
        found = filled[document, source]
        dense[document[found], bin_[found]] = lowest[document[found], source[found]]
        document, bin_ = document[~found], bin_[~found]
    assert not len(document)
    return dense


@cache
def _probes() -> npt.NDArray[np.int64]:
    """[attempts, BINS]: down each column, a random order of all bins. SFC64's raw stream is the same in every NumPy."""
    draws = np.random.SFC64(BINS).random_raw(BINS * BINS).reshape(BINS, BINS)
    return np.argsort(draws, axis=0, kind="stable")
