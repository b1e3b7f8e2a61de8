"""What requests of several protocols have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from midspan.inference import Ids, Marked, Plain, Prompt, is_laid_out
from midspan.serve.body import Body, only
from midspan.tokens import Tokenizer

# OpenAI's default is 1. Editors that send no temperature want the likeliest code, and so does a small model.
DEFAULT_TEMPERATURE = 0.2
NO_LIMIT = -1
NO_GRAMMAR = "answers are not held to a format; ask for it in the text"

# A list of stop strings may hold nulls, as clients with a fixed number of fields for them send it.
Stop = Annotated[
    list[str],
    BeforeValidator(lambda stop: [text for text in stop if text is not None] if isinstance(stop, list) else stop),
    BeforeValidator(lambda stop: [stop] if isinstance(stop, str) else stop),
]
Unheld = Annotated[Any, only("", {}, [], instead=NO_GRAMMAR)]
Prompts = str | list[int] | list[str | list[int]]  # one or many, as texts or as ids


class OtherFile(Body):
    """A part of another file that is open beside the one with the cursor."""

    filename: str = ""
    text: str = ""


def context_of(others: Sequence[OtherFile]) -> list[tuple[str, str]]:
    """The other files as a `Fill` takes them."""
    return [(other.filename, other.text) for other in others]


def each_prompt(prompts: Prompts) -> list[str | Ids]:
    """The prompts, of which a list of numbers is one."""
    if isinstance(prompts, str):
        return [prompts]
    if ids := [one for one in prompts if isinstance(one, int)]:
        return [Ids(ids)]
    return [Ids(one) if isinstance(one, list) else one for one in prompts if not isinstance(one, int)]


def meant(tokenizer: Tokenizer, prompt: str | Ids) -> Prompt:
    """What a prompt asks for."""
    if isinstance(prompt, Ids):
        return prompt
    # A client that lays the FIM prompt out itself means the markers; in any other text they are just text.
    return Marked(prompt) if is_laid_out(tokenizer, prompt) else Plain(prompt)


def limit_of(max_tokens: int, positions: int) -> int:
    """The most tokens of an answer, where a negative number is no limit but the model's."""
    return max_tokens if max_tokens >= 0 else positions
