"""A text as the set of its word 5-grams, each a 64-bit hash: what two documents have in common is counted on these.

A word is a run of ASCII letters (case aside), digits, underscores and of characters beyond ASCII; everything else parts
words, as in `re.sub("[^a-z0-9_]+", " ", text.lower())` of StarCoder's deduplication. Characters beyond ASCII are kept
because otherwise two texts in Chinese would be judged by the little English in them alone; in a script that is written
without spaces each of them is a word, and its punctuation parts words (scripts.py). What may be spelled in two ways,
an é with its accent apart, is one (Unicode Standard Annex 15, form C).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from midspan.corpus.scripts import has_unspaced, spaced

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
Text = str | bytes  # bytes are UTF-8
Number = TypeVar("Number", np.uint64, np.int64)

SHINGLE_WORDS = 5
FEW_SHINGLES = 50  # texts of fewer are all imports, settings, lists: they resemble each other by their kind
NEARLY_EQUAL = 0.9  # what such texts must have in common to be near-copies: all but a few words at either end
BATCH_BYTES = 1 << 19  # of text: the arrays of a batch stay in the processor's cache, and malloc keeps their memory
BATCH_DOCUMENTS = 256
_CHUNKED_BYTES = 64  # longer words (encoded data) are hashed one by one
_NORMALISED = bytes(
    ord(chr(byte).lower())
    if chr(byte).isascii() and (chr(byte).isalnum() or byte == ord("_"))
    else byte & -(byte > 127)
    for byte in range(256)
)  # what parts words becomes 0
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(9)], dtype=np.uint64)  # of the first `length` bytes


def shingle_hashes(texts: Sequence[Text], seed: int = 0) -> tuple[Hashes, Indices]:
    """Hashes of all word 5-grams in order: `hashes` [shingles], of text i those at offsets[i] : offsets[i + 1]."""
    encoded = list(map(_encoded, texts))
    buffer = b"\0".join([b"", *encoded, bytes(8)]).translate(_NORMALISED)
    in_word = np.frombuffer(buffer, np.uint8) != 0
    edges = np.flatnonzero(in_word[1:] != in_word[:-1]) + 1
    words = _word_hashes(buffer, edges[0::2], edges[1::2], seed)  # [words]
    text_ends = np.cumsum([len(one) + 1 for one in encoded])
    last = np.searchsorted(edges[0::2], text_ends)  # [texts]: where the words of each text end
    counts = np.maximum(np.diff(last, prepend=0) - (SHINGLE_WORDS - 1), 0)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    if len(words) < SHINGLE_WORDS:
        return np.empty(0, np.uint64), offsets
    inside = np.ones(len(words), np.bool_)  # is the shingle that starts at a word within one text?
    for back in range(1, SHINGLE_WORDS):
        inside[last[last >= back] - back] = False
    return _combine(words, seed)[inside[: len(words) - SHINGLE_WORDS + 1]], offsets


def _encoded(text: Text) -> bytes:
    if text.isascii():
        return text if isinstance(text, bytes) else text.encode()
    decoded = text.decode("utf-8", "surrogatepass") if isinstance(text, bytes) else text
    if isinstance(text, bytes) and not has_unspaced(decoded) and unicodedata.is_normalized("NFC", decoded):
        return text
    return spaced(unicodedata.normalize("NFC", decoded)).encode("utf-8", "surrogatepass")


def shingle_sets(texts: Sequence[Text], seed: int = 0) -> Iterator[Hashes]:
    """The distinct shingles of each text, ascending."""
    for batch in batches(texts):
        hashes, offsets = shingle_hashes(batch, seed)
        for start, end in pairwise(offsets):
            yield distinct(hashes[start:end])


def distinct(numbers: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The distinct numbers, ascending: `np.unique`, which since NumPy 2.3 hashes, and takes many times as long."""
    ordered = np.sort(numbers)
    new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


def jaccard(one: Hashes, other: Hashes) -> float:
    """|A ∩ B| / |A ∪ B| of two ascending sets; 0 for two empty ones."""
    together = np.sort(np.concatenate([one, other]))
    common = int(np.count_nonzero(together[1:] == together[:-1]))
    return common / (len(together) - common) if len(together) else 0.0


def jaccards(sets: Mapping[int, Hashes], better: Indices, worse: Indices) -> npt.NDArray[np.float64]:
    """The Jaccard similarity of each pair of (not empty) ascending sets [pairs]; `better` ascending, for speed."""
    found = np.empty(len(better))
    starts = np.flatnonzero(np.diff(better, prepend=-1))
    for start, end in pairwise([*starts.tolist(), len(better)]):
        centre = sets[int(better[start])]
        others = [sets[index] for index in worse[start:end].tolist()]
        if len(others) == 1:
            found[start] = jaccard(centre, others[0])
            continue
        sizes = np.array([len(other) for other in others])
        together = np.concatenate(others)
        place = np.minimum(np.searchsorted(centre, together), len(centre) - 1)
        equal = centre[place] == together
        common = np.add.reduceat(equal, np.cumsum(sizes) - sizes, dtype=np.int64)
        found[start:end] = common / (sizes + len(centre) - common)
    return found


def similarities(sets: Mapping[int, Hashes], better: Indices, worse: Indices) -> npt.NDArray[np.float64]:
    """The Jaccard similarity of each pair [pairs], 0 for texts of FEW_SHINGLES that are not NEARLY_EQUAL."""
    found = jaccards(sets, better, worse)
    sizes = {index: len(sets[index]) for index in {*better.tolist(), *worse.tolist()}}
    few = [
        min(sizes[one], sizes[other]) < FEW_SHINGLES for one, other in zip(better.tolist(), worse.tolist(), strict=True)
    ]
    found[np.array(few, np.bool_) & (found < NEARLY_EQUAL)] = 0.0
    return found


def batches(texts: Sequence[Text]) -> Iterator[Sequence[Text]]:
    """Runs of `texts` of about BATCH_BYTES and at most BATCH_DOCUMENTS; a longer text is a batch of its own."""
    start, size = 0, 0
    for index, text in enumerate(texts):
        if index > start and (size + len(text) > BATCH_BYTES or index - start == BATCH_DOCUMENTS):
            yield texts[start:index]
            start, size = index, 0
        size += len(text)
    if start < len(texts):
        yield texts[start:]


def _word_hashes(buffer: bytes, starts: Indices, ends: Indices, seed: int) -> Hashes:
    """A hash of each word, eight bytes at a time; words of up to eight bytes never share one."""
    multiplier = constants(seed)[0]
    eight = np.ndarray((max(len(buffer) - 7, 0),), "<u8", buffer, strides=(1,))  # the eight bytes from each place on
    length = ends - starts
    hashes: Hashes = eight[starts] & _MASKS[np.minimum(length, 8)]
    _mix(hashes, multiplier)
    longer = np.flatnonzero(length > 8)
    for done in range(8, _CHUNKED_BYTES, 8):
        if not len(longer):
            break
        more = hashes[longer] ^ (eight[starts[longer] + done] & _MASKS[np.minimum(length[longer] - done, 8)])
        _mix(more, multiplier)
        hashes[longer] = more
        longer = longer[length[longer] > done + 8]
    for index in longer:
        digest = hashlib.blake2b(buffer[starts[index] : ends[index]], digest_size=8).digest()
        hashes[index] ^= np.uint64(int.from_bytes(digest, "little"))
    return hashes


def _combine(words: Hashes, seed: int) -> Hashes:
    """A hash of each run of five words: a polynomial of their hashes modulo 2^64, mixed."""
    _, once, twice, last = constants(seed)
    two = words[:-1] * once
    two += words[1:]
    four = two[:-2] * twice
    four += two[2:]
    five: Hashes = four[:-1] * once
    five += words[4:]
    _mix(five, last)
    return five


def _mix(hashes: Hashes, multiplier: np.uint64) -> None:
    """Spread every bit over all others, in place (the steps of MurmurHash3's finaliser); no two hashes become one."""
    hashes ^= hashes >> np.uint64(33)
    hashes *= multiplier
    hashes ^= hashes >> np.uint64(29)
    hashes *= _GOLDEN
    hashes ^= hashes >> np.uint64(32)


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@cache
def constants(seed: int) -> tuple[np.uint64, ...]:
    """Four odd 64-bit numbers that depend on `seed` alone."""
    digest = hashlib.blake2b(f"midspan shingles {seed}".encode(), digest_size=32).digest()
    return tuple(np.uint64(number | 1) for number in np.frombuffer(digest, "<u8"))
