"""The signature of a document: 512 bytes, of which two documents share as large a part as of their shingles.

One-permutation MinHash (Li, Owen and Zhang, NeurIPS 2012): the shingles fall into 512 bins by their hash, and of the
smallest hash in each bin one byte is kept (b-bit minwise hashing, Li and König, WWW 2010). One hash per shingle takes
the place of 512 permutations. An empty bin borrows from the next filled one, which keeps agreement unbiased
(Shrivastava and Li, ICML 2014); "next" follows one of four random orders, so that after a gap no bin lends to all.

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
SCHEME = "word5-oph512-rotated4-8bit-64x8-v2"  # changes with any change of this file, of shingles.py or notice.py

_CLASSES = 4  # of bins that borrow in the same order
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

    The bound is four standard deviations below, as if only three quarters of the bins that are not borrowed counted:
    a true pair is missed less than three times in 10^5. (Measured, the variance is that of 1.1 to 4.7 times as many.)
    """
    draws = 0.75 * np.minimum(filled, other_filled)
    least = threshold - 4 * np.sqrt(threshold * (1 - threshold) / draws)
    return np.asarray(np.count_nonzero(one == other, axis=1) >= least * BINS)


def _densify(lowest: Signatures, filled: npt.NDArray[np.bool_]) -> Signatures:
    """Give each empty bin the byte of the next filled one in the order of its class; a filled bin is its own next."""
    sparse = np.flatnonzero(~filled.all(axis=1))
    own, own_filled = lowest[sparse], filled[sparse]
    dense = own.copy()
    for class_, order in enumerate(_orders()):
        place = np.where(own_filled[:, order], np.arange(BINS, dtype=np.int16), np.int16(BINS))  # [sparse, BINS]
        following = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]  # the next filled place; BINS at the end
        members = np.flatnonzero(order % _CLASSES == class_)
        chosen = following[:, members]
        source = order[np.where(chosen == BINS, following[:, :1], chosen)]  # [sparse, BINS / _CLASSES]
        dense[:, order[members]] = np.take_along_axis(own, source, axis=1)
    result = lowest.copy()
    result[sparse] = dense
    return result


@cache
def _orders() -> npt.NDArray[np.int64]:
    """A random order of the bins for each class [_CLASSES, BINS]. SFC64's raw stream is the same in every NumPy."""
    draws = np.random.SFC64(BINS).random_raw(_CLASSES * BINS).reshape(_CLASSES, BINS)
    return np.argsort(draws, axis=1, kind="stable")
