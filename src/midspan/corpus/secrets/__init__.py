"""Secrets and personal data: found by rules that a cheap test gates, replaced by stable placeholders.

tokens.py           keys that an issuer marks with a prefix, from one look at every long run of token characters
issuers.py          the prefixes, and what follows them
anchored.py         rules that are tried where a literal stands; the tables of them:
  urls.py             passwords, tokens, webhooks and signatures in URLs
  headers.py          authorization, cookies, arguments of calls, keys of Azure
  command_lines.py    options, netrc, SQL, settings separated by a space
  framework_keys.py   keys of frameworks, hashes of passwords
blocks.py           private keys, the data of a Kubernetes Secret
assigned.py         what a program or a configuration calls a password, a secret, a token or a key
pairs.py            how name and value stand apart in JSON, XML and YAML
addresses.py        e-mail and IP addresses
personal.py         telephones, payment cards, bank accounts, social security numbers
documentation.py    where an address or a number is an example
values.py           what is a placeholder, a name or a hash and therefore stays
redaction.py        from findings to the redacted text
"""

from midspan.corpus.secrets.redaction import redact
from midspan.corpus.secrets.source import Finding

__all__ = ["Finding", "redact"]
