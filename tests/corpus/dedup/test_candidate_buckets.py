"""Buckets: all pairs of small ones, a bounded number per document of large ones."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.dedup.candidates import REACHES, bucket_pairs, likely, pack, unpack, without
from midspan.corpus.dedup.signatures import BINS


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 5), st.randoms(use_true_random=False))
def test_each_document_meets_the_best_few_of_its_bucket(keys: list[int], reach: int, random: object) -> None:
    ranks = list(range(len(keys)))
    random.shuffle(ranks)  # type: ignore[attr-defined]
    better, worse = bucket_pairs(np.array(keys, np.uint64), np.array(ranks, np.int64), reach)
    expected = set()
    for key in set(keys):
        bucket = sorted((index for index in range(len(keys)) if keys[index] == key), key=lambda index: ranks[index])
        expected |= {(best, other) for place, best in enumerate(bucket[:reach]) for other in bucket[place + 1 :]}
    assert sorted(zip(better.tolist(), worse.tolist(), strict=True)) == sorted(expected)


def test_a_bucket_of_20000_documents_costs_no_more_per_document_than_a_small_one() -> None:
    """E2, text-dedup: all-pairs self-join inside each bucket: 2 x 10^8 pairs here, quadratic on boilerplate."""
    count = 20_000
    ranks = np.random.default_rng(0).permutation(count)
    begun = time.perf_counter()
    for reach in REACHES:
        better, _ = bucket_pairs(np.zeros(count, np.uint64), ranks, reach)
        assert len(better) <= reach * count
    assert time.perf_counter() - begun < 5


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), min_size=1))
def test_packed_pairs_come_back_and_sort_by_the_better(pairs: list[tuple[int, int]]) -> None:
    better, worse = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
    packed = pack(better, worse)
    assert list(zip(*(side.tolist() for side in unpack(np.sort(packed))), strict=True)) == sorted(pairs)
    assert len(without(packed, packed[:1])) == len(set(pairs)) - 1


def test_pairs_whose_signatures_differ_too_much_are_not_compared() -> None:
    signed = np.zeros((3, BINS), np.uint8)
    signed[1, : BINS // 10] = 1  # agrees with 0 in nine tenths
    signed[2, : BINS // 2] = 2  # in half
    pairs = pack(np.array([0, 0]), np.array([1, 2]))
    left = likely(pairs, lambda documents: (signed[documents], np.full(len(documents), BINS)), 0.7)
    assert [side.tolist() for side in unpack(left)] == [[0], [1]]
