"""What clients of OpenAI's protocol may send.

What would change the meaning of an answer and is not honoured is refused, with what to do instead; what would not
(`user`, `store`, `metadata`, `prediction`, …), or is not OpenAI's, is ignored.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from midspan.inference import Sampling
from midspan.serve.body import Body, only
from midspan.serve.protocols.fields import DEFAULT_TEMPERATURE, NO_GRAMMAR, NO_LIMIT, OtherFile, Prompts, Stop, Unheld
from midspan.serve.service import MOST_CHOICES
from midspan.tokens import Message

COMPLETION_TOKENS = 16  # OpenAI's default where a completion request names no max_tokens
CHAT_TOKENS = 1024

NO_TOOLS = 'this model calls no tools; send "none" or "auto" and it answers in words'

# `false` for "none": the field is a number in one endpoint and a truth value in the other, and clients mix them up.
TopLogprobs = Annotated[
    Annotated[int, Field(ge=0, le=5)] | None, BeforeValidator(lambda count: None if count is False else count)
]
Penalty = Annotated[float | None, only(0, instead="repetition is not punished; leave it out")]


class StreamOptions(Body):
    """`include_usage` asks for one more event, with the token counts."""

    include_usage: bool = False


class _Request(Body):
    """Common to both endpoints."""

    temperature: float = Field(DEFAULT_TEMPERATURE, ge=0, le=100)
    top_p: float = Field(1.0, ge=0, le=1)
    top_k: int = Field(0, ge=-1)
    max_tokens: int | None = Field(None, ge=NO_LIMIT)
    n: int = Field(1, ge=1, le=MOST_CHOICES)
    stop: Stop = Field(default_factory=list)
    seed: int | None = None
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()

    presence_penalty: Penalty = None
    frequency_penalty: Penalty = None
    logit_bias: Annotated[Any, only({}, [], instead="no token is made more or less likely; leave it out")] = None
    # How vLLM and llama.cpp spell the demand for a format.
    grammar: Unheld = None
    json_schema: Unheld = None
    guided_json: Unheld = None
    guided_regex: Unheld = None
    guided_choice: Unheld = None
    guided_grammar: Unheld = None
    structured_outputs: Unheld = None

    def sampling(self, max_tokens: int, logprobs: int | None, prompt_logprobs: bool = False) -> Sampling:
        """The settings for the engine; without a seed, one that nobody knows."""
        return Sampling(
            max_tokens=max_tokens,
            temperature=self.temperature,
            top_k=max(self.top_k, 0),  # some servers' "all" is -1
            top_p=self.top_p,
            seed=secrets.randbits(63) if self.seed is None else self.seed,
            stop=tuple(self.stop),
            stop_at_suffix=True,
            logprobs=logprobs,
            prompt_logprobs=prompt_logprobs,
        )


class CompletionRequest(_Request):
    """`/v1/completions`; a `suffix`, even an empty one, asks for the text between.

    `input_extra`, other open files as llama.cpp's `/infill` takes them, is no field of OpenAI's; it goes with a suffix.
    """

    prompt: Prompts
    suffix: str | None = None
    input_extra: list[OtherFile] = Field(default_factory=list)
    echo: bool = False
    logprobs: TopLogprobs = None
    best_of: int | None = None

    @field_validator("best_of")
    @classmethod
    def _no_more_than_asked(cls, best_of: int, info: ValidationInfo) -> int:
        if best_of != info.data.get("n", best_of):
            raise ValueError("only as many answers are made as are wanted; leave it out, or send the value of n")
        return best_of


def _text(content: Any) -> Any:
    """A message's content, of which the parts are joined where it has any. ValueError for a part that is no text."""
    if not isinstance(content, list):
        return content
    for number, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != "text" or not isinstance(part.get("text"), str | None):
            what = (
                "has a text that is none" if kind == "text" else f"is of the type {kind!r}" if kind else "has no type"
            )
            raise ValueError(f'part {number} {what}; this model reads text alone: send {{"type": "text", "text": …}}')
    return "".join(part.get("text") or "" for part in content)


Unread = Annotated[Any, only([], {}, instead="the model reads a message's content alone; put it there as text")]


class ChatMessage(Body):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, BeforeValidator(_text)] = ""
    tool_calls: Unread = None
    function_call: Unread = None
    audio: Unread = None

    def message(self) -> Message:
        """The message as the chat template takes it."""
        return Message(role="system" if self.role == "developer" else self.role, content=self.content)


class ResponseFormat(Body):
    """Text, in whatever format the model likes."""

    type: Annotated[Any, only("text", instead=NO_GRAMMAR)] = "text"


class ChatRequest(_Request):
    """`/v1/chat/completions`. Tools that the model need not call may be there: it answers in words, and calls none."""

    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=NO_LIMIT)
    logprobs: bool = False
    top_logprobs: int = Field(0, ge=0, le=20)

    tool_choice: Annotated[Any, only("none", "auto", {"type": "auto"}, {"type": "none"}, instead=NO_TOOLS)] = None
    function_call: Annotated[Any, only("none", "auto", instead=NO_TOOLS)] = None
    response_format: ResponseFormat = ResponseFormat()
    modalities: Annotated[Any, only(["text"], [], instead='this model writes text; send ["text"]')] = None
    audio: Annotated[Any, only({}, instead="this model writes text; leave it out")] = None
    web_search_options: Annotated[Any, only(instead="nothing is looked up; leave it out")] = None

    @field_validator("top_logprobs")
    @classmethod
    def _asked_for(cls, count: int, info: ValidationInfo) -> int:
        if count and not info.data.get("logprobs", True):
            raise ValueError("it is given with logprobs true only; send that too, or leave it out")
        return count
