"""A wording that is looked for in prose, guarded by plain words so that most texts cost no regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """What a wording stands for.

    Wordings are matched against lower-case words and sentence ends joined by single spaces (words.py): no other
    punctuation, "license" spelt the American way, "|" where the words of a known licence text stood.
    """

    name: str  # the licence or restriction
    signs: tuple[str, ...]  # no wording is there without one of these
    pattern: re.Pattern[str]

    def places(self, sentence: str) -> Iterator[re.Match[str]]:
        """Where one of the wordings stands."""
        if any(sign in sentence for sign in self.signs):
            yield from self.pattern.finditer(sentence)


def phrase(name: str, signs: str, *wordings: str) -> Phrase:
    """A phrase with its signs separated by commas."""
    return Phrase(name, tuple(signs.split(",")), re.compile("|".join(wordings)))
