"""What the rules read and what they return."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

KEY, PASSWORD, EMAIL = "<KEY>", "<PASSWORD>", "<EMAIL>"
PHONE, CARD, IBAN, NUMBER = "<PHONE>", "<CARD>", "<IBAN>", "<NUMBER>"


@dataclass(frozen=True)
class Finding:
    """A secret: characters `start` to `end` of the text, and what stands there instead."""

    kind: str
    start: int
    end: int
    placeholder: str


@dataclass(frozen=True)
class Source:
    """A text, and its lower-case form of one byte per character, in which anchors are looked for at a GB/s."""

    text: str
    _found: dict[bytes, list[int]] = field(default_factory=dict)

    @cached_property
    def encoded(self) -> bytes:
        """The text, one byte for each character."""
        return self.text.encode("latin-1", "replace")

    @cached_property
    def lowered(self) -> bytes:
        return self.encoded.lower()

    def positions(self, anchor: bytes) -> list[int]:
        """Where the lower-case `anchor` stands in the text, in any case. Looked for once, whoever asks."""
        if anchor not in self._found:
            self._found[anchor] = found = []
            position = self.lowered.find(anchor)
            while position >= 0:
                found.append(position)
                position = self.lowered.find(anchor, position + len(anchor))
        return self._found[anchor]

    def line(self, start: int, end: int) -> str:
        """The line, at most 200 characters to either side, in which a span stands."""
        left = self.text.rfind("\n", max(0, start - 200), start) + 1
        right = self.text.find("\n", end, end + 200)
        return self.text[left or max(0, start - 200) : right if right >= 0 else end + 200]
