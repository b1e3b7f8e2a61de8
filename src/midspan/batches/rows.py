"""What a stage learns from: rows of segments, each a pure function of its number."""

from __future__ import annotations

from typing import Protocol

from midspan.batches.batch import Segment
from midspan.tokens import Tokenizer


class Rows(Protocol):
    """Code, conversations, pairs or a mixture of them.

    Row k is a pure function of (seed, stage, k): any process can make any row, so resuming is a matter of counting.
    """

    def __len__(self) -> int:
        """The rows of one epoch."""
        ...

    def row(self, k: int) -> list[Segment]:
        """The segments of row `k`, counted from 0 through all epochs."""
        ...


def beginning(tokenizer: Tokenizer) -> list[int]:
    """What a text begins with: what the family puts before every prompt, or else `<|endoftext|>`."""
    return tokenizer.opening or [tokenizer.end_of_text]
