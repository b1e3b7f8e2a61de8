"""How likely a model that runs here finds texts, and answers to conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from midspan.batches import Segment, pack_pairs
from midspan.compute import compute_dtype
from midspan.evaluate.subject import Candidates, Likelihood, Text
from midspan.evaluate.subjects.counted import NOTHING, Counted, conversations, windows
from midspan.inference import Engine
from midspan.inference.engine import WeightsFormat
from midspan.train import batch_logprobs

ROWS = 8  # rows in one forward pass …
SCORES = 8 << 24  # … and fewer where they are long: a mask has a number for each pair of a row's positions
NARROWEST = 2048  # positions of a row into which short texts are packed


@dataclass(frozen=True)
class Scorer:
    """Reads texts in windows of `context` tokens; conversations may fill all of the model's positions."""

    engine: Engine
    context: int
    precision: WeightsFormat

    @torch.inference_mode()
    def likelihoods(
        self, questions: Sequence[Text | Candidates], on_progress: Callable[[int], None]
    ) -> Iterator[tuple[Likelihood, ...] | None]:
        """Of each span of a text, or of each candidate; None where one of them does not fit. All is read once."""
        asked = [self._read(question) for question in questions]
        logprobs = self._logprobs([part.segment for parts in asked for part in parts or ()])
        for done, (question, parts) in enumerate(zip(questions, asked, strict=True)):
            count = len(question.spans if isinstance(question, Text) else question.answers)
            sums, tokens = [0.0] * count, [0] * count
            for part in parts or ():
                for number, logprob in zip(part.numbers, next(logprobs), strict=True):
                    if number != NOTHING:
                        sums[number] += logprob
                        tokens[number] += 1
            on_progress(done + 1)
            yield None if parts is None else tuple(map(Likelihood, sums, tokens))

    def _read(self, question: Text | Candidates) -> list[Counted] | None:
        """What is read for one question; None where a candidate does not fit."""
        if isinstance(question, Text):
            return list(windows(self.engine.tokenizer, question, self.context))
        found = conversations(self.engine.tokenizer, question)
        return found if all(one.segment.length <= self.engine.positions for one in found) else None

    def _logprobs(self, segments: Sequence[Segment]) -> Iterator[list[float]]:
        """The log-probability of each token of a segment, 0 where none is asked for; several packed into a row."""
        width = max([min(self.context, NARROWEST), *(segment.length for segment in segments)])
        rows = max(1, min(ROWS, SCORES // width**2))
        dtype = compute_dtype(self.precision, self.engine.device)
        for part in _parts(segments, rows * width):
            packed = pack_pairs([part], width).to(self.engine.device)
            logprobs = batch_logprobs(self.engine.decoder, packed.batch, dtype)  # [batch, sequence]
            yield from (logprobs[packed.sequences == number].tolist() for number in range(len(part)))


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
