"""Signatures: agreement estimates similarity, bands find what they promise, for long and for short documents."""

from __future__ import annotations

import numpy as np
import pytest

from midspan.corpus.dedup.shingles import Hashes
from midspan.corpus.dedup.signatures import BANDS, BINS, MIN_SHINGLES, ROWS, band_keys, may_reach, signatures


def random_pairs(pairs: int, size: int, similarity: float) -> tuple[Hashes, Hashes, float]:
    """Pairs of random sets of `size` hashes each with about this similarity: [pairs, size] twice, and the exact one."""
    common = round(2 * size * similarity / (1 + similarity))
    draw = np.random.default_rng(size)
    shared = draw.integers(0, 2**64, (pairs, common), np.uint64)
    one, other = (np.hstack([shared, draw.integers(0, 2**64, (pairs, size - common), np.uint64)]) for _ in range(2))
    return one, other, common / (2 * size - common)


def signed(sets: Hashes) -> tuple[np.ndarray, np.ndarray]:
    return signatures(sets.ravel(), np.arange(len(sets) + 1) * sets.shape[1])


@pytest.mark.parametrize("size", [MIN_SHINGLES, 20, 100, 700, 5000])
@pytest.mark.parametrize("similarity", [0.0, 0.3, 0.7, 0.95])
def test_signatures_agree_in_the_share_of_bytes_that_is_the_similarity(size: int, similarity: float) -> None:
    pairs = 40_000 // max(size, 100)
    one, other, exact = random_pairs(pairs, size, similarity)
    agreement = (signed(one)[0] == signed(other)[0]).mean(axis=1)
    expected = exact + (1 - exact) / 256  # two bytes may be equal by chance
    draws = 0.8 * min(size, BINS) * pairs
    assert abs(agreement.mean() - expected) < 4.5 * np.sqrt(expected * (1 - expected) / draws) + 1e-9


@pytest.mark.parametrize(("size", "least"), [(12, 0.9), (40, 0.93), (200, 0.95), (3000, 0.96)])
def test_pairs_at_the_threshold_share_a_band_at_any_size_of_document(size: int, least: float) -> None:
    """The formula promises 0.978 at J 0.7; StarCoder's 25 bands of 10 rows find 0.51."""
    one, other, exact = random_pairs(300, size, 0.72 if size < 20 else 0.701)
    assert 0.7 <= exact < 0.75
    met = (band_keys(signed(one)[0]) == band_keys(signed(other)[0])).any(axis=1)
    assert met.mean() >= least


def test_dissimilar_documents_seldom_share_a_band() -> None:
    one, other, exact = random_pairs(2000, 600, 0.3)
    met = (band_keys(signed(one)[0]) == band_keys(signed(other)[0])).any(axis=1)
    assert met.mean() < 3 * (1 - (1 - exact**ROWS) ** BANDS)


@pytest.mark.parametrize("size", [MIN_SHINGLES, 12, 40, 300, 3000])
def test_the_glance_at_signatures_lets_every_true_pair_pass_and_few_distant_ones(size: int) -> None:
    one, other, exact = random_pairs(6_000 // size + 300, size, 0.72)
    assert exact >= 0.7
    (a, filled_a), (b, filled_b) = signed(one), signed(other)
    assert may_reach(0.7, a, b, filled_a, filled_b).all()
    if size >= 300:
        far, away, _ = random_pairs(1000, size, 0.4)
        (a, filled_a), (b, filled_b) = signed(far), signed(away)
        assert may_reach(0.7, a, b, filled_a, filled_b).mean() < 0.05


def test_a_signature_depends_on_the_set_alone_not_on_order_repetition_or_neighbours() -> None:
    draw = np.random.default_rng(0)
    own = draw.integers(0, 2**64, 50, np.uint64)
    alone, filled = signatures(own, np.array([0, 50]))
    shuffled = np.concatenate([draw.permutation(own), own[:7]])
    neighbour = draw.integers(0, 2**64, 999, np.uint64)
    among, _ = signatures(np.concatenate([neighbour, shuffled, neighbour]), np.array([0, 999, 1056, 2055]))
    assert (among[1] == alone[0]).all()
    assert filled[0] == len(np.unique(own >> np.uint64(55)))


def test_one_shingle_fills_all_bins() -> None:
    alone, filled = signatures(np.array([12345], np.uint64), np.array([0, 1]))
    assert filled.tolist() == [1]
    assert (alone == 12345 & 0xFF).all()
