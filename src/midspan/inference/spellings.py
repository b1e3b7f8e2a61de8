"""The tokens of a vocabulary by their bytes: which ones a text that must begin in a given way may begin with."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import torch
from torch import Tensor

from midspan.tokens import Tokenizer


class Spellings:
    """Every token of `tokenizer` that stands for bytes, in the order of those bytes."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        spelled = [(tokenizer.bytes_of(token), token) for token in range(tokenizer.vocabulary_size)]
        spelled = sorted(pair for pair in spelled if pair[0])
        self._bytes = [data for data, _ in spelled]
        self._tokens = torch.tensor([token for _, token in spelled])
        self.longest = max(map(len, self._bytes), default=0)

    def allowed(self, ahead: bytes) -> Tensor:
        """The tokens with which a text may begin that must begin with `ahead`.

        Those that begin with all of it, and those that are a part of it after which the rest can still be spelled.
        """
        found = [self._starting_with(ahead), *(self._spelling(ahead[:end]) for end in self._ends(ahead))]
        return torch.cat([self._tokens[place] for place in found])

    def go_on(self, data: bytes) -> bool:
        """Whether a token begins with `data` and does not end there."""
        found = self._starting_with(data)
        return bool(bisect_right(self._bytes, data) < found.stop)

    def _ends(self, ahead: bytes) -> list[int]:
        """Where a first token of `ahead` may end within it, so that tokens can spell the rest."""
        size = len(ahead)
        spelled = {size}  # the places from which the rest can be spelled; a last token may reach beyond the end
        for start in range(size - 1, 0, -1):
            through = any(self._has(ahead[start:end]) for end in range(start + 1, size + 1) if end in spelled)
            if through or self.go_on(ahead[start:]):
                spelled.add(start)
        return [end for end in range(1, size) if end in spelled]

    def _has(self, data: bytes) -> bool:
        found = self._spelling(data)
        return bool(found.start < found.stop)

    def _spelling(self, data: bytes) -> slice:
        return slice(bisect_left(self._bytes, data), bisect_right(self._bytes, data))

    def _starting_with(self, data: bytes) -> slice:
        return slice(bisect_left(self._bytes, data), bisect_right(self._bytes, data + b"\xff" * self.longest))
