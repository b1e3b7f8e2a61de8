"""One answer while it is made: what it says so far, and when it has said enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from midspan.inference.endings import SuffixMatcher
from midspan.inference.likelihood import Likelihood
from midspan.inference.prompts import Ids
from midspan.inference.sampling import Sampling, Uniforms
from midspan.inference.stopping import StopMatcher
from midspan.tokens import Detokenizer, Tokenizer

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Piece:
    """One generated token and the text that became certain with it; the last piece says why it is the last.

    Where nothing was to be generated, the only piece has no token. What is likely is told where `Sampling` asks for it.
    """

    text: str
    token: int | None
    finish_reason: FinishReason | None = None
    likelihood: Likelihood | None = None
    prompt: tuple[Likelihood, ...] = ()  # of the prompt's tokens, with the first piece
    ended: bool = False  # by a token of the model's, not by a stop string, a repetition or for its length


@dataclass(frozen=True)
class Completion:
    """What followed one prompt; `tokens` are all that were generated, the one that ended it included."""

    text: str
    tokens: list[int]
    finish_reason: FinishReason
    prompt_tokens: int
    ended: bool = False  # by a token of the model's, not by a stop string or for its length
    filled: bool = False  # it was asked with both sides of a cursor


def completion(prompt_tokens: int, pieces: Sequence[Piece]) -> Completion:
    """The whole of a finished stream of `pieces`."""
    reason = pieces[-1].finish_reason
    assert reason is not None, "the stream was cut short"
    text = "".join(piece.text for piece in pieces)
    tokens = [piece.token for piece in pieces if piece.token is not None]
    return Completion(text, tokens, reason, prompt_tokens, pieces[-1].ended)


class Answer:
    """The answer to prompt number `index`, in a model of so many `positions`."""

    def __init__(self, index: int, prompt: Ids, positions: int, tokenizer: Tokenizer, sampling: Sampling) -> None:
        self.index, self.prompt = index, prompt.tokens
        self.ahead = b"".join(map(tokenizer.bytes_of, prompt.taken))  # what it must still begin with
        self.uniforms = Uniforms(sampling.seed, index)
        self.likelihoods = [Likelihood(prompt.tokens[0], None)] if sampling.prompt_logprobs else []
        self.token, self.generated, self.finished = prompt.tokens[-1], 0, False
        # The last token of an answer is never read again, so it needs no position.
        self.most = min(sampling.max_tokens + len(self.ahead), positions - len(prompt.tokens) + 1)
        self._left = sampling.max_tokens
        self._tokenizer = tokenizer
        self._detokenizer = Detokenizer(tokenizer, prompt.tokens)
        self._matchers: list[StopMatcher | SuffixMatcher] = [StopMatcher(sampling.stop)]
        if sampling.stop_at_suffix and prompt.suffix.strip():
            self._matchers.append(SuffixMatcher(prompt.suffix, prompt.line))
        again = Detokenizer(tokenizer, prompt.tokens)
        self._unsaid = len("".join(map(again.push, prompt.taken)) + again.flush())  # characters that are the prompt's

    def nothing(self) -> Piece:
        """The only piece of an answer for which no token is wanted."""
        self.finished = True
        return Piece("", None, "length", prompt=tuple(self.likelihoods))

    def accept(self, token: int, likelihood: Likelihood | None = None) -> Piece | None:
        """Take the next token and say what text became certain with it; None for one that is the prompt's own text."""
        self.token, self.generated = token, self.generated + 1
        data = self._tokenizer.bytes_of(token) if self.ahead else b""
        repeats = 0 < len(data) <= len(self.ahead)
        self.ahead = self.ahead[len(data) :]
        self._left -= not repeats
        ended, last = token in self._tokenizer.ends, self._left == 0 or self.generated == self.most
        text = "" if ended else self._detokenizer.push(token)
        text += self._detokenizer.flush() if ended or last else ""
        text = self._certain(self._after_cursor(text), ended or last)
        stopped = ended or any(matcher.stopped for matcher in self._matchers)
        self.finished = stopped or last
        reason: FinishReason | None = "stop" if stopped else "length" if self.finished else None
        if repeats and not self.finished:
            return None
        prompt, self.likelihoods = tuple(self.likelihoods), []
        return Piece(text, token, reason, likelihood, prompt, ended)

    def _certain(self, text: str, last: bool) -> str:
        """What each matcher lets through goes to the next one."""
        for matcher in self._matchers:
            text = matcher.push(text)
            if not matcher.stopped:
                text += matcher.flush() if last else ""
            last = last or matcher.stopped
        return text

    def _after_cursor(self, text: str) -> str:
        unsaid = min(self._unsaid, len(text))
        self._unsaid -= unsaid
        return text[unsaid:]
