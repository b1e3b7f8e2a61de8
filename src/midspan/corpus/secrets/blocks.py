"""Secrets of several lines: private keys (PEM, PGP, PuTTY, JWK), the data of a Kubernetes Secret."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from midspan.corpus.secrets.anchored import is_drawn
from midspan.corpus.secrets.source import KEY, Finding, Source
from midspan.corpus.secrets.values import is_plain

_LONGEST_BLOCK = 20_000  # an 8,192-bit RSA key in PEM has 6,400 characters
_LONGEST_BEGIN = 40
_BEGIN = re.compile(r"(?<=--[- ])BEGIN ((?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?) ?-{4,5}")
# From the first long run of base64 to its last character: quotes, comment marks and "\n" at either end stay.
_BODY = re.compile(r"(?<!\\)[A-Za-z0-9+/]{32}.*(?<!\\)[A-Za-z0-9+/=](?=(?:\\[rn]|[^A-Za-z0-9+/=])*$)", re.DOTALL)
_BETWEEN = r"(?:\\r|\\n|[\s\"'+*#,()])*"
_BASE64_LINES = re.compile(rf"(?:{_BETWEEN}[A-Za-z0-9+/]{{16,}}={{0,2}})+")
_PUTTY = re.compile(
    r"Private-Lines: \d{1,3}\s+((?:[A-Za-z0-9+/=]{16,80}\s*)+)(?:Private-(?:MAC|Hash): ([0-9a-f]{40,64}))?"
)
_JWK_MEMBER = re.compile(r'"(?:d|p|q|dp|dq|qi|k)"\s{0,8}:\s{0,8}"([\w-]{20,1500})"')
_JWK_REACH = 2000
_SECRET_OBJECT = re.compile(r"Secret[\"']?[ \t\r]*$", re.MULTILINE)
_SECRET_DATA = re.compile(r"^(?:stringData|data): *\n((?: +\S.*\n?)+)", re.MULTILINE)
_SECRET_ENTRY = re.compile(r"^ +[\w.-]+: *[\"']?([^\s\"'|>]\S*?)[\"']?\s*$", re.MULTILINE)
_SECRET_REACH = 6000

ANCHORS = _PEM, _PUTTY_LINES, _KEY_TYPE, _SECRET = b"private key", b"private-lines: ", b'"kty"', b"secret"


def find_blocks(source: Source) -> Iterator[Finding]:
    """The bodies of private keys, and what a Kubernetes Secret holds."""
    text = source.text
    for position in source.positions[_PEM]:
        begin = text.rfind("BEGIN ", max(0, position - _LONGEST_BEGIN), position)
        if begin >= 0 and (line := _BEGIN.match(text, begin)):
            yield from _private_key(text, line)
    for position in source.positions[_PUTTY_LINES]:
        if match := _PUTTY.match(text, position):
            yield from (Finding("private-key", *_stripped(match, group), KEY) for group in (1, 2) if match[group])
    for position in source.positions[_KEY_TYPE]:
        yield from _web_key(text, position)
    done = 0
    for position in source.positions[_SECRET]:
        is_kind = source.lowered[max(0, position - 7) : position].endswith((b"kind: ", b'kind: "'))
        if is_kind and position >= done and _SECRET_OBJECT.match(text, position):
            done = text.find("\n---", position, position + _SECRET_REACH)
            done = position + _SECRET_REACH if done < 0 else done
            yield from _secret_data(text, position, done)


def _private_key(text: str, begin: re.Match[str]) -> Iterator[Finding]:
    """The body of a PEM or PGP block; the lines around it stay. A block without its end is cut after its base64."""
    start = begin.end()
    end = text.find(f"END {begin.group(1)}", start, start + _LONGEST_BLOCK)
    if end < 0:
        lines = _BASE64_LINES.match(text, start, start + _LONGEST_BLOCK)
        end = lines.end() if lines else start
    if body := _BODY.search(text[start:end]):
        yield Finding("private-key", start + body.start(), start + body.end(), KEY)


def _stripped(match: re.Match[str], group: int) -> tuple[int, int]:
    return match.start(group), match.start(group) + len(match[group].rstrip())


def _web_key(text: str, position: int) -> Iterator[Finding]:
    """The private members of a JSON web key (RFC 7517)."""
    start, end = (
        text.rfind("{", max(0, position - _JWK_REACH), position),
        text.find("}", position, position + 2 * _JWK_REACH),
    )
    if start >= 0 and end >= 0:
        for match in _JWK_MEMBER.finditer(text, start, end):
            if is_drawn(match[1]):
                yield Finding("private-key", match.start(1), match.end(1), KEY)


def _secret_data(text: str, position: int, end: int) -> Iterator[Finding]:
    """The values of the document that declares itself a Secret; what decodes to a word, such as a user, stays."""
    start = max(text.rfind("\n---", max(0, position - _SECRET_REACH), position), position - _SECRET_REACH, 0)
    for data in _SECRET_DATA.finditer(text, start, end):
        for entry in _SECRET_ENTRY.finditer(text, *data.span(1)):
            value = _decoded(entry[1])
            if len(value) >= 6 and not is_plain(value) and is_drawn(entry[1]) and any(map(str.isalpha, value)):
                yield Finding("kubernetes-secret", entry.start(1), entry.end(1), KEY)


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return value
