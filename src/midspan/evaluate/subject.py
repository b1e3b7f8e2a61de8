"""The model under test: asked for completions, or for how likely it finds given texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from midspan.inference import Completion, Plain, Prompt, Sampling
from midspan.tokens import Message


class Subject(Protocol):
    """Whoever answers. It is opened when it is first asked."""

    @property
    def name(self) -> str:
        """What its results are called."""
        ...

    @property
    def can(self) -> frozenset[str]:
        """What it can be asked: "plain", "fill", "chat", "score"."""
        ...

    def answer(
        self, items: Sequence[Item], sampling: Sampling, on_progress: Callable[[int], None]
    ) -> Iterable[Answer | None]:
        """The answers as they come, in the items' order: all to prompts, or all scores; None where one does not fit."""
        ...


@dataclass(frozen=True)
class Text:
    """A text: how likely are the characters [start, end) of each span, after all that stands before them?"""

    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Candidates:
    """Several answers to one conversation: how likely is each?"""

    messages: Sequence[Message]
    answers: Sequence[str]


@dataclass(frozen=True)
class Likelihood:
    """The summed log-probability, in nats, of so many tokens."""

    logprob: float
    tokens: int

    @property
    def per_token(self) -> float:
        """The mean over its tokens."""
        return self.logprob / max(1, self.tokens)


Question = Prompt | Text | Candidates
Answer = Completion | tuple[Likelihood, ...]  # one likelihood for each span of a Text, for each of the Candidates


@dataclass(frozen=True)
class Item:
    """One thing to ask."""

    identifier: str
    cluster: str  # a file, a family of exercises: items of one cluster are not independent of each other
    prompt: Question
    group: str = ""  # the part of the benchmark that it belongs to
    expected: str = ""
    source: Any = None  # what else a verdict is made from
    sample: int = 0  # which of several answers to the same question
    plain: Plain | None = None  # what is asked in the place of a Chat, where the model cannot chat
