"""Near-duplicates among texts that fit in memory; `near` does the same through files, with the same answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from midspan.corpus.dedup.candidates import REACHES, THRESHOLD, bucket_pairs, likely, pack, unpack, without
from midspan.corpus.dedup.keep import greedy_keep
from midspan.corpus.dedup.notice import compared
from midspan.corpus.dedup.shingles import Hashes, Indices, distinct, shingle_sets, similarities
from midspan.corpus.dedup.signature_files import Signed, sign_texts
from midspan.corpus.dedup.signatures import BANDS, Signatures, band_keys


def near_duplicates(
    texts: Sequence[str], priorities: Sequence[tuple[Any, ...]], threshold: float = THRESHOLD, seed: int = 0
) -> list[int | None]:
    """For each text the index of the kept text that it is a near-copy of, or None if it is kept itself.

    `priorities` are compared as tuples, the smallest is kept first; equal ones count in the order given. Every dropped
    text has a Jaccard similarity of `threshold` or more, on word 5-grams and without the leading notices, to a kept one
    of better priority; NEARLY_EQUAL or more where one of the two has FEW_SHINGLES. Texts of fewer than MIN_SHINGLES
    5-grams are dropped only as exact copies.
    """
    assert len(texts) == len(priorities)
    order = sorted(range(len(texts)), key=lambda index: (priorities[index], index))
    ranks = np.empty(len(texts), np.int64)
    ranks[order] = np.arange(len(texts))
    signed = sign_texts(texts, seed)
    documents, keys = signed.texts, band_keys(signed.signatures)
    copies = pack(*_equal_short_texts(texts, documents, order))
    seen, alike = np.empty(0, np.uint64), copies
    sets: dict[int, Hashes] = {}
    survivor = greedy_keep(*unpack(copies), ranks)
    reaches = iter(REACHES)
    reach = next(reaches)
    while True:
        remaining = survivor[documents] < 0
        shared = without(_sharing_a_band(keys[remaining], documents[remaining], ranks, reach), seen)
        fresh = likely(shared, partial(_gather, signed), threshold)
        if len(fresh):
            similar = _similarities(fresh, texts, sets, seed) >= threshold
            seen = np.concatenate([seen, fresh])
            alike = np.concatenate([alike, fresh[similar]])
            survivor = greedy_keep(*unpack(alike), ranks)
        elif reach == REACHES[-1]:
            return [int(kept) if kept >= 0 else None for kept in survivor]
        reach = next(reaches, reach)


def _sharing_a_band(keys: Hashes, documents: Indices, ranks: Indices, reach: int) -> Hashes:
    """The packed pairs of `documents` that share a band, once for each band."""
    pairs = []
    for band in range(BANDS):
        better, worse = bucket_pairs(keys[:, band], ranks[documents], reach)
        pairs.append(pack(documents[better], documents[worse]))
    return np.concatenate(pairs)


def _gather(signed: Signed, documents: Indices) -> tuple[Signatures, Indices]:
    places = np.searchsorted(signed.texts, documents)
    return signed.signatures[places], signed.filled[places]


def _similarities(pairs: Hashes, texts: Sequence[str], sets: dict[int, Hashes], seed: int) -> npt.NDArray[np.float64]:
    """The exact Jaccard similarity of each pair [pairs]; fills `sets` with the shingles of the texts concerned."""
    better, worse = unpack(pairs)
    absent = [int(index) for index in distinct(np.concatenate([better, worse])) if int(index) not in sets]
    sets.update(zip(absent, shingle_sets([compared(texts[index]) for index in absent], seed), strict=True))
    return similarities(sets, better, worse)


def _equal_short_texts(texts: Sequence[str], signed: Indices, order: Sequence[int]) -> tuple[Indices, Indices]:
    """Pairs (best, other) of equal texts among those without a signature."""
    first: dict[str, int] = {}
    signed_set = set(signed.tolist())
    pairs: Mapping[int, int] = {
        index: best
        for index in order
        if index not in signed_set and (best := first.setdefault(texts[index], index)) != index
    }
    return np.array(list(pairs.values()), np.int64), np.array(list(pairs), np.int64)
