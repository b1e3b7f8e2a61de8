"""What is read for a question, and which token counts for which of its likelihoods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from midspan.batches import Segment, chat_segment
from midspan.evaluate.subject import Candidates, Text
from midspan.tokens import Message, Tokenizer

NOTHING = -1  # the number of a token that counts for no likelihood


@dataclass(frozen=True)
class Counted:
    """A segment, and the number of the likelihood that each of its predicted tokens counts for."""

    segment: Segment
    numbers: Sequence[int]


def windows(tokenizer: Tokenizer, question: Text, context: int) -> Iterator[Counted]:
    """The windows of a text that have tokens which count, each token for the first span that it is in."""
    opening = (tokenizer.opening or [tokenizer.end_of_text])[-1]
    placed = tokenizer.encode_at(question.text)
    numbers = [first_span(start, stop, question.spans) for _, start, stop in placed]
    for first in range(0, len(placed), context):
        window = slice(first, first + context)
        weights = [float(number != NOTHING) for number in numbers[window]]
        if any(weights):
            yield Counted(Segment([opening, *(token for token, _, _ in placed[window])], weights), numbers[window])


def first_span(start: int, stop: int, spans: Sequence[tuple[int, int]]) -> int:
    """The number of the first span that some of the characters [start, stop) are in."""
    return next((number for number, (begin, end) in enumerate(spans) if start < end and begin < stop), NOTHING)


def conversations(tokenizer: Tokenizer, question: Candidates) -> list[Counted]:
    """Each candidate after the conversation; its tokens count."""
    found = []
    for number, answer in enumerate(question.answers):
        segment = chat_segment(tokenizer, [*question.messages, Message(role="assistant", content=answer)])
        weights = segment.loss_weight or [1.0] * segment.length
        found.append(Counted(segment, [number if weight else NOTHING for weight in weights]))
    return found
