"""Signals of prose and of repetition: Gopher (Rae et al. 2021, arXiv 2112.11446, table A1), which OpenCoder took over.

Words are what white space separates; shares of repetition are of the characters of the words. In scripts without
spaces (scripts.py) each character stands for a part of a word: two of them count as one, runs of words are runs of
twice as many characters, and the length of words is not measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from midspan.corpus.quality.text import Text
from midspan.corpus.scripts import CHARACTERS_OF_A_WORD, has_unspaced

_STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))
_BULLETS = ("-", "*", "•", "‣", "●", "·", "–")


def prose_words(text: Text) -> float:
    return len(text.prose_words) - text.unspaced + text.unspaced / CHARACTERS_OF_A_WORD


def mean_prose_word(text: Text) -> float | None:
    """Letters of a word, on average; of Korean, a syllable has two. None for scripts without spaces."""
    if _mostly_unspaced(text):
        return None
    words = [word for word in text.prose_words if not has_unspaced(word)] if text.unspaced else text.prose_words
    letters = sum(map(len, words))
    if not text.text.isascii():
        letters += len(_KOREAN.findall(text.text))
    return letters / len(words) if words else 0.0


_KOREAN = re.compile("[\uac00-\ud7a3]")


def symbols_per_word(text: Text) -> float:
    """Hash signs and ellipses for each word."""
    found = text.text.count("#") + text.text.count("...") + text.text.count("…")
    return found / max(prose_words(text), 1)


def bullet_lines(text: Text) -> float:
    return _share_of_lines(text, lambda line: line.startswith(_BULLETS))


def ellipsis_lines(text: Text) -> float:
    return _share_of_lines(text, lambda line: line.endswith(("...", "…")))


def alphabetic_words(text: Text) -> float:
    """Share of the words that have a letter."""
    words = text.prose_words
    return sum(any(map(str.isalpha, word)) for word in words) / len(words) if words else 0.0


def stop_words(text: Text) -> float:
    """How many of eight common English words occur."""
    return len(_STOP_WORDS.intersection(text.text.lower().split()))


def duplicate_line_characters(text: Text) -> float:
    """Share of the characters that are in lines which repeat an earlier one."""
    return _repeated_characters(text.stripped_lines)


def duplicate_paragraphs(text: Text) -> float:
    """Share of the paragraphs that repeat an earlier one."""
    paragraphs = _paragraphs(text)
    return 1 - len(set(paragraphs)) / len(paragraphs) if paragraphs else 0.0


def duplicate_paragraph_characters(text: Text) -> float:
    return _repeated_characters(_paragraphs(text))


def top_ngram_share(text: Text, size: int) -> float:
    """Share of the characters that the most frequent run of `size` words takes; 0 if none occurs twice."""
    words = text.prose_words
    grams, lengths = _ngrams(words, _run_length(text, size))
    if len(grams) == 0:
        return 0.0
    _, first, counts = np.unique(grams, return_index=True, return_counts=True)
    best = counts.max()
    if best < 2:
        return 0.0
    longest = lengths[first[counts == best]].max()
    return float(best * longest) / sum(map(len, words))


def duplicate_ngram_share(text: Text, size: int) -> float:
    """Share of the characters that are in a run of `size` words which occurs elsewhere too, each counted once."""
    words, size = text.prose_words, _run_length(text, size)
    grams, _ = _ngrams(words, size)
    if len(grams) == 0:
        return 0.0
    _, inverse, counts = np.unique(grams, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(counts[inverse] > 1)  # [runs that occur twice or more]
    covered = np.zeros(len(words), bool)
    for offset in range(size):
        covered[repeated + offset] = True
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    return float(lengths[covered].sum() / lengths.sum())


def _mostly_unspaced(text: Text) -> bool:
    return 2 * text.unspaced > len(text.prose_words)


def _run_length(text: Text, words: int) -> int:
    return words * CHARACTERS_OF_A_WORD if _mostly_unspaced(text) else words


def _ngrams(words: list[str], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A number for each run of `size` words, the same for the same run, and its characters. # [words - size + 1] each

    Exact: the runs of two words are numbered, then those of two such numbers, and so on; no hash can collide.
    """
    count = len(words) - size + 1
    if count <= 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    numbers: dict[str, int] = {}
    single = np.fromiter((numbers.setdefault(word, len(numbers)) for word in words), np.int64, len(words))
    grams = single
    for offset in range(1, size):
        pairs = grams[:-1] * len(words) + single[offset:]  # both below the number of words: below 2^63 for 3e9 words
        grams = np.unique(pairs, return_inverse=True)[1]
    ends = np.concatenate([[0], np.cumsum(np.fromiter(map(len, words), np.int64, len(words)))])
    return grams, ends[size:] - ends[:-size]


def _repeated_characters(parts: list[str]) -> float:
    total = sum(map(len, parts))
    return 1 - sum(map(len, set(parts))) / total if total else 0.0


def _paragraphs(text: Text) -> list[str]:
    return [part for part in map(str.strip, text.text.split("\n\n")) if part]


def _share_of_lines(text: Text, holds: Callable[[str], bool]) -> float:
    return sum(map(holds, text.stripped_lines)) / len(text.stripped_lines) if text.stripped_lines else 0.0
