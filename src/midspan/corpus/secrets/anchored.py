"""Rules that are tried only where a literal stands, which one pass over the text finds for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from midspan.corpus.secrets.source import KEY, Finding, Source
from midspan.corpus.secrets.values import entropy, is_placeholder

_BACK = 250  # characters that what precedes an anchor may have


def is_drawn(value: str) -> bool:
    """Whether `value` is no row of x and no example."""
    return entropy(value) >= 3.0 and not is_placeholder(value)


@dataclass(frozen=True)
class AnchoredRule:
    """A pattern that begins with `anchor`, one that must end right before it; their last group is the secret."""

    kind: str
    anchor: bytes
    pattern: str
    is_secret: Callable[[str], bool] = is_drawn
    placeholder: str = KEY
    before: str = ""

    @cached_property
    def compiled(self) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
        flags = re.IGNORECASE | re.ASCII
        return re.compile(self.pattern, flags), re.compile(rf"(?:{self.before})\Z", flags) if self.before else None


ByAnchor = list[tuple[bytes, list[AnchoredRule]]]


def by_anchor(rules: Sequence[AnchoredRule]) -> ByAnchor:
    """The rules by their anchor, each in the order of the table."""
    grouped = groupby(sorted(rules, key=lambda rule: rule.anchor), key=lambda rule: rule.anchor)
    return [(anchor, list(group)) for anchor, group in grouped]


def find_anchored(source: Source, anchored: ByAnchor) -> Iterator[Finding]:
    """What the rules find."""
    text = source.text
    for anchor, rules in anchored:
        for position in source.positions[anchor]:
            for rule in rules:
                pattern, before = rule.compiled
                match = pattern.match(text, position)
                if not match:
                    continue
                earlier = before.search(text, max(0, position - _BACK), position) if before else match
                if not earlier:
                    continue
                start, end = _span(match, earlier)
                if rule.is_secret(text[start:end]):
                    yield Finding(rule.kind, start, end, rule.placeholder)


def _span(match: re.Match[str], earlier: re.Match[str]) -> tuple[int, int]:
    """Of the last group that matched; without one, all that was matched."""
    for one in (match, earlier):
        if one.lastindex:
            return one.span(one.lastindex)
    return earlier.start(), match.end()
