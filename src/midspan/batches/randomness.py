"""Random numbers that depend on what they are for, never on when they are drawn."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def generator(*key: int | str) -> np.random.Generator:
    """A generator whose stream is a pure function of `key`, such as (seed, stage, epoch, sample)."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def shuffled(k: int, count: int, seed: int, stage: str) -> tuple[int, int]:
    """(epoch, index) of the k-th draw from `count` things, each once an epoch, in a new order every epoch."""
    epoch, place = divmod(k, count)
    return epoch, int(_permutation(count, seed, stage, epoch)[place])


@lru_cache(maxsize=4)
def _permutation(count: int, seed: int, stage: str, epoch: int) -> NDArray[np.int64]:
    return generator(seed, stage, "order", epoch).permutation(count)
