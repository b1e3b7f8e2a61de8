"""Values that the text itself calls a password, a secret, a token or a key.

`password = "…"`, `"api_key": "…"`, `PASSWORD=…` in a .env file, `token: …` in YAML, `setPassword("…")`, `?token=…`,
and the pairs and elements of pairs.py. A value that is a name, an example or comes from elsewhere stays, and so does a
digest in a line that speaks of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from midspan.corpus.secrets.pairs import ELEMENT, PAIR
from midspan.corpus.secrets.source import KEY, PASSWORD, Finding, Source
from midspan.corpus.secrets.values import entropy, is_common, is_hash, is_placeholder, is_plain, is_random, is_strong


@dataclass(frozen=True)
class Name:
    """What a secret is called: the anchor, the pattern of the name from there on, what must or must not precede it."""

    anchor: bytes
    pattern: str
    placeholder: str = KEY
    after: tuple[bytes, ...] = ()
    not_after: tuple[bytes, ...] = (b"public", b"publickey")


# What makes a secret of "key" or "salt" behind it.
_OF_KEYS = (
    b"api access account auth private secret encryption encrypt signing master consumer client app application "
    b"service shared subscription storage admin session cookie crypt cipher aes hmac jwt deploy webhook fernet "
    b"security license write fastly decryption validation function host integration ingest account_access "
    b"logged_in nonce server preshared"
)
_OF_SALTS = b"auth logged_in nonce hash security token jwt secret api_token transfer_token"
_NO_SECRETS = (  # tokens of pages and of requests
    b"public publickey next continuation page pagination request change lifecycleaction term resume sync cancel "
    b"cancellation csrf_header csrfheader start report"
)
NAMES = (
    Name(b"pass", r"pass(?:w(?:or)?[dt]|wort|phrase|code|e)?", PASSWORD),
    Name(b"pwd", r"pwd", PASSWORD),
    Name(b"psk", r"psk", PASSWORD),
    Name(b"secret", r"secret(?:[_.-]?(?:access)?[_-]?(?:key|token)(?:[_-]?base)?)?s?", not_after=(b"public", b":")),
    Name(b"token", r"tokens?(?:[_-]?(?:key|secret|value))?", not_after=tuple(_NO_SECRETS.split())),
    Name(b"credential", r"credentials?(?:[_-]?(?:key|secret))?"),
    Name(b"key", r"keys?(?:[_-]?id)?", after=tuple(_OF_KEYS.split())),
    Name(b"salt", r"salt", after=tuple(_OF_SALTS.split())),
    Name(b"_pat", r"_pat"),
    Name(b"sess", r"sess(?:ion)?(?:[_-]?(?:id|key|token|cookie))?"),
    Name(b"auth", r"auth(?:orization)?"),
)
ANCHORS = tuple(name.anchor for name in NAMES)

_ENVIRONMENT = r"(?:[_-]?(?:prod|production|dev|live|staging|root|admin|db|v?\d{1,2}))?"
_ASSIGNMENT = r"""["'`]?\]?\)?\ {0,8}
                  (?: :\ ?(?:str|string|String|&str|&'static\ str|const\ char\ ?\*)\ {0,4}=     # with its type
                    | \ (?:string|String)\ {0,4}= | \[\]\ {0,4}=
                    | :?={1,3}>? | => | :-? | ,(?=\ ?["']) | \|\| | \?\? | \bor\b               # = := == => : , ||
                  ) \ {0,40}
  | ["'`]?\ ?\(\ {0,4}                                                                          # setPassword("…")
"""
_VALUE = r"""(?:
    \$\{[\w.]{1,80}:-?(?P<default>[^\s{}"']{6,300})\}                                           # ${NAME:value}
  | [brfuL@]{0,2} (?P<quote>\\?["'`]) (?:\$\{[\w.]{1,80}:-?)? (?P<quoted>(?:(?!(?P=quote))\S){6,4000}?) \}?(?P=quote)
  | (?P<bare>[^\s"'`,;&<>(){}\[\]|\\]{8,4000}+) (?=[\s&,;"'`\\}]|$)
)"""
_AWS_SECRET = re.compile(r"[A-Za-z0-9/+]{40}")
_CODE = re.compile(r"[A-Za-z_]\w*(?:(?:\??\.|->|::)[A-Za-z_]\w*)+|[A-Za-z_]\w*[(\[].*")  # object.attribute, call(…
_KEY_VALUE = re.compile(r"[\w+/=.~:!@#$%^&*-]+", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_BEGINNING = "+),.:=]&|;?/\\-"  # the quote before it closed a string
_SEALED = re.compile(
    r"Ag[A-Za-z0-9+/]{150,}=*|vault:v\d+:.*|\{[A-Za-z0-9+/]{16,}={0,2}\}"
)  # encrypted: safe to publish
_SETTING = re.compile(r"(?:^|\n|[;\"'\s])(?:export )?[A-Z0-9_]*$")  # PASSWORD=…, in capitals and without spaces
_LONGEST_PASSWORD = 128
_LONGEST_TAG, _LEAST_NAME = 40, 4  # characters before a name in its element, and of the name
_LONG_NAME = 32  # characters from which a key may hold any sign


@cache
def _compiled(name: Name) -> re.Pattern[str]:
    return re.compile(
        rf"{name.pattern}{_ENVIRONMENT}(?:(?:{PAIR}|(?P<assigned>{_ASSIGNMENT})){_VALUE}|{ELEMENT})",
        re.IGNORECASE | re.VERBOSE,
    )


def find_assigned(source: Source) -> Iterator[Finding]:
    """Values assigned to something that is called a secret."""
    for name in NAMES:
        for position in source.positions[name.anchor]:
            if name.after and not _before(source, position).endswith(name.after):
                continue
            match = _compiled(name).match(source.text, position)
            if not match or _before(source, position).endswith(name.not_after):
                continue
            if found := _finding(source, name, match, position):
                yield found


def _before(source: Source, position: int) -> bytes:
    return source.lowered[max(0, position - 24) : position].rstrip(b"_- .") or b" "


def _finding(source: Source, name: Name, match: re.Match[str], position: int) -> Finding | None:
    groups = match.groupdict()
    group = next(one for one in ("default", "quoted", "bare", "element") if groups.get(one))
    value, (start, end) = match[group], match.span(group)
    if value[0] in _NO_BEGINNING or is_placeholder(value) or is_common(value) or _SEALED.fullmatch(value):
        return None
    if is_hash(value, source.line(start, end)):
        return None
    is_closed = group == "element" and _is_closed(source.text, position, match.end())
    if source.text.startswith(PASSWORD, position - 1) and not is_closed:
        return None  # a placeholder, and no element of that name
    is_setting = groups.get("assigned") == "=" and _is_setting(source.text, position)
    is_open = group in ("bare", "element") and not (is_closed or is_setting)
    is_password = name.placeholder == PASSWORD
    if not (_is_password if is_password else _is_key)(value, is_open):
        return None
    if is_password:
        return Finding("password", start, end, PASSWORD)
    is_aws = _AWS_SECRET.fullmatch(value) and b"secret" in source.lowered[max(0, position - 20) : start]
    return Finding("aws-secret-key" if is_aws else "assigned-key", start, end, KEY)


def _is_closed(text: str, position: int, end: int) -> bool:
    """Whether the element that opens before `position` closes at `end`: `<db.password>…</db.password>`."""
    opens = text.rfind("<", max(0, position - _LONGEST_TAG), position)
    return opens >= 0 and text.startswith(text[opens + 1 : position + _LEAST_NAME], end)


def _is_setting(text: str, position: int) -> bool:
    return text[position].isupper() and bool(_SETTING.search(text, max(0, position - 40), position))


def _is_password(value: str, is_open: bool) -> bool:
    """A letter, and a digit or a sign; more is asked of a value without quotes, which may be code."""
    if is_plain(value) or len(value) > _LONGEST_PASSWORD or not any(map(str.isalpha, value)):
        return False
    if any(quote in value for quote in "\"'`") and not is_strong(value):
        return False
    return not is_open or ((is_random(value, 8) or is_strong(value)) and not _CODE.fullmatch(value))


def _is_key(value: str, is_open: bool) -> bool:
    if not is_random(value, 16) or (is_open and _CODE.fullmatch(value)):
        return False
    return bool(_KEY_VALUE.fullmatch(value)) or (
        len(value) >= _LONG_NAME and is_strong(value) and entropy(value) >= 4.2
    )
