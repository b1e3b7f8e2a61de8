"""Keys that their issuer marks with a prefix.

All of them hold a run of at least 16 characters of [A-Za-z0-9_-]. One search for such runs, at memory speed, is the
gate of all rules together, so that another rule costs nothing. The formats are those that the issuers document.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from midspan.corpus.secrets.source import KEY, Finding, Source
from midspan.corpus.secrets.values import entropy, is_placeholder

LEAST_RUN = 16
_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_-"
_RUNS = bytes(ord("#") if chr(byte) in _TOKEN_CHARACTERS else ord(" ") for byte in range(256))
_RUN = b"#" * LEAST_RUN

# Kind, what the token begins with, and what follows. A lookbehind is a mark before the run that stays in the text.
_RULES: tuple[tuple[str, str, str], ...] = (
    ("aws-access-key-id", "AKIA|ASIA|ABIA|ACCA", r"[A-Z2-7]{16}(?![A-Za-z0-9/+=])"),
    ("github-token", "gh[pousr]_", r"[A-Za-z0-9]{36,255}"),
    ("github-token", "github_pat_", r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    ("gitlab-token", "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-", r"[\w-]{20,300}(?:\.[\w-]{8,20}){0,2}"),
    ("slack-token", "xox[abeprs]-", r"[\w-]{10,250}"),
    ("slack-token", "xapp-", r"\d-[A-Z0-9]{8,16}-\d{8,16}-[a-f0-9]{32,128}"),
    ("stripe-key", "[sr]k_(?:live|test)_", r"[A-Za-z0-9]{16,250}"),
    ("stripe-key", "whsec_", r"[A-Za-z0-9+/]{24,64}"),
    ("google-api-key", "AIza", r"[\w-]{35}(?![\w-])"),
    ("google-oauth-secret", "GOCSPX-", r"[\w-]{28}"),
    ("google-oauth-token", r"(?<=ya29\.)", r"[\w-]{30,1000}"),
    ("anthropic-key", "sk-ant-", r"[a-z]{3,10}\d\d-[\w-]{32,200}"),
    ("openai-key", "sk-(?:proj-|svcacct-|admin-|None-|or-v1-)", r"[\w-]{32,250}"),
    ("openai-key", "sk-", r"[A-Za-z0-9]{32,64}(?![\w-])"),
    ("hugging-face-token", "hf_|api_org_", r"[A-Za-z0-9]{34,40}(?![A-Za-z0-9])"),
    ("npm-token", "npm_", r"[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    ("pypi-token", "pypi-", r"AgE[\w-]{50,1000}"),
    ("twilio-key", "SK|AC", r"[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("sendgrid-key", r"(?<=SG\.)", r"[\w-]{22}\.[\w-]{43}"),
    ("mailgun-key", "key-", r"[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("mailchimp-key", "(?=[0-9a-f]{32}-us)", r"[0-9a-f]{32}-us\d{1,2}"),
    ("json-web-token", "eyJ", r"[\w-]{10,4000}\.eyJ[\w-]{8,8000}(?:\.[\w-]{8,4000})?"),
    ("digitalocean-token", "do[opr]_v1_", r"[0-9a-f]{64}"),
    ("shopify-token", "shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32}"),
    ("databricks-token", "dapi", r"[0-9a-f]{32}(?:-\d)?(?![A-Za-z0-9])"),
    ("docker-token", "dckr_[op]at_", r"[\w-]{24,64}"),
    ("telegram-bot-token", r"(?<=\d:)AA", r"[\w-]{33}(?![\w-])"),
    ("discord-token", r"[MNO](?=[\w-]{23,27}\.)", r"[\w-]{23,27}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])"),
    ("square-token", "sq0(?:atp|csp)-|EAAA", r"(?<=-)[\w-]{22,50}|(?<=EAAA)[\w-]{60}(?![\w-])"),
    ("vault-token", r"(?<=hv[sbr]\.)", r"[\w-]{24,300}"),
    ("terraform-token", r"(?=[A-Za-z0-9]{14}\.atlasv1\.)", r"\w{14}\.atlasv1\.[\w-]{60,70}"),
    ("age-secret-key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{58}"),
    ("linear-key", "lin_api_", r"[A-Za-z0-9]{40}"),
    ("postman-key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    ("grafana-token", "glsa_", r"[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}"),
    ("new-relic-key", "NRAK-", r"[A-Z0-9]{27}"),
)
_BOUNDARY = r"(?<![A-Za-z0-9])"
_PREFIX = re.compile(_BOUNDARY + "(?:" + "|".join(prefix for _, prefix, _ in _RULES) + ")", re.ASCII)
_TOKENS = [(kind, re.compile(_BOUNDARY + f"(?:{prefix})(?:{rest})", re.ASCII)) for kind, prefix, rest in _RULES]
# The secret half of an AWS pair has no prefix: 40 characters of base64, shortly after the identifier.
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_AWS_PAIR_DISTANCE = 200


def find_tokens(source: Source) -> Iterator[Finding]:
    """The tokens of known issuers."""
    text = source.text
    for start, end in _long_runs(source.lowered):
        for prefix in _PREFIX.finditer(text, start, end):
            for kind, pattern in _TOKENS:
                if (match := pattern.match(text, prefix.start())) and _is_drawn(match.group()):
                    yield Finding(kind, match.start(), match.end(), KEY)
                    if kind == "aws-access-key-id":
                        yield from _aws_secrets(text, match.end())
                    break


def _long_runs(lowered: bytes) -> Iterator[tuple[int, int]]:
    runs = lowered.translate(_RUNS)
    start = runs.find(_RUN)
    while start >= 0:
        end = runs.find(b" ", start)
        end = len(runs) if end < 0 else end
        yield start, end
        start = runs.find(_RUN, end)


def _is_drawn(token: str) -> bool:
    """Whether a token is more than its format: no row of x, no example."""
    return entropy(token) >= 2.8 and not is_placeholder(token)


def _aws_secrets(text: str, start: int) -> Iterator[Finding]:
    for match in _AWS_SECRET.finditer(text, start, start + _AWS_PAIR_DISTANCE):
        if entropy(match.group()) >= 4.0 and not is_placeholder(match.group()):
            yield Finding("aws-secret-key", match.start(), match.end(), KEY)
