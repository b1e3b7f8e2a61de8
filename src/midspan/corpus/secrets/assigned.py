"""Values that the text itself calls a password, a secret, a token or a key.

`password = "…"`, `"api_key": "…"`, `PASSWORD=…` in a .env file, `token: …` in YAML, `setPassword("…")`, `?token=…`.
A value that is a name, an example or comes from elsewhere stays, and so does a digest in a line that speaks of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from midspan.corpus.secrets.source import KEY, PASSWORD, Finding, Source
from midspan.corpus.secrets.values import is_common, is_hash, is_placeholder, is_plain, is_random

_PASSWORD_ANCHORS = (b"passw", b"pwd", b"passphrase", b"passcode")
_KEY_ANCHORS = (b"secret", b"token", b"credential")
# What makes a secret of "key" behind it: one search for "key" instead of one for each name.
_BEFORE_KEY = (
    *(b"api", b"api_", b"api-", b"access", b"access_", b"account_", b"auth", b"auth_"),
    *(b"private_", b"encryption_", b"signing_", b"master_"),
)
_LONGEST_BEFORE_KEY = max(map(len, _BEFORE_KEY))
_ENVIRONMENT = r"(?:[_-]?(?:prod|production|dev|live|staging|root|admin|db|\d{1,2}))?"
_SEPARATOR = r"""(?:
    ["'`]?\]?\ {0,8} (?: :\ ?(?:str|string|String|&str|&'static\ str|const\ char\ ?\*)\ {0,4}=       # with its type
                       | \ (?:string|String)\ {0,4}= | \[\]\ {0,4}=
                       | :?={1,3}>? | => | : | ,(?=\ ?["'])                                         # = := == => : ,
                     ) \ {0,8}
  | ["'`]?\ ?\(\ {0,4}                                                                              # setPassword("…")
)"""
_VALUE = r"""(?:
    [brfuL@]{0,2} (?P<quote>\\?["'`]) (?P<quoted>[^\s"'`]{6,300}?) (?P=quote)
  | (?P<bare>[^\s"'`,;&<>(){}\[\]|\\]{8,300}) (?=[\s&,;"'`\\]|$)
)"""
_PASSWORD = re.compile(
    rf"(?:passw(?:or)?d|passwort|pwd|passphrase|passcode){_ENVIRONMENT}{_SEPARATOR}{_VALUE}", re.IGNORECASE | re.VERBOSE
)
_KEY = re.compile(
    rf"""(?: secret(?:[_-]?(?:access)?[_-]?key)? | (?:token|credential)s? (?:[_-]?(?:key|secret))?
           | (?:api|access|account|auth|private|encryption|signing|master)[_-]?key(?:[_-]?id)?
         ){_ENVIRONMENT}{_SEPARATOR}{_VALUE}""",
    re.IGNORECASE | re.VERBOSE,
)
_AWS_SECRET = re.compile(r"[A-Za-z0-9/+]{40}")
_CODE = re.compile(r"[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+|[A-Za-z_]\w*[(\[].*")  # object.attribute, call(…
_KEY_VALUE = re.compile(r"[\w+/=.~:!@#$%^&*-]+", re.ASCII)
_NO_BEGINNING = "+),.:=]&|;?/\\-"  # the quote before it closed a string


def find_assigned(source: Source) -> Iterator[Finding]:
    """Values assigned to something that is called a secret."""
    for anchor in _PASSWORD_ANCHORS:
        yield from _find(source, source.positions(anchor), _PASSWORD, "password", PASSWORD)
    for anchor in _KEY_ANCHORS:
        yield from _find(source, source.positions(anchor), _KEY, "assigned-key", KEY)
    yield from _find(source, _names_of_keys(source), _KEY, "assigned-key", KEY)


def _names_of_keys(source: Source) -> Iterator[int]:
    """Where the names begin that `_BEFORE_KEY` and "key" make; of those that end together, all."""
    for position in source.positions(b"key"):
        before = source.lowered[max(0, position - _LONGEST_BEFORE_KEY) : position]
        if before.endswith(_BEFORE_KEY):
            yield from (position - len(name) for name in _BEFORE_KEY if before.endswith(name))


def _find(
    source: Source, positions: Iterable[int], pattern: re.Pattern[str], kind: str, placeholder: str
) -> Iterator[Finding]:
    for position in positions:
        match = pattern.match(source.text, position)
        if not match or source.lowered[max(0, position - 10) : position].rstrip(b"_- ").endswith(
            (b"public", b"publickey")
        ):
            continue
        group = "quoted" if match["quoted"] else "bare"
        value, (start, end) = match[group], match.span(group)
        if value[0] in _NO_BEGINNING or is_placeholder(value) or is_common(value):
            continue
        if is_hash(value, source.line(start, end)):
            continue
        if kind == "password" and not _is_password(value, group == "bare"):
            continue
        if kind == "assigned-key" and not _is_key(value, group == "bare"):
            continue
        is_aws = _AWS_SECRET.fullmatch(value) and b"secret" in source.lowered[max(0, position - 20) : start]
        yield Finding("aws-secret-key" if is_aws else kind, start, end, placeholder)


def _is_password(value: str, bare: bool) -> bool:
    """A letter, and a digit or a sign; more is asked of a value without quotes, which may be code."""
    if is_plain(value) or not any(map(str.isalpha, value)):
        return False
    return not bare or (is_random(value, 8) and not _CODE.fullmatch(value))


def _is_key(value: str, bare: bool) -> bool:
    return bool(_KEY_VALUE.fullmatch(value)) and is_random(value, 16) and not (bare and _CODE.fullmatch(value))
