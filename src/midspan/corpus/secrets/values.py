"""Which values cannot be secrets: placeholders, interpolations, names, hashes."""

from __future__ import annotations

import math
import re
from collections import Counter

# Said of a value by whoever wrote an example. Four letters turn up by chance in 40 random ones once in 50,000 times.
_EXAMPLE_WORDS = (
    "example", "placeholder", "changeme", "change_me", "change-me", "changeit", "your", "dummy", "redacted", "fake",
    "sample", "insert", "replace", "todo", "foobar", "xxxx", "****", "....", "----", "____", "lorem",
    "environ", "getenv", "process.env", "import.meta",
)  # fmt: skip
_INTERPOLATION = re.compile(r"^[$%<{@&*#]|\$\{|\$\(|\{\{|#\{|%\(|\{\w*\}|%[sdr]\b|<[\w -]+>|\]\(|\\[(]|::")
_SEQUENCES = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)

# Names and sentences: words of at least two letters and short numbers, joined or side by side (camel case). A random
# string of letters and digits nearly always has a letter that stands alone.
_NAME = re.compile(r"(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}s?|\d{1,4}|[-_./:@,!?+=]+)+")
_PLAIN_WORDS = re.compile(r"[A-Za-z]+(?:[-_./:@,]+[A-Za-z]+)*\d?[-_./:@,!?+=]*")
_COMMON_WORDS = (
    "password passwd pass passwort pwd secret token key apikey user username test testing demo default foo bar baz "
    "abc guest qwerty value string text name none null true false hello world hunter sha md hs rs es utf oauth"
)
_COMMON_STEM = frozenset(_COMMON_WORDS.split())
_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}")
_NAMES_A_HASH = re.compile(
    r"sha-?\d|\bsha\b|md5|hash|integrity|checksum|digest|blake|fingerprint|commit", re.IGNORECASE
)


def entropy(value: str) -> float:
    """Shannon entropy of the characters of `value`, in bits per character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def is_placeholder(value: str) -> bool:
    """Whether `value` is an example or is filled in elsewhere (an environment variable, a template)."""
    lowered = value.lower()
    if any(word in lowered for word in _EXAMPLE_WORDS) or _INTERPOLATION.search(value):
        return True
    return len(set(lowered)) < 4 or any(lowered in sequence for sequence in _SEQUENCES)


def is_name(value: str) -> bool:
    """Whether `value` is made of words: an identifier, a path, a host, a message."""
    return bool(_NAME.fullmatch(value))


def is_plain(value: str) -> bool:
    """Whether `value` is letters, in words, with at most one digit behind them: no password worth the name."""
    return bool(_PLAIN_WORDS.fullmatch(value))


def is_common(value: str) -> bool:
    """Whether `value` is a word of examples with digits or signs after it: password1, my_secret!, test123, sha256."""
    return re.sub(r"^my[_-]?|[\d\W_]+$", "", value.lower()) in _COMMON_STEM


def is_hash(value: str, line: str) -> bool:
    """Whether `value` has the length of a digest and its line speaks of one (StarCoder's rule for keys)."""
    return bool(_HASH.fullmatch(value) and _NAMES_A_HASH.search(line.replace(value, "")))


def is_random(value: str, least: int) -> bool:
    """Whether `value` looks drawn at random: letters and digits, `least` characters, no name, 3 bits a character."""
    return (
        len(value) >= least
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not is_name(value)
        and entropy(value) >= 3.0
    )
