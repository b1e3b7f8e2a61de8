"""Which documents are worth comparing: those that share a band, without comparing all with all.

Comparing everything within a bucket of n documents costs n² (text-dedup's defect), and a licence header puts thousands
into one bucket. Instead each document is compared with the best of its bucket; its copies are dropped, and the
survivors are compared with a few more, up to REACHES[-1]. So a bucket costs at most a constant number of comparisons
per document, while a bucket with up to REACHES[-1] survivors ends as if all its pairs had been compared (see `keep`).
The pairs that a larger bucket of dissimilar documents leaves out are met in their other bands.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from midspan.corpus.dedup.shingles import Hashes, Indices, distinct
from midspan.corpus.dedup.signatures import Signatures, may_reach

THRESHOLD = 0.7  # of the Jaccard similarity, as StarCoder, StarCoder2 and Granite
REACHES = (1, 4, 16)  # with how many of the best of its bucket a document is compared, round by round
CHUNK_PAIRS = 200_000  # whose signatures are in memory at a time: at most 200 MB
_CACHED_PAIRS = 1024  # compared at a time: 1 MB


def bucket_pairs(keys: Hashes, ranks: Indices, reach: int) -> tuple[Indices, Indices]:
    """Pairs (better, worse) of indices: each document with the `reach` best-ranked ones of equal key.

    `keys` and `ranks` [documents]; ranks are distinct, a smaller one is better. At most documents x reach pairs.
    """
    order = np.lexsort((ranks, keys))
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(keys) else np.empty(0, int)
    sizes = np.diff(starts, append=len(keys))
    start = np.repeat(starts, sizes)  # [documents]: where the bucket of each begins
    place = np.arange(len(keys)) - start
    better, worse = [], []
    for nth in range(min(reach, int(sizes.max(initial=1)) - 1)):
        members = np.flatnonzero(place > nth)
        better.append(order[start[members] + nth])
        worse.append(order[members])
    if not better:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(better), np.concatenate(worse)


def likely(pairs: Hashes, gather: Callable[[Indices], tuple[Signatures, Indices]], threshold: float) -> Hashes:
    """The packed pairs whose signatures allow a Jaccard similarity of `threshold`.

    `gather` gives the signatures [documents, BINS] and filled bins [documents] of ascending document numbers. This
    makes boilerplate cheap: most documents of a large bucket resemble each other a little, and need not be read again.
    """
    found = [np.empty(0, np.uint64)]
    for start in range(0, len(pairs), CHUNK_PAIRS):
        chunk = pairs[start : start + CHUNK_PAIRS]
        documents = distinct(np.concatenate(unpack(chunk)))
        signed, filled = gather(documents)
        one, other = (np.searchsorted(documents, side) for side in unpack(chunk))
        for low in range(0, len(chunk), _CACHED_PAIRS):
            a, b = one[low : low + _CACHED_PAIRS], other[low : low + _CACHED_PAIRS]
            alike = may_reach(threshold, signed[a], signed[b], filled[a], filled[b])
            found.append(chunk[low : low + _CACHED_PAIRS][alike])
    return np.concatenate(found)


def pack(better: Indices, worse: Indices) -> Hashes:
    """Each pair of document numbers below 2^32 as one number, that sorts by `better` first."""
    return (better.astype(np.uint64) << np.uint64(32)) | worse.astype(np.uint64)


def unpack(pairs: Hashes) -> tuple[Indices, Indices]:
    """The pairs that `pack` packed."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def without(pairs: Hashes, seen: Hashes) -> Hashes:
    """The distinct pairs that are not in `seen`, ascending; both may be in any order."""
    pairs, seen = distinct(pairs), np.sort(seen)
    place = np.searchsorted(seen, pairs)
    known = (place < len(seen)) & (np.append(seen, np.uint64(0))[place] == pairs)
    return np.asarray(pairs[~known])
