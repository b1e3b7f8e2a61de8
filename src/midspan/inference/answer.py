"""One answer while it is made: what it says so far, and when it has said enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from midspan.inference.sampling import Sampling, Uniforms
from midspan.inference.stopping import StopMatcher
from midspan.tokens import Detokenizer, Tokenizer

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Piece:
    """One generated token and the text that became certain with it; the last piece says why it is the last."""

    text: str
    token: int
    finish_reason: FinishReason | None = None


@dataclass(frozen=True)
class Completion:
    """What followed one prompt; `tokens` are all that were generated, the one that ended it included."""

    text: str
    tokens: list[int]
    finish_reason: FinishReason
    prompt_tokens: int


def completion(prompt_tokens: int, pieces: Sequence[Piece]) -> Completion:
    """The whole of a finished stream of `pieces`."""
    reason = pieces[-1].finish_reason
    assert reason is not None, "the stream was cut short"
    text = "".join(piece.text for piece in pieces)
    return Completion(text, [piece.token for piece in pieces], reason, prompt_tokens)


class Answer:
    """The answer to prompt number `index`: at most `limit` tokens."""

    def __init__(self, index: int, prompt: list[int], limit: int, tokenizer: Tokenizer, sampling: Sampling) -> None:
        self.index, self.prompt, self.limit = index, prompt, limit
        self.uniforms = Uniforms(sampling.seed, index)
        self.token, self.generated, self.finished = prompt[-1], 0, False
        self._ends = tokenizer.ends
        self._detokenizer = Detokenizer(tokenizer, prompt)
        self._stops = StopMatcher(sampling.stop)

    @property
    def position(self) -> int:
        """Where the newest token stands; a finished answer, still in the batch, scribbles over its own slot 0."""
        return 0 if self.finished else len(self.prompt) + self.generated - 1

    def accept(self, token: int) -> Piece:
        """Take the next token and say what text became certain with it."""
        self.token, self.generated = token, self.generated + 1
        ended = token in self._ends
        text = "" if ended else self._stops.push(self._detokenizer.push(token))
        if not self._stops.stopped and (ended or self.generated == self.limit):
            text += self._stops.push(self._detokenizer.flush())
            text += "" if self._stops.stopped else self._stops.flush()
        ended = ended or self._stops.stopped
        self.finished = ended or self.generated == self.limit
        reason: FinishReason | None = "stop" if ended else "length" if self.finished else None
        return Piece(text, token, reason)
