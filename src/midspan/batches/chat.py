"""Conversations → packed rows with loss on the assistant's answers only."""

from __future__ import annotations

from collections.abc import Sequence

from midspan.batches.batch import Batch, Segment, pack_rows
from midspan.batches.packing import best_fit
from midspan.batches.randomness import shuffled
from midspan.errors import UserError
from midspan.tokens import Message, Tokenizer, encode_chat


def chat_segment(tokenizer: Tokenizer, messages: Sequence[Message]) -> Segment:
    """One conversation; the loss weight is 1 on every token of an answer, its `<|im_end|>` included, else 0."""
    tokens, answered = encode_chat(tokenizer, messages)
    return Segment(tokens, [float(answer) for answer in answered[1:]])


class ChatRows:
    """The packed rows of supervised fine-tuning. Row k is a pure function of (seed, k).

    Conversations longer than `context` are left out and counted in `too_long`; raises UserError if none fits.
    """

    def __init__(
        self, conversations: Sequence[Sequence[Message]], tokenizer: Tokenizer, *, context: int, seed: int
    ) -> None:
        segments = [chat_segment(tokenizer, messages) for messages in conversations]
        self.segments = [segment for segment in segments if segment.length <= context]
        self.too_long = len(segments) - len(self.segments)
        if not self.segments:
            raise UserError(f"no conversation fits into sft.context {context}; raise it")
        self.context, self.seed = context, seed
        self.rows = best_fit([segment.length for segment in self.segments], context)

    def __len__(self) -> int:
        """Rows in one epoch."""
        return len(self.rows)

    def batch(self, step: int, rows: int) -> Batch:
        """The rows of optimiser step `step` (from 0): [rows, context]."""
        drawn = range(step * rows, (step + 1) * rows)
        indices = [shuffled(k, len(self.rows), self.seed, "sft")[1] for k in drawn]
        return pack_rows([[self.segments[s] for s in self.rows[index]] for index in indices], self.context)
