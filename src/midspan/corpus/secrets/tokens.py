"""Keys that their issuer marks with a prefix.

All of them hold a run of at least 16 characters of [A-Za-z0-9_-] or of base64. One search for such runs, at memory
speed, is the gate of all rules together, so that another rule costs next to nothing. The formats are in issuers.py.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from midspan.corpus.secrets.issuers import ENDINGS, ISSUERS
from midspan.corpus.secrets.source import KEY, Finding, Source
from midspan.corpus.secrets.values import entropy, is_placeholder

LEAST_RUN = 16
_TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_-"
_RUNS = bytes(ord("#") if chr(byte) in _TOKEN_CHARACTERS + "+/" else ord(" ") for byte in range(256))
_RUN = b"#" * LEAST_RUN
_WORD_BEGINS, _WORD_ENDS = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"

# The secret half of an AWS pair has no prefix: 40 characters of base64, shortly after the identifier.
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_AWS_PAIR_DISTANCE = 200


@dataclass(frozen=True)
class TokenRule:
    """A prefix of an issuer: a mark before the run of token characters, and a head that the run begins with."""

    kind: str
    mark: str
    head: str
    rest: str

    @property
    def begins(self) -> str:
        before = f"(?<={re.escape(self.mark)})" if self.mark else _WORD_BEGINS
        return before + re.escape(self.head)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Made when it is first tried: most of three hundred never are."""
        return re.compile(f"{self.begins}(?:{self.rest}){_WORD_ENDS}", re.ASCII)


def _split(prefix: str) -> tuple[str, str]:
    mark = len(prefix.rstrip(_TOKEN_CHARACTERS))
    return prefix[:mark], prefix[mark:]


RULES = [TokenRule(kind, *_split(prefix), rest) for kind, prefixes, rest in ISSUERS for prefix in prefixes.split()]


def _gate(rules: Sequence[TokenRule]) -> re.Pattern[str]:
    """Matches where a token may begin, and the longest head there; by first letters, as there are two hundred heads."""
    marked = sorted({rule.begins for rule in rules if rule.mark})
    heads = sorted({rule.head for rule in rules if not rule.mark})
    letters = []
    for letter, group in groupby(heads, key=lambda head: head[0]):
        tails = "|".join(re.escape(head[1:]) for head in sorted(group, key=len, reverse=True))
        letters.append(f"{re.escape(letter)}(?:{tails})")
    ends = "".join(sorted({rule.mark[-1] for rule in rules if rule.mark}))
    after_mark = f"(?<=[{re.escape(ends)}])(?:{'|'.join(marked)})|" if marked else ""
    return re.compile(f"{after_mark}{_WORD_BEGINS}(?:{'|'.join(letters)})", re.ASCII)


def _candidates() -> dict[str, list[TokenRule]]:
    """The rules to try, in the order of the table, where the gate found a head: those of each beginning of it, too."""
    return {
        head: [rule for rule in RULES if rule.head == head or (rule.head and head.startswith(rule.head))]
        for head in {rule.head for rule in RULES}
    }


# Most long runs are names and hold no digit; tokens without one begin like these, which are short or all letters.
_DIGIT = re.compile("[0-9]")
_LETTERS_ALONE = ("hf_", "api_org_", "AKIA", "ASIA", "LTAI", "npg_", "rnd_", "AVNS_")
_ENDINGS = "|".join(f"(?P<{kind.replace('-', '_')}>{pattern})" for kind, pattern in ENDINGS)
_ENDING = re.compile(f"{_WORD_BEGINS}(?:{_ENDINGS}){_WORD_ENDS}", re.ASCII)
_GATE, _CANDIDATES = _gate(RULES), _candidates()
_GATE_OF_LETTERS = re.compile(
    "[/+-]{0,3}(?:" + _gate([rule for rule in RULES if rule.head in _LETTERS_ALONE]).pattern + ")"
)


def find_tokens(source: Source) -> Iterator[Finding]:
    """The tokens of known issuers."""
    text = source.text
    for start, end in _long_runs(source.lowered):
        if not _DIGIT.search(text, start, end):
            if not _GATE_OF_LETTERS.match(text, start):
                continue
        elif ending := _ENDING.search(text, start, end):
            yield Finding(str(ending.lastgroup).replace("_", "-"), ending.start(), ending.end(), KEY)
        for head in _GATE.finditer(text, start, end):
            for rule in _CANDIDATES[head.group()]:
                if (match := rule.compiled.match(text, head.start())) and _is_drawn(match.group()):
                    yield Finding(rule.kind, match.start(), match.end(), KEY)
                    if rule.kind == "aws-access-key-id":
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
