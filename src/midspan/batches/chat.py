"""Conversations → packed rows with loss on the assistant's answers only."""

from __future__ import annotations

from collections.abc import Sequence

from midspan.batches.batch import Segment
from midspan.batches.packing import best_fit_rows
from midspan.batches.randomness import shuffled
from midspan.errors import UserError
from midspan.tokens import Message, Tokenizer, encode_chat


def chat_segment(tokenizer: Tokenizer, messages: Sequence[Message]) -> Segment:
    """One conversation; the loss weight is 1 on every token of an answer, its `<|im_end|>` included, else 0."""
    tokens, answered = encode_chat(tokenizer, messages)
    return Segment(tokens, [float(answer) for answer in answered[1:]])


class ConversationRows:
    """The packed rows of conversations, each once an epoch.

    Conversations longer than `context` are left out and counted in `too_long`; raises UserError if none fits.
    """

    def __init__(
        self,
        conversations: Sequence[Sequence[Message]],
        tokenizer: Tokenizer,
        *,
        context: int,
        seed: int,
        stage: str,
    ) -> None:
        segments = [chat_segment(tokenizer, messages) for messages in conversations]
        self.segments = [segment for segment in segments if segment.length <= context]
        self.too_long = len(segments) - len(self.segments)
        if not self.segments:
            raise UserError(f"none of {len(segments)} conversations fits into a context of {context}: raise it")
        self.seed, self.stage = seed, stage
        self.rows = best_fit_rows([segment.length for segment in self.segments], context)

    def __len__(self) -> int:
        """The rows of one epoch."""
        return len(self.rows)

    def row(self, k: int) -> list[Segment]:
        """The conversations of row `k`."""
        _, index = shuffled(k, len(self.rows), self.seed, self.stage)
        return [self.segments[number] for number in self.rows[index]]
