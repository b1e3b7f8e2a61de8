"""A text as the set of its byte 4-grams, hashed into 2^18 buckets: all languages and scripts alike, at 100 MB/s.

The hashing trick: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", arXiv 0902.2206. Presence
instead of counts, and rows of length one, so that long texts do not weigh more than short ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

GRAM = 4  # bytes; 5 and words with their neighbours are no better (docs/results/corpus-scorer.md)
BUCKET_BITS = 18
BUCKETS = 1 << BUCKET_BITS
VIEW = 1 << 16  # bytes from the beginning of a text that are looked at
Buckets = npt.NDArray[np.int64]


def buckets_of(text: str) -> Buckets:
    """The buckets of a text's 4-grams, ascending and each once; none for a text of fewer bytes."""
    encoded = text[:VIEW].encode()[:VIEW]
    data = np.frombuffer(encoded, np.uint8)
    count = len(data) - GRAM + 1
    if count <= 0:
        return np.empty(0, np.int64)
    hashes = np.zeros(count, np.uint32)
    for place in range(GRAM):  # the four bytes as one number
        hashes <<= np.uint32(8)
        hashes |= data[place : place + count]
    hashes ^= hashes >> np.uint32(16)  # the finaliser of MurmurHash3: github.com/aappleby/smhasher, public domain
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    ordered = np.sort(hashes >> np.uint32(32 - BUCKET_BITS))
    new = np.ones(count, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new].astype(np.int64)
