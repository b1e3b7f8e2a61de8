"""Secrets and personal data: found by rules that a cheap test gates, replaced by stable placeholders.

tokens.py        keys that an issuer marks with a prefix, from one look at every long run of token characters
credentials.py   what stands behind a fixed anchor: private key blocks, passwords in URLs, webhooks, headers
assigned.py      what a program or a configuration calls a password, a secret, a token or a key
addresses.py     e-mail and IP addresses
values.py        what is a placeholder, a name or a hash and therefore stays
redaction.py     from findings to the redacted text
"""

from midspan.corpus.secrets.redaction import redact
from midspan.corpus.secrets.source import Finding

__all__ = ["Finding", "redact"]
