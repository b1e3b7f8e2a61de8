"""A licence text as words: what is compared when layout, case, numbering and spelling are not to matter."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

GRAM_WORDS = 5
SENTENCE_END = "."
_WORD = re.compile(r"[a-z0-9]+|[.!?](?=\s|$)|\n[ \t]*\n")
_JOINED = re.compile(r"non[- ]infringement|sub[- ]license|royalty[- ]free")
_SPELLING = {"licence": "license", "licences": "licenses", "licenced": "licensed"}
_NOT_COMPARED = frozenset({"http", "https", "www", "ii", "iii", "iv"})


def words_of(text: str) -> list[str]:
    """The words and numbers of `text` in lower case, spelt the American way as licences are, and its sentence ends."""
    joined = _JOINED.sub(lambda found: found.group().replace("-", "").replace(" ", ""), text.lower())
    found = _WORD.findall(joined)
    return [_SPELLING.get(word, word) if word.isalnum() else SENTENCE_END for word in found]


def is_compared(word: str) -> bool:
    """Whether a word counts in a comparison: single letters and numbers are mostly list marks."""
    return len(word) > 1 and not word.isdigit() and word not in _NOT_COMPARED


def grams_of(words: Sequence[str]) -> npt.NDArray[np.uint32]:
    """The CRC-32 of each run of GRAM_WORDS words: [len(words) - GRAM_WORDS + 1]."""
    runs = (" ".join(words[start : start + GRAM_WORDS]) for start in range(len(words) - GRAM_WORDS + 1))
    return np.fromiter((zlib.crc32(run.encode()) for run in runs), np.uint32)
