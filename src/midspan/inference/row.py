"""One row of a batch: what it says so far, and when it has said enough."""

from __future__ import annotations

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


class Row:
    """One sequence of the batch: where it is, what it says so far, and whether it has ended."""

    def __init__(
        self, index: int, prompt: list[int], limit: int, tokenizer: Tokenizer, sampling: Sampling, ends: frozenset[int]
    ) -> None:
        self.index, self.prompt, self.limit = index, prompt, limit
        self.uniforms = Uniforms(sampling.seed, index)
        self.token, self.generated, self.finished = prompt[-1], 0, False
        self._ends = ends
        self._detokenizer = Detokenizer(tokenizer, prompt)
        self._stops = StopMatcher(sampling.stop)

    @property
    def position(self) -> int:
        """Where the newest token stands; a finished row, still in the batch, scribbles over its own slot 0."""
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


def end_tokens(tokenizer: Tokenizer) -> frozenset[int]:
    """The ids that end an answer: the end of the text or of the turn, and the markers of FIM and of files."""
    return tokenizer.ends
