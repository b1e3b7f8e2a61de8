"""What a request carries: authorization, cookies; and the keys of Azure, which carry no prefix but a mark."""

from __future__ import annotations

from midspan.corpus.secrets.anchored import AnchoredRule
from midspan.corpus.secrets.source import PASSWORD
from midspan.corpus.secrets.values import is_basic, is_common, is_placeholder, is_plain, is_random


def _random(value: str) -> bool:
    return is_random(value, 16) and not is_placeholder(value)


def _password(value: str) -> bool:
    return not (is_plain(value) or is_placeholder(value) or is_common(value)) and any(map(str.isalpha, value))


# ("user", "password" and (where, "user", "password"
_STRING = r"\s{0,20}[bu]?[\"'][^\"'\n]{1,120}[\"']\s{0,4},"
_PASSWORD = r"\s{0,20}[bu]?[\"']([^\"'\s]{6,100})[\"']"
_TWO_STRINGS = r"\(" + _STRING + _PASSWORD
_THREE_STRINGS = r"\(" + _STRING + _STRING + _PASSWORD

HEADER_RULES = (
    AnchoredRule("authorization-header", b"bearer ", r"Bearer\s+([A-Za-z0-9._~+/-]{16,4000}={0,2})", _random),
    AnchoredRule(
        "authorization-header",
        b"auth",
        r"auth(?:orization)?[\"'\s,:=>\])(]{1,40}(?:value[\"'\s:=]{1,10})?Basic[\s\"'+]{1,8}([A-Za-z0-9+/]{8,400}={0,2})",
        is_basic,
    ),
    AnchoredRule(
        "authorization-header",
        b"auth",
        r"auth(?:orization)?[\"'\s,:=>\]]{1,40}(?:value[\"'\s:=]{1,10})?"
        r"(?:token|api-?key|sso-key|ssws|splunk|geniekey|key|klaviyo-api-key|bot|discogs)[ :=]+(?:token=)?\"?"
        r"([\w.~+/:-]{16,1000}={0,2})",
        _random,
    ),
    # Docker's config.json and .npmrc: base64 of user:password
    AnchoredRule(
        "basic-credentials", b"auth", r"auth[\"']?\s{0,8}[:=]\s{0,8}[\"']?([A-Za-z0-9+/]{8,400}={0,2})", is_basic
    ),
    AnchoredRule(
        "github-token", b"auth", r"auth[\"']\s{0,8}:\s{0,8}\{\s{0,20}[\"']github\.com[\"']\s*:\s*[\"'](\w{40})[\"']"
    ),
    AnchoredRule("password", b"auth", r"auth\w{0,16}\s?=?\s?" + _TWO_STRINGS, _password, PASSWORD),
    AnchoredRule("password", b"connect", r"connect(?:ion)?" + _THREE_STRINGS, _password, PASSWORD),
    AnchoredRule("password", b"new pdo(", r"new PDO" + _THREE_STRINGS, _password, PASSWORD),
    AnchoredRule("password", b"credential", r"credentials?" + _TWO_STRINGS, _password, PASSWORD),
    AnchoredRule("password", b"login(", r"login" + _TWO_STRINGS, _password, PASSWORD),
    AnchoredRule("azure-account-key", b"key", r"(?<=account)Key=([A-Za-z0-9+/]{40,90}={0,2})"),
    AnchoredRule("azure-shared-key", b"key", r"(?<=access)Key=([A-Za-z0-9+/]{40,90}={0,2})"),
    AnchoredRule("azure-client-secret", b"~", r"~[\w.~-]{31,34}(?![\w.~-])", before=r"(?<![\w.~-])[\w.~]{3}\dQ"),
    AnchoredRule(
        "cookie", b"cookie", r"cookie[\"']?\s?[:,=]\s{0,4}[\"']?[\w.-]{1,40}=([\w%.~+/:-]{16,4000}={0,2})", _random
    ),
    AnchoredRule(
        "cookie", b"cookie", r"cookie[\"']?\s?[:,=][^\n]{0,400}?sess[\w.-]{0,30}=([\w%.~+/:-]{16,4000}={0,2})", _random
    ),
    AnchoredRule("cookie", b"connect.sid", r"connect\.sid[\"']?\s?[=:,]\s?[\"']?([\w%.~+/:-]{16,4000}={0,2})", _random),
)
