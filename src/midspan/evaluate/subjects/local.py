"""A model that runs here, in Midspan's own engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import torch

from midspan.batches import Segment, chat_segment, pack_pairs
from midspan.compute import compute_dtype
from midspan.evaluate.subject import Answer, Candidates, Item, Likelihood, Question, Text
from midspan.inference import (
    Chat,
    Completion,
    Engine,
    Fill,
    Ids,
    Plain,
    Prompt,
    PromptTooLongError,
    Sampling,
    at_cursor,
    prompt_kinds,
)
from midspan.inference.engine import WeightsFormat
from midspan.model import ModelFacts
from midspan.tokens import Message, open_tokenizer
from midspan.train import sequence_logprobs

ROWS = 8  # rows in one forward pass
Key = tuple[tuple[int, ...], tuple[int, ...], str, str]  # what is asked


@dataclass(frozen=True)
class Local:
    """The model at `place`. Texts are read in windows of `window` tokens, conversations may fill all positions."""

    name: str
    place: Path
    window: int | None  # None: all of its positions
    precision: WeightsFormat
    _answered: dict[Sampling, dict[Key, Completion]] = field(default_factory=dict)

    @cached_property
    def can(self) -> frozenset[str]:
        """Its kinds of prompt (`prompt_kinds`), and how likely it finds a text; known without its weights."""
        return prompt_kinds(open_tokenizer(self.place), ModelFacts.read(self.place).layout) | {"score"}

    @cached_property
    def engine(self) -> Engine:
        """The model, read when it is first asked."""
        return Engine.open(self.place, weights=self.precision)

    @property
    def context(self) -> int:
        """The tokens of a window."""
        return min(self.window or self.engine.positions, self.engine.positions)

    def answer(
        self, items: Sequence[Item], sampling: Sampling, on_progress: Callable[[int], None]
    ) -> list[Answer | None]:
        """The answer to each item, either all prompts or all to be scored; None where it does not fit."""
        questions = [item.prompt for item in items]
        if all(isinstance(question, Text | Candidates) for question in questions):
            return list(self.likelihoods(questions, on_progress))
        asked = [self._ids(question, sampling.max_tokens) for question in questions]
        # What is asked twice is answered once.
        answers = self._answered.setdefault(sampling, {})
        distinct = {_key(ids): ids for ids in asked if ids and _key(ids) not in answers}
        answers |= zip(distinct, self.engine.complete([*distinct.values()], sampling, on_progress), strict=True)
        filled = [isinstance(question, Fill) and "fill" in self.engine.can for question in questions]
        pairs = zip(asked, filled, strict=True)
        return [replace(answers[_key(ids)], filled=both) if ids else None for ids, both in pairs]

    def _ids(self, prompt: Question, max_tokens: int) -> Ids | None:
        assert not isinstance(prompt, Text | Candidates)
        read: Prompt = prompt
        if isinstance(prompt, Fill) and "fill" not in self.engine.can:
            read = Plain(prompt.prefix, cut=True)
        try:
            ids = self.engine.ids(read, max_tokens, None if isinstance(prompt, Chat) else self.context)
        except PromptTooLongError:
            return None
        # Where an answer may end is known to whoever asks, whatever the model reads.
        return at_cursor(ids, prompt) if isinstance(prompt, Fill) else ids

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


def _key(ids: Ids) -> Key:
    return tuple(ids.tokens), tuple(ids.taken), ids.suffix, ids.line


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
