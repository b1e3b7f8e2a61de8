"""Which values cannot be secrets: placeholders, interpolations, names, hashes. And which must be."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

# Said of a value by whoever wrote an example. Four letters turn up by chance in 40 random ones once in 50,000 times.
_EXAMPLE_WORDS = (
    "example", "placeholder", "changeme", "change_me", "change-me", "changeit", "your", "dummy", "redacted", "fake",
    "sample", "insert", "replace", "todo", "foobar", "xxxx", "****", "....", "----", "____", "lorem",
    "environ", "getenv", "process.env", "import.meta",
)  # fmt: skip
_EXAMPLE_REACH = 64  # characters of a value in which they are looked for
_TEMPLATE = re.compile(
    r"\$\{|\$\(|\{\{|#\{|%\(|^\$\w[\w.>\[\]-]*$|^<.*>?$|^%\w+%$|^\{.*\}$|^@\w+@?$|^ENC[\[(]|^&\w+;|^\*+\w*$|"
    r"^\[[\w -]*\]$"
)
_TEMPLATE_LIKE = re.compile(r"^[$%<{@&*#]|\{\w*\}|%[sdr]\b|<[\w -]+>|\]\(|\\[(]|::")  # or drawn characters
_SEQUENCES = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)

# Names and sentences: words of at least two letters and short numbers, joined or side by side (camel case). A random
# string of letters and digits nearly always has a letter that stands alone.
_NAME = re.compile(  # without a way back: each run belongs to one alternative, and the time is that of the length
    r"(?:[A-Z]?[a-z]{2,}+|[A-Z][a-z](?=[A-Z_-])|[A-Z]{2,}+s?|\d{1,4}+|(?<![A-Za-z\d])[A-Za-z]\d{0,3}+(?![A-Za-z\d])|"
    r"[A-Z]\d(?=[A-Z][a-z])|[-_./:@,!?+=]++)++"
)
# Random letters and digits may look so, too; but their words are short and their numbers many.
_WORDS, _NUMBERS, _SEPARATOR = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])"), re.compile(r"\d+"), re.compile(r"[-_./: ]")
_LEAST_MEAN, _LEAST_DRAWN = 3, 12
_ESCAPED = re.compile(r"%20|%2F")
_URL = re.compile(r"[a-z]{2,8}://")
_PLAIN_WORDS = re.compile(r"[A-Za-z]+(?:[-_./:@,]+[A-Za-z]+)*\d?[-_./:@,!?+=]*")
_COMMON_WORDS = (
    "password passwd pass passwort pwd secret token key apikey user username test testing demo default foo bar baz "
    "abc guest qwerty value string text name none null true false hello world hunter sha md hs rs es utf oauth tiger "
    "admin root postgres mysql redis mongo rabbitmq guest credential credentials base hex basic bearer digest"
)
_COMMON_STEM = frozenset(_COMMON_WORDS.split())
_SAYS_WHAT_IT_IS = re.compile(r"passw(?:or)?d|secret|passphrase|credential|my[_-]?(?:token|key)", re.IGNORECASE)
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
    if any(word in lowered[:_EXAMPLE_REACH] for word in _EXAMPLE_WORDS) or _TEMPLATE.search(value):
        return True
    if _TEMPLATE_LIKE.search(value) and not is_strong(value):
        return True
    return len(set(lowered)) < 4 or any(lowered in sequence for sequence in _SEQUENCES)


def is_name(value: str) -> bool:
    """Whether `value` is made of words: an identifier, a path, a host, a message."""
    if not _NAME.fullmatch(_ESCAPED.sub("-", value)):
        return bool(_URL.match(value))
    if len(value) < _LEAST_DRAWN:
        return True
    words, numbers = _WORDS.findall(value), _NUMBERS.findall(value)
    return len("".join(words)) >= _LEAST_MEAN * len(words) and len(numbers) <= (4 if _SEPARATOR.search(value) else 2)


def is_plain(value: str) -> bool:
    """Whether `value` is letters, in words, with at most one digit behind them: no password worth the name."""
    return bool(_PLAIN_WORDS.fullmatch(value)) and (len(value) < 10 or is_name(value))


def is_common(value: str) -> bool:
    """Whether `value` is a word of examples with digits or signs after it: password1, my_secret!, test123, sha256."""
    stem = re.sub(r"^my[_-]?|[\d\W_]+$", "", value.lower())
    return stem in _COMMON_STEM or (bool(_SAYS_WHAT_IT_IS.search(value)) and len(stem) < 30 and is_name(value))


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


def is_strong(value: str) -> bool:
    """Whether `value` mixes small and capital letters, digits and signs as a generated password does."""
    return (
        len(value) >= 8
        and any(map(str.islower, value))
        and any(map(str.isupper, value))
        and any(map(str.isdigit, value))
        and not value.isalnum()
        and entropy(value) >= 3.0
        and not is_name(value)
    )


def is_basic(value: str) -> bool:
    """Whether `value` is base64 of user:password (RFC 7617), and neither is an example."""
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return False
    user, colon, password = decoded.partition(":")
    if not colon or not decoded.isprintable() or len(password) < 4 or user in ("", "Aladdin", "aladdin"):
        return False
    return not is_placeholder(password) and not is_common(password)
