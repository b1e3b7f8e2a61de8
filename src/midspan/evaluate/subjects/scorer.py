"""How likely a model that runs here finds texts, and answers to conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from midspan.batches import Segment, chat_segment, pack_pairs
from midspan.compute import compute_dtype
from midspan.evaluate.subject import Candidates, Likelihood, Question, Text
from midspan.inference import Engine
from midspan.inference.engine import WeightsFormat
from midspan.tokens import Message
from midspan.train import sequence_logprobs

ROWS = 8  # rows in one forward pass


@dataclass(frozen=True)
class Scorer:
    """Reads texts in windows of `context` tokens; conversations may fill all of the model's positions."""

    engine: Engine
    context: int
    precision: WeightsFormat

    @torch.inference_mode()
    def likelihoods(
        self, questions: Sequence[Question], on_progress: Callable[[int], None]
    ) -> Iterator[tuple[Likelihood, ...] | None]:
        """Of each text, or of each of its candidates; None where one of them does not fit."""
        asked = [self._segments(question) for question in questions]
        flat = [segment for parts in asked for part in parts for segment in part]
        sums = iter(self._sums(flat))
        for done, parts in enumerate(asked):
            likelihoods = [
                Likelihood(sum(next(sums) for _ in part), sum(int(sum(_weights(one))) for one in part))
                for part in parts
            ]
            on_progress(done + 1)
            yield tuple(likelihoods) or None

    def _segments(self, question: Question) -> list[list[Segment]]:
        """The segments whose log-probabilities together are each candidate's; nothing where one does not fit."""
        tokenizer = self.engine.tokenizer
        if isinstance(question, Text):
            return [list(self._windows(question))]
        assert isinstance(question, Candidates)
        turns = [[*question.messages, Message(role="assistant", content=answer)] for answer in question.answers]
        segments = [chat_segment(tokenizer, turn) for turn in turns]
        fit = all(segment.length <= self.engine.positions for segment in segments)
        return [[segment] for segment in segments] if fit else []

    def _windows(self, question: Text) -> Iterator[Segment]:
        """The windows of a text that have tokens which count."""
        tokenizer = self.engine.tokenizer
        opening = (tokenizer.opening or [tokenizer.end_of_text])[-1]
        placed = tokenizer.encode_at(question.text)
        counts = [any(start < end and begin < stop for begin, end in question.spans) for _, start, stop in placed]
        for first in range(0, len(placed), self.context):
            window = slice(first, first + self.context)
            if any(counts[window]):
                yield Segment([opening, *(token for token, _, _ in placed[window])], list(map(float, counts[window])))

    def _sums(self, segments: Sequence[Segment]) -> Iterator[float]:
        """The log-probability of each segment's supervised tokens, several packed into a row."""
        width = max([self.context, *(segment.length for segment in segments)])
        dtype = compute_dtype(self.precision, self.engine.device)
        for part in _parts(segments, ROWS * width):
            packed = pack_pairs([part], width).to(self.engine.device)
            yield from sequence_logprobs(self.engine.decoder, packed, dtype).tolist()


def _weights(segment: Segment) -> Sequence[float]:
    return [1.0] * segment.length if segment.loss_weight is None else segment.loss_weight


def _parts(segments: Sequence[Segment], most: int) -> Iterator[list[Segment]]:
    """Consecutive segments of at most `most` positions together."""
    part: list[Segment] = []
    used = 0
    for segment in segments:
        if part and used + segment.length > most:
            yield part
            part, used = [], 0
        part.append(segment)
        used += segment.length
    if part:
        yield part
