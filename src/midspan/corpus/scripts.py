"""Scripts written without spaces: Chinese, Japanese, Thai, Lao, Khmer, Burmese. Each character is a word there.

A whole paragraph would be one word otherwise: prose would have overlong words, and copies nothing in common. Korean,
Arabic and Hindi have spaces. A character is a letter with the marks above and below it. About two of them are what
English says in a word.
"""

from __future__ import annotations

import re

CHARACTERS_OF_A_WORD = 2

_THAI_LAO, _MYANMAR, _KHMER = "\u0e01-\u0e5b\u0e81-\u0edf", "\u1000-\u109f\ua9e0-\ua9fe\uaa60-\uaa7f", "\u1780-\u17f9"
_TAI = "\u1950-\u1974\u1980-\u19df\u1a20-\u1aad"
_KANA = "\u3041-\u30fa\u30fc-\u30ff\u3100-\u312f\u31a0-\u31ff\uff66-\uff9f"
_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS = f"{_THAI_LAO}{_MYANMAR}{_KHMER}{_TAI}{_KANA}{_HAN}"
_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u17b4-\u17d3\u17dd\u3099\u309a\ufe00-\ufe0f"
    "\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d"
)
_PUNCTUATION = (
    "\u0e2f\u0e5a\u0e5b\u104a-\u104f\u17d4-\u17da\u2010-\u2027\u2030-\u205e\u3000-\u3003\u3008-\u3011\u3014-\u3020\u3030"
    "\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_CHARACTER = re.compile(f"(?![{_PUNCTUATION}])[{_LETTERS}][{_MARKS}]*")
_LETTER = re.compile(f"[{_LETTERS}]")
_RUN = re.compile(f"[{_LETTERS}{_MARKS}{_PUNCTUATION}]+")


def spaced(text: str) -> str:
    """`text` with spaces around each character of these scripts, and in the place of the punctuation between them."""
    return _RUN.sub(_apart, text) if has_unspaced(text) else text


def unspaced_characters(text: str) -> int:
    """How many characters of these scripts there are."""
    return len(_CHARACTER.findall(text)) if has_unspaced(text) else 0


def has_unspaced(text: str) -> bool:
    """Whether a character of these scripts occurs."""
    return not text.isascii() and _LETTER.search(text) is not None


def _apart(run: re.Match[str]) -> str:
    characters = _CHARACTER.findall(run.group())
    return f" {' '.join(characters)} " if characters else run.group()
