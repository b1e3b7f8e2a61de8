"""A model that runs here, in Midspan's own engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from midspan.evaluate.families import Family
from midspan.evaluate.subject import Answer, Candidates, Item, Question, Text
from midspan.evaluate.subjects.scorer import Scorer
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
from midspan.tokens import Tokenizer, open_tokenizer

Key = tuple[tuple[int, ...], tuple[int, ...], str, str]  # what is asked


@dataclass(frozen=True)
class Local:
    """The model at `place`. Texts are read in windows of `window` tokens, conversations may fill all positions."""

    name: str
    place: Path
    window: int | None  # None: all of its positions
    precision: WeightsFormat
    family: Family | None = None  # whose chat template is taken where the tokenizer has none
    _answered: dict[Sampling, dict[Key, Completion]] = field(default_factory=dict)

    @cached_property
    def can(self) -> frozenset[str]:
        """Its kinds of prompt (`prompt_kinds`), and how likely it finds a text; known without its weights."""
        tokenizer = self._conversing(open_tokenizer(self.place))
        return prompt_kinds(tokenizer, ModelFacts.read(self.place).layout) | {"score"}

    @cached_property
    def engine(self) -> Engine:
        """The model, read when it is first asked."""
        engine = Engine.open(self.place, weights=self.precision)
        self._conversing(engine.tokenizer)
        return engine

    def _conversing(self, tokenizer: Tokenizer) -> Tokenizer:
        """The tokenizer, with its family's chat template where it has none."""
        if tokenizer.chat_template is None and self.family and self.family.chat:
            tokenizer.chat_template = self.family.chat
        return tokenizer

    @property
    def context(self) -> int:
        """The tokens of a window."""
        return min(self.window or self.engine.positions, self.engine.positions)

    def answer(
        self, items: Sequence[Item], sampling: Sampling, on_progress: Callable[[int], None]
    ) -> list[Answer | None]:
        """The answer to each item, either all prompts or all to be scored; None where it does not fit."""
        questions = [item.prompt for item in items]
        scored = [question for question in questions if isinstance(question, Text | Candidates)]
        if len(scored) == len(questions):
            return list(Scorer(self.engine, self.context, self.precision).likelihoods(scored, on_progress))
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


def _key(ids: Ids) -> Key:
    return tuple(ids.tokens), tuple(ids.taken), ids.suffix, ids.line
