"""A licence text as words: what is compared when layout, case, numbering and spelling are not to matter."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

GRAM_WORDS = 5
SENTENCE_END = "."
_WORD = re.compile(r"[A-Za-z0-9]+|[.!?](?=\s|$)|\n[ \t]*\n")
_JOINED = re.compile(r"non[- ]infringement|sub[- ]license|royalty[- ]free", re.IGNORECASE)
_ADDRESS = re.compile(r"\S*[/@\\_]\S*|\S+\.\w{2,4}(?=[\s,;)]|$)|\S*\.\S+\.\S*")  # web, mail and file names
_SPELLING = {"licence": "license", "licences": "licenses", "licenced": "licensed"}
_NOT_COMPARED = frozenset({"http", "https", "www", "ii", "iii", "iv"})


def words_of(text: str) -> list[str]:
    """The words and numbers of `text` in lower case, spelt the American way as licences are, and its sentence ends."""
    words = (word.lower() if word[0].isalnum() else SENTENCE_END for word in _WORD.findall(_joined(text)))
    return [_SPELLING.get(word, word) for word in words]


def running_words(text: str) -> list[bool]:
    """Which of `words_of(text)` stand in running prose: written in lower case, and in no address or file name."""
    joined = _joined(text)
    addresses = [found.span() for found in _ADDRESS.finditer(joined)]
    running = []
    for word in _WORD.finditer(joined):
        while addresses and addresses[0][1] <= word.start():
            addresses.pop(0)
        inside = bool(addresses) and addresses[0][0] <= word.start()
        running.append(word.group()[0].islower() and not inside)
    return running


def _joined(text: str) -> str:
    return _JOINED.sub(lambda found: found.group().replace("-", "").replace(" ", ""), text)


def is_compared(word: str) -> bool:
    """Whether a word counts in a comparison: single letters and numbers are mostly list marks."""
    return len(word) > 1 and not word.isdigit() and word not in _NOT_COMPARED


def grams_of(words: Sequence[str]) -> npt.NDArray[np.uint32]:
    """The CRC-32 of each run of GRAM_WORDS words: [len(words) - GRAM_WORDS + 1]."""
    runs = (" ".join(words[start : start + GRAM_WORDS]) for start in range(len(words) - GRAM_WORDS + 1))
    return np.fromiter((zlib.crc32(run.encode()) for run in runs), np.uint32)
