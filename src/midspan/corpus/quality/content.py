"""Signals of encoded data, comments and strings. Shares are of characters."""

from __future__ import annotations

import re

from midspan.corpus.quality.text import Text
from midspan.corpus.scripts import spaced


def longest_encoded_run(text: Text) -> float:
    """Characters of the longest run of encoded data (StarCoder2)."""
    return max(max(lengths, default=0) for lengths in text.encoded_runs)


def encoded_share(text: Text) -> float:
    """The largest share that the runs of one pattern take (StarCoder2)."""
    return max(map(sum, text.encoded_runs)) / max(len(text.text), 1)


def comment_share(text: Text) -> float | None:
    """Share of the characters that are comments and documentation; None if not measurable.

    The licence at the head is left out of both, as OpenCoder does: a small file is not to be dropped for it.
    """
    if text.comments is None:
        return None
    licence = text.comments.licence
    return (text.comments.characters - licence) / max(len(text.text.strip()) - licence, 1)


def plain_comment_share(text: Text) -> float | None:
    """The same of what is no documentation, as of an interface or of a function with its examples; 1 if that is all."""
    if text.comments is None or not text.comments.documentation:
        return comment_share(text)
    aside = text.comments.licence + text.comments.documentation
    rest = len(text.text.strip()) - aside
    return (text.comments.characters - aside) / rest if rest > 0 else 1.0


def string_share(text: Text) -> float | None:
    """Share of the characters that are in strings, documentation aside (OpenCoder); None if not measurable."""
    if text.strings is None:
        return None
    return sum(map(len, text.strings)) / max(len(text.text), 1)


def long_word_string_share(text: Text) -> float | None:
    """Share of the characters that are words of more than 20 characters in strings (OpenCoder)."""
    if text.strings is None:
        return None
    words = (word for one in text.strings for word in _LONG_WORD.findall(one))
    return sum(map(len, words)) / max(len(text.text), 1)


def wordy_string_lines(text: Text) -> float | None:
    """Strings of more than 20 words, for each line (OpenCoder)."""
    if text.strings is None:
        return None
    return sum(len(spaced(one).split()) > 20 for one in text.strings) / len(text.lines)


_LONG_WORD = re.compile(r"\w{21,}")
