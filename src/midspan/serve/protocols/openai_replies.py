"""What the server answers: OpenAI's objects, whole and as server-sent events."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from midspan.inference import Completion
from midspan.serve.events import event
from midspan.serve.service import Ask


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Token counts of one request."""
    total = prompt_tokens + completion_tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total}


DONE = "data: [DONE]\n\n"


@dataclass
class OpenAIReply:
    """What all objects of one answer share; the two kinds of answer differ in their choices."""

    model: str
    chat: bool
    include_usage: bool
    created: int = field(default_factory=lambda: int(time.time()))
    key: str = field(default_factory=lambda: secrets.token_hex(12))

    def whole(self, ask: Ask, completions: Sequence[Completion]) -> dict[str, Any]:
        """The answer in one object."""
        choices = []
        for index, made in enumerate(completions):
            text = ask.echo(index) + made.text
            content = {"message": {"role": "assistant", "content": text}} if self.chat else {"text": text}
            choices.append({"index": index, **content, "logprobs": None, "finish_reason": made.finish_reason})
        generated = sum(len(made.tokens) for made in completions)
        return {**self._head(chunk=False), "choices": choices, "usage": usage(ask.prompt_tokens, generated)}

    def opening(self, index: int, echo: str) -> str | None:
        """The event with which choice `index` begins, if it has one: the speaker, or the prompt again."""
        if self.chat:
            return self._chunk(index, {"delta": {"role": "assistant", "content": ""}}, None)
        return self.delta(index, echo, None) if echo else None

    def delta(self, index: int, text: str, finish_reason: str | None) -> str:
        """The event or events of more text for choice `index`, and of its end."""
        if not self.chat:
            return self._chunk(index, {"text": text}, finish_reason)
        more = self._chunk(index, {"delta": {"content": text}}, None) if text else ""
        return more + (self._chunk(index, {"delta": {}}, finish_reason) if finish_reason else "")

    def closing(self, prompt_tokens: int, completion_tokens: int) -> str:
        """The events that end a stream."""
        if not self.include_usage:
            return DONE
        counts = usage(prompt_tokens, completion_tokens)
        return event({**self._head(chunk=True), "choices": [], "usage": counts}) + DONE

    def _chunk(self, index: int, content: dict[str, Any], finish_reason: str | None) -> str:
        choice = {"index": index, **content, "logprobs": None, "finish_reason": finish_reason}
        # OpenAI: where usage was asked for, every chunk has the field.
        tail = {"usage": None} if self.include_usage else {}
        return event({**self._head(chunk=True), "choices": [choice], **tail})

    def _head(self, chunk: bool) -> dict[str, Any]:
        if self.chat:
            kind, name = "chat.completion.chunk" if chunk else "chat.completion", f"chatcmpl-{self.key}"
        else:
            kind, name = "text_completion", f"cmpl-{self.key}"
        return {"id": name, "object": kind, "created": self.created, "model": self.model}
