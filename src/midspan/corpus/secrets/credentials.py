"""Credentials behind a fixed anchor: private key blocks, passwords in URLs, webhooks, headers, Azure keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from midspan.corpus.secrets.source import KEY, PASSWORD, Finding, Source
from midspan.corpus.secrets.values import entropy, is_common, is_name, is_placeholder, is_random

_LONGEST_BLOCK = 20_000  # an 8,192-bit RSA key in PEM has 6,400 characters


def _drawn(value: str) -> bool:
    return entropy(value) >= 3.0 and not is_placeholder(value)


def _url_password(value: str) -> bool:
    return not is_placeholder(value) and not is_common(value) and (len(value) > 3 or not is_name(value))


def _bearer(value: str) -> bool:
    return is_random(value, 16) and not is_placeholder(value)


def _basic(value: str) -> bool:
    return value != "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" and not is_name(value) and _drawn(value)  # RFC 7617's example


@dataclass(frozen=True)
class AnchoredRule:
    """A pattern tried only `back` characters before each occurrence of `anchor`; its group 1 is the secret."""

    kind: str
    anchor: bytes
    pattern: str
    is_secret: Callable[[str], bool] = _drawn
    placeholder: str = KEY
    back: int = 0


_RULES = (
    AnchoredRule(
        "password-in-url", b"://", r"://[^\s/:@\"'<>`]{0,64}:([^\s/@\"'<>`]{1,128})@(?=[\w\[])", _url_password, PASSWORD
    ),
    AnchoredRule(
        "slack-webhook",
        b"hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows)/((?:[A-Z]\w{6,14}/){2}\w{18,60})",
    ),
    AnchoredRule("discord-webhook", b"/api/webhooks/", r"/api/webhooks/(\d{15,20}/[\w-]{60,80})"),
    AnchoredRule("azure-account-key", b"accountkey=", r"AccountKey=([A-Za-z0-9+/]{40,90}={0,2})"),
    AnchoredRule("azure-shared-key", b"sharedaccesskey=", r"SharedAccessKey=([A-Za-z0-9+/]{40,90}={0,2})"),
    AnchoredRule("azure-sas", b"sig=", r"(?<=[?&])sig=((?:[A-Za-z0-9]|%[0-9A-F]{2}){43,70})"),
    AnchoredRule(
        "azure-client-secret", b"q~", r"(?<![\w.~-])([\w.~]{3}\dQ~[\w.~-]{31,34})(?![\w.~-])", back=len("abc8")
    ),
    AnchoredRule("authorization-header", b"bearer ", r"Bearer\s+([A-Za-z0-9._~+/-]{16,1000}=*)", _bearer),
    AnchoredRule(
        "authorization-header",
        b"authorization",
        r"Authorization[\"']?\s*[:=,]\s*[\"']?Basic\s+([A-Za-z0-9+/]{8,200}={0,2})",
        _basic,
    ),
)
_ANCHORED = [(rule, re.compile(rule.pattern, re.IGNORECASE | re.ASCII)) for rule in _RULES]
_BEGIN = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----")
# From the first long run of base64 to its last character: quotes, comment marks and "\n" at either end stay.
_BODY = re.compile(r"(?<!\\)[A-Za-z0-9+/]{32}.*(?<!\\)[A-Za-z0-9+/=](?=(?:\\[rn]|[^A-Za-z0-9+/=])*$)", re.DOTALL)
_BETWEEN = r"(?:\\r|\\n|[\s\"'+*#,()])*"
_BASE64_LINES = re.compile(rf"(?:{_BETWEEN}[A-Za-z0-9+/]{{16,}}={{0,2}})+")


def find_credentials(source: Source) -> Iterator[Finding]:
    """What the anchored rules find, and the bodies of private key blocks."""
    for rule, pattern in _ANCHORED:
        for position in source.positions(rule.anchor):
            match = pattern.match(source.text, max(0, position - rule.back))
            if match and rule.is_secret(match.group(1)):
                yield Finding(rule.kind, match.start(1), match.end(1), rule.placeholder)
    for position in source.positions(b"-----begin "):
        if begin := _BEGIN.match(source.text, position):
            yield from _private_key(source.text, begin)


def _private_key(text: str, begin: re.Match[str]) -> Iterator[Finding]:
    """The body of a PEM or PGP block; the lines around it stay. A block without its end is cut after its base64."""
    start = begin.end()
    end = text.find(f"-----END {begin.group(1)}-----", start, start + _LONGEST_BLOCK)
    if end < 0:
        lines = _BASE64_LINES.match(text, start, start + _LONGEST_BLOCK)
        end = lines.end() if lines else start
    if body := _BODY.search(text[start:end]):
        yield Finding("private-key", start + body.start(), start + body.end(), KEY)
