"""What clients of OpenAI's protocol are answered: its objects, whole and as server-sent events."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from midspan.serve.events import event
from midspan.serve.protocols.openai_logprobs import in_chat, in_completions, likelihoods_of
from midspan.serve.service import Answered, Ask
from midspan.tokens import Tokenizer

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True)
class OpenAIReply:
    """What all objects of one answer share; the two kinds of answer differ in their choices."""

    model: str
    tokenizer: Tokenizer
    chat: bool
    include_usage: bool
    created: int = field(default_factory=lambda: int(time.time()))
    key: str = field(default_factory=lambda: secrets.token_hex(12))

    def whole(self, ask: Ask, answers: Sequence[Answered]) -> dict[str, Any]:
        """The answers in one object."""
        choices = []
        for index, made in enumerate(answers):
            content = {"message": {"role": "assistant", "content": made.text}} if self.chat else {"text": made.text}
            logprobs = self._logprobs(made, 0)
            choices.append({"index": index, **content, "logprobs": logprobs, "finish_reason": made.finish_reason})
        return {**self._head(chunk=False), "choices": choices, "usage": _usage(ask, answers)}

    def opening(self, choice: int) -> str:
        """The event with which an answer in a conversation begins: the speaker."""
        return self._chunk(choice, {"delta": {"role": "assistant", "content": ""}}, None, None) if self.chat else ""

    def delta(self, choice: int, answer: Answered) -> str:
        """The event or events of an answer's newest piece, and of its end."""
        piece = answer.pieces[-1]
        new = len(piece.prompt) + (piece.likelihood is not None)
        logprobs = self._logprobs(answer, len(likelihoods_of(answer)) - new) if new else None
        if not self.chat:
            said = piece.text or piece.finish_reason or new
            return self._chunk(choice, {"text": piece.text}, logprobs, piece.finish_reason) if said else ""
        more = self._chunk(choice, {"delta": {"content": piece.text}}, logprobs, None) if piece.text or new else ""
        return more + (self._chunk(choice, {"delta": {}}, None, piece.finish_reason) if piece.finish_reason else "")

    def closing(self, ask: Ask, answers: Sequence[Answered]) -> str:
        """The events that end a stream."""
        if not self.include_usage:
            return DONE
        return event({**self._head(chunk=True), "choices": [], "usage": _usage(ask, answers)}) + DONE

    def _logprobs(self, answer: Answered, start: int) -> dict[str, Any] | None:
        """The likelihoods from number `start` on; None where they are not asked for."""
        found = likelihoods_of(answer)
        if not found:
            return None
        return in_chat(self.tokenizer, found[start:]) if self.chat else in_completions(self.tokenizer, found, start)

    def _chunk(
        self, index: int, content: dict[str, Any], logprobs: dict[str, Any] | None, finish_reason: str | None
    ) -> str:
        choice = {"index": index, **content, "logprobs": logprobs, "finish_reason": finish_reason}
        # OpenAI: where usage was asked for, every chunk has the field.
        tail = {"usage": None} if self.include_usage else {}
        return event({**self._head(chunk=True), "choices": [choice], **tail})

    def _head(self, chunk: bool) -> dict[str, Any]:
        if self.chat:
            kind, name = "chat.completion.chunk" if chunk else "chat.completion", f"chatcmpl-{self.key}"
        else:
            kind, name = "text_completion", f"cmpl-{self.key}"
        return {"id": name, "object": kind, "created": self.created, "model": self.model}


def _usage(ask: Ask, answers: Sequence[Answered]) -> dict[str, int]:
    """Token counts of one request."""
    prompt, generated = ask.prompt_tokens, sum(len(made.tokens) for made in answers)
    return {"prompt_tokens": prompt, "completion_tokens": generated, "total_tokens": prompt + generated}
