"""Random numbers that depend on what they are for, never on when they are drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

Choice = TypeVar("Choice", bound=str)
ROUNDS = 8  # of the Feistel network; four suffice for large counts (Luby and Rackoff 1988), small ones need more


def generator(*key: int | str) -> np.random.Generator:
    """A generator whose stream is a pure function of `key`, such as (seed, stage, epoch, sample)."""
    return np.random.Generator(np.random.Philox(key=int.from_bytes(_digest(*key), "little")))


def drawn(weights: Mapping[Choice, float], draw: np.random.Generator) -> Choice:
    """One of the names, by its weight."""
    places = np.cumsum(list(weights.values()))
    return list(weights)[int(np.searchsorted(places, draw.random() * places[-1], side="right"))]


def shuffled(k: int, count: int, seed: int, stage: str) -> tuple[int, int]:
    """(epoch, index) of the k-th draw from `count` things, each once an epoch, in a new order every epoch.

    A Feistel network permutes the numbers below a power of four; from a number that is not below `count` it walks on
    to the next (Black and Rogaway 2002, "Ciphers with Arbitrary Finite Domains"). No order is ever held in memory.
    """
    epoch, index = divmod(k, count)
    key = _digest(seed, stage, "order", epoch)
    bits = max(1, ((count - 1).bit_length() + 1) // 2)  # of each half; at most four times as many numbers as needed
    index = _permuted(index, bits, key)
    while index >= count:
        index = _permuted(index, bits, key)
    return epoch, index


def _permuted(number: int, bits: int, key: bytes) -> int:
    mask = (1 << bits) - 1
    number += int.from_bytes(key, "little")  # Feistel networks give even permutations only, a sum gives odd ones too
    left, right = number >> bits & mask, number & mask
    for turn in range(ROUNDS):
        drawn = hashlib.blake2b(b"%d %d" % (turn, right), digest_size=8, key=key).digest()
        left, right = right, left ^ int.from_bytes(drawn, "little") & mask
    return left << bits | right


def _digest(*key: int | str) -> bytes:
    return hashlib.blake2b(repr(key).encode(), digest_size=16).digest()
