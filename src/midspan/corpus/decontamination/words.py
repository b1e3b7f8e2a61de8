"""A text as the sequence of its words, each a 64-bit hash: what is compared, without white space, case or punctuation.

A word is a run of ASCII letters, digits and underscores, or of other characters than ASCII, or one character of a
script that is written without spaces (scripts.py). So a copy that was
re-indented, re-wrapped, put into comments, given tabs, CRLF or non-breaking spaces, or quoted in JSON has the same
words.
"""

from __future__ import annotations

import string
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from midspan.corpus.scripts import spaced

Hashes = NDArray[np.uint64]

_KEPT = string.ascii_letters.encode() + string.digits.encode() + b"_" + bytes(range(128, 256))
_WORD_BYTES = bytes(byte if byte in _KEPT else ord(" ") for byte in range(256)).lower()
_SPACES = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_INVISIBLE = "\xad\u200b\u200c\u200d\u2060\ufeff"
_ESCAPES = ("\\n", "\\t", "\\r")  # a copy inside a string literal or a JSON file

# The hash of a word w is Σ TABLE[w_i] · BASE^(i - start) mod 2^64, taken from prefix sums over a block of text at once.
_BLOCK: Final = 1 << 17  # bytes; the arrays of a block stay in the cache
_BASE: Final = 0x9E3779B97F4A7C15
_TABLE: Hashes = np.random.Generator(np.random.PCG64(20261123)).integers(0, 2**64, 256, dtype=np.uint64)
_POWERS: Hashes = np.multiply.accumulate(np.full(_BLOCK + 2, _BASE, dtype=np.uint64))
_INVERSE_POWERS: Hashes = np.multiply.accumulate(np.full(_BLOCK + 2, pow(_BASE, -1, 2**64), dtype=np.uint64))
_GRAM_BASE: Final = 0xD1B54A32D192ED03


def normalise(text: str) -> bytes:
    """The words of `text` in lower case, in UTF-8, apart by spaces."""
    if "\\" in text:
        for escape in _ESCAPES:
            text = text.replace(escape, "  ")
    if not text.isascii():
        for space in _SPACES:
            text = text.replace(space, " ")
        for character in _INVISIBLE:
            text = text.replace(character, "")
        text = spaced(text)
    return text.encode("utf-8", "surrogatepass").translate(_WORD_BYTES)


def word_hashes(normalised: bytes) -> Hashes:
    """The hash of each word of a normalised text: [words]."""
    blocks, start = [], 0
    while start < len(normalised):
        end = len(normalised)
        if end - start > _BLOCK:
            end = normalised.rfind(b" ", start, start + _BLOCK)
            end = start + _BLOCK if end <= start else end  # a word longer than a block is cut
        blocks.append(_hash_block(b" " + normalised[start:end] + b" "))
        start = end
    return np.concatenate(blocks) if blocks else np.empty(0, np.uint64)


def _hash_block(data: bytes) -> Hashes:
    codes = np.frombuffer(data, dtype=np.uint8)  # [bytes], a space at either end
    is_word = codes != ord(" ")
    edges = np.flatnonzero(is_word[1:] != is_word[:-1])  # the byte before each first and the last byte of each word
    before, last = edges[0::2], edges[1::2]
    sums = _TABLE.take(codes)
    sums *= _POWERS[: len(codes)]
    np.cumsum(sums, out=sums)
    hashes: Hashes = (sums.take(last) - sums.take(before)) * _INVERSE_POWERS.take(before)
    return hashes


def gram_hashes(words: Hashes, *sizes: int) -> list[Hashes]:
    """The hashes of each run of so many words, for each size: [max(0, words - size + 1)] each.

    Σ w_i · BASE^(size - 1 - (i - start)), taken from one array of prefix sums.
    """
    powers, inverse_powers = _gram_powers(1 << (len(words) + max(sizes)).bit_length())
    sums = np.zeros(len(words) + 1, np.uint64)
    np.cumsum(words * inverse_powers[: len(words)], out=sums[1:])
    counts = (max(0, len(words) - size + 1) for size in sizes)
    return [
        (sums[size : size + count] - sums[:count]) * powers[size - 1 : size - 1 + count]
        for size, count in zip(sizes, counts, strict=True)
    ]


def whole_hash(words: Hashes) -> np.uint64:
    """The hash of all `words`, that of gram_hashes for their number."""
    return np.uint64(gram_hashes(words, len(words))[0][0]) if len(words) else np.uint64(0)


@lru_cache(maxsize=32)
def _gram_powers(count: int) -> tuple[Hashes, Hashes]:
    """BASE^i and BASE^-i for i < count, a power of two."""
    powers, inverse = (np.full(count, base, dtype=np.uint64) for base in (_GRAM_BASE, pow(_GRAM_BASE, -1, 2**64)))
    powers[0] = inverse[0] = 1
    return np.multiply.accumulate(powers), np.multiply.accumulate(inverse)
