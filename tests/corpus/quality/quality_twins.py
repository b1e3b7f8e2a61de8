"""The signals again, character by character and with nothing shared: what the fast ones must equal."""

from __future__ import annotations

import re
from collections import Counter

from midspan.corpus.scripts import spaced

SPACE_KEPT = "\t\n\r\f\v\x1b"


def lines(text: str) -> list[str]:
    found, line = [], ""
    for character in text[:-1] if text.endswith("\n") else text:
        if character == "\n":
            found.append(line)
            line = ""
        else:
            line += character
    return [*found, line]


def inked_lines(text: str) -> list[str]:
    return [line.strip() for line in lines(text) if line.strip()]


def share(text: str, member: object) -> float:
    assert callable(member)
    return sum(bool(member(character)) for character in text) / max(len(text), 1)


def words(text: str) -> list[str]:
    return re.findall(r"(?:[A-Za-z0-9_]|[^\x00-\x7f])+", spaced(text))


SIGNALS = {
    "size_bytes": lambda text: len(text.encode()),
    "characters": lambda text: len(text.strip()),
    "lines": lambda text: len(lines(text)),
    "longest_line": lambda text: max(len(line) for line in lines(text)),
    "mean_line": lambda text: sum(len(line) for line in lines(text)) / len(lines(text)),
    "alphabetic_share": lambda text: share(text, str.isalpha),
    "alphanumeric_share": lambda text: share(text, str.isalnum),
    "digit_share": lambda text: share(text, lambda one: one in "0123456789"),
    "whitespace_share": lambda text: share(text, str.isspace),
    "replacement_share": lambda text: share(text, lambda one: one == "\ufffd"),
    "control_share": lambda text: share(text, lambda one: (ord(one) < 32 or ord(one) == 127) and one not in SPACE_KEPT),
    "alphabetic_share_of_ink": lambda text: (
        sum(map(str.isalpha, text)) / len(ink) if (ink := [one for one in text if not one.isspace()]) else 0
    ),
    "duplicate_lines": lambda text: (
        sum(count - 1 for count in Counter(inked_lines(text)).values()) / max(len(inked_lines(text)), 1)
    ),
    "words": lambda text: len(words(text)),
    "mean_word": lambda text: sum(len(one.encode()) for one in words(text)) / max(len(words(text)), 1),
    "unique_words": lambda text: len(Counter(words(text))) / len(words(text)) if words(text) else 1,
    "hex_literal_share": lambda text: (
        sum(len(digits) for digits in re.findall(r"\b0[xX]([0-9a-fA-F]+)\b", text)) / max(len(text), 1)
    ),
    "todo_lines": lambda text: (
        sum(bool(re.search(r"(?i)\b(todo|fixme|your code here)\b", line)) for line in lines(text)) / len(lines(text))
    ),
    **{
        f"{name}_lines": lambda text, tokens=tokens: (
            sum(re.match(rf"(?:{tokens})\b", line) is not None for line in inked_lines(text))
            / max(len(inked_lines(text)), 1)
        )
        for name, tokens in [
            ("pass", "pass"),
            ("assert", "assert"),
            ("print", "print"),
            ("import", "import|from"),
            ("def", "def|async"),
        ]
    },
    "preprocessor_lines": lambda text: (
        sum(line.startswith("#") for line in inked_lines(text)) / max(len(inked_lines(text)), 1)
    ),
}


def top_ngram_share(text: str, size: int) -> float:
    words_ = text.split()
    grams = Counter(tuple(words_[at : at + size]) for at in range(len(words_) - size + 1))
    best = max(grams.values(), default=0)
    if best < 2:
        return 0.0
    longest = max(sum(map(len, gram)) for gram, count in grams.items() if count == best)
    return best * longest / sum(map(len, words_))


def duplicate_ngram_share(text: str, size: int) -> float:
    words_ = text.split()
    grams = Counter(tuple(words_[at : at + size]) for at in range(len(words_) - size + 1))
    covered = {
        at + offset
        for at in range(len(words_) - size + 1)
        if grams[tuple(words_[at : at + size])] > 1
        for offset in range(size)
    }
    return sum(len(words_[at]) for at in covered) / max(sum(map(len, words_)), 1)
