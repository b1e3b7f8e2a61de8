"""What clients may send: the fields of OpenAI's API that Midspan honours. Others are ignored."""

from __future__ import annotations

import secrets
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from midspan.inference import Sampling
from midspan.tokens import Message

MOST_CHOICES = 64  # prompts times `n` in one request

# OpenAI's default is 1. Editors that send no temperature want the likeliest code, and so does a small model.
DEFAULT_TEMPERATURE = 0.2


class StreamOptions(BaseModel):
    """`include_usage` asks for one more event, with the token counts."""

    include_usage: bool = False


class _Request(BaseModel):
    """Common to both endpoints. A null is a field left out: many clients send all fields they know."""

    model_config = ConfigDict(allow_inf_nan=False)

    temperature: float | None = Field(None, ge=0, le=100)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=-1)
    max_tokens: int | None = Field(None, ge=1)
    n: int | None = Field(None, ge=1, le=MOST_CHOICES)
    stop: str | list[str] | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def copies(self) -> int:
        """How many answers to each prompt."""
        return self.n or 1

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with the token counts."""
        return self.stream_options is not None and self.stream_options.include_usage

    def sampling(self, max_tokens: int) -> Sampling:
        """The settings for the engine; without a seed, one that nobody knows."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            max_tokens=max_tokens,
            temperature=DEFAULT_TEMPERATURE if self.temperature is None else self.temperature,
            top_k=max(self.top_k or 0, 0),  # some servers' "all" is -1
            top_p=self.top_p or 1.0,
            seed=secrets.randbits(63) if self.seed is None else self.seed,
            stop=tuple(stop),
        )


class CompletionRequest(_Request):
    """`/v1/completions`; a `suffix`, even an empty one, asks for the text between."""

    prompt: str | list[str]
    suffix: str | None = None
    echo: bool | None = None

    @property
    def prompts(self) -> list[str]:
        """The prompts, one or many."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt


class TextPart(BaseModel):
    """A piece of a message's content; pictures and sound are not understood."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None

    def message(self) -> Message:
        """The message as the chat template takes it."""
        content = self.content or ""
        text = content if isinstance(content, str) else "".join(part.text for part in content)
        return Message(role="system" if self.role == "developer" else self.role, content=text)


class ChatRequest(_Request):
    """`/v1/chat/completions`."""

    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=1)
