"""What the rules read and what they return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ahocorasick_rs import BytesAhoCorasick

KEY, PASSWORD, EMAIL = "<KEY>", "<PASSWORD>", "<EMAIL>"
PHONE, CARD, IBAN, NUMBER = "<PHONE>", "<CARD>", "<IBAN>", "<NUMBER>"
_WINDOW = 1 << 20  # bytes: each match is an object of its own until the window is done


@dataclass(frozen=True)
class Finding:
    """A secret: characters `start` to `end` of the text, and what stands there instead."""

    kind: str
    start: int
    end: int
    placeholder: str


class Anchors:
    """Literals in lower case without which no rule can match: one pass finds them all (Aho and Corasick, 1975)."""

    def __init__(self, literals: Iterable[bytes]) -> None:
        self.literals = sorted(set(literals))
        self._automaton = BytesAhoCorasick(self.literals)
        self._longest = max(map(len, self.literals))

    def positions(self, lowered: bytes) -> dict[bytes, list[int]]:
        """Where each literal stands; it does not overlap itself."""
        found: list[list[int]] = [[] for _ in self.literals]
        ends = [0] * len(found)
        for first in range(0, len(lowered), _WINDOW):
            window = lowered[first : first + _WINDOW + self._longest - 1]
            for number, start, end in self._automaton.find_matches_as_indexes(window, overlapping=True):
                if start < _WINDOW and first + start >= ends[number]:
                    found[number].append(first + start)
                    ends[number] = first + end
        return dict(zip(self.literals, found, strict=True))


@dataclass(frozen=True)
class Source:
    """A text, and its lower-case form of one byte per character, in which the anchors of all rules are looked for."""

    text: str
    anchors: Anchors

    @cached_property
    def encoded(self) -> bytes:
        """The text, one byte for each character."""
        return self.text.encode("latin-1", "replace")

    @cached_property
    def lowered(self) -> bytes:
        return self.encoded.lower()

    @cached_property
    def positions(self) -> dict[bytes, list[int]]:
        """Where each anchor stands in the text, in any case."""
        return self.anchors.positions(self.lowered)

    def line(self, start: int, end: int) -> str:
        """The line, at most 200 characters to either side, in which a span stands."""
        left = self.text.rfind("\n", max(0, start - 200), start) + 1
        right = self.text.find("\n", end, end + 200)
        return self.text[left or max(0, start - 200) : right if right >= 0 else end + 200]
