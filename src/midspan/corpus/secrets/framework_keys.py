"""Keys of frameworks whose form or name is theirs alone, and the hashes in which systems keep passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator

from midspan.corpus.secrets.anchored import AnchoredRule
from midspan.corpus.secrets.source import PASSWORD, Finding, Source
from midspan.corpus.secrets.values import entropy

_SALT = r"[\"']\s{0,40},\s{0,40}(?:'([^'\n]{40,90})'|\"([^\"\n]{40,90})\")"  # may hold spaces, unlike any other value


def _salt(value: str) -> bool:
    return entropy(value) >= 4.0


FRAMEWORK_RULES = (
    AnchoredRule("wordpress-salt", b"key", r"(?:(?<=auth_)|(?<=logged_in_)|(?<=nonce_))key" + _SALT, _salt),
    AnchoredRule("wordpress-salt", b"salt", r"(?:(?<=auth_)|(?<=logged_in_)|(?<=nonce_))salt" + _SALT, _salt),
    AnchoredRule(
        "django-secret-key", b"secret", r"secret_key\s*=\s*[\"']django-insecure-([^\s\"']{30,80})[\"']", _salt
    ),
    AnchoredRule("wireguard-key", b"key", r"(?:(?<=private)|(?<=preshared))Key\s*=\s*([A-Za-z0-9+/]{43}=)"),
)

# crypt(3) and its kin, of htpasswd and /etc/shadow; a digest in base64 is 22 characters or more.
HASHES = (
    r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}",
    r"\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}",
    r"\$1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}",
    r"\$[56]\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43,86}",
    r"\$7?y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}",
    r"\$argon2(?:id|i|d)\$v=\d+\$[\w=,]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]{22,}",
    r"\$[HP]\$[./A-Za-z0-9]{31}",
    r"\$[\w./+-]{4,40}\$[\w/+]{43,140}={0,2}",  # pbkdf2_sha256 and scrypt, as Django and Werkzeug write them
)
_CRYPT = re.compile(r"\$(?:" + "|".join(one.removeprefix(r"\$") for one in HASHES) + r")(?![./A-Za-z0-9])", re.ASCII)


def find_password_hashes(source: Source) -> Iterator[Finding]:
    """Hashes of passwords by which one may be found again."""
    for match in _CRYPT.finditer(source.text):
        if entropy(match.group()) >= 3.5:
            yield Finding("password-hash", match.start(), match.end(), PASSWORD)
