"""Conversations to ids, with the mask of what the assistant says."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NoReturn, TypedDict

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from midspan.errors import UserError
from midspan.tokens.tokenizer import Tokenizer


class Message(TypedDict):
    """One turn of a conversation: who speaks ("system", "user", "assistant") and what is said."""

    role: str
    content: str


def encode_chat(
    tokenizer: Tokenizer, messages: Sequence[Message], add_generation_prompt: bool = False
) -> tuple[list[int], list[bool]]:
    """The ids of a conversation, and which of them belong to an assistant's answer.

    The mask covers an answer and the token that ends it (`<|im_end|>`), for that token is what generation must
    produce; the newline after it is the template's. An answer is tokenised apart from the header before it, so
    that the ids of a generation prompt are a prefix of the ids of the answered conversation. Text in a message never
    yields a special id. UserError if the tokenizer has no chat template, or the template refuses the conversation.
    """
    if tokenizer.chat_template is None:
        raise UserError("the tokenizer has no chat template and no <|im_start|>: use the instruct model's tokenizer")
    guard = _absent_character(messages)
    # A character after each character that can open a special token keeps message text from spelling one.
    openings = str.maketrans({name[0]: name[0] + guard for name in tokenizer.special_ids})
    guarded: list[Message] = [
        {"role": message["role"].translate(openings), "content": message["content"].translate(openings)}
        for message in messages
    ]
    ids: list[int] = []
    mask: list[bool] = []
    for text, is_answer in _spans(tokenizer, guarded, add_generation_prompt):
        span = _encode_markup(tokenizer, text, guard)
        ids += span
        mask += [is_answer] * len(span)
    return ids, mask


def _spans(tokenizer: Tokenizer, messages: list[Message], add_generation_prompt: bool) -> list[tuple[str, bool]]:
    """Cut the rendered conversation into (text, is an answer)."""
    whole = _render(tokenizer, messages, add_generation_prompt)
    spans = []
    done = 0
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        header = _render(tokenizer, messages[:index], add_generation_prompt=True)
        through = _render(tokenizer, messages[: index + 1], add_generation_prompt=False)
        if not (whole.startswith(through) and through.startswith(header)):
            raise UserError(
                "the chat template changes earlier turns when later ones follow, so answers cannot be told apart:"
                " train on conversations with one answer, or replace chat_template.jinja"
            )
        ends = [match.end() for match in _special_pattern(tokenizer).finditer(through, len(header))]
        end = ends[-1] if ends else len(through)
        spans += [(whole[done : len(header)], False), (whole[len(header) : end], True)]
        done = end
    return [*spans, (whole[done:], False)]


def _encode_markup(tokenizer: Tokenizer, text: str, guard: str) -> list[int]:
    """Encode rendered text: special tokens spelled in it become their ids, the rest is plain text."""
    ids: list[int] = []
    position = 0
    for match in _special_pattern(tokenizer).finditer(text):
        ids += tokenizer.encode(text[position : match.start()].replace(guard, ""))
        ids.append(tokenizer.special_ids[match.group()])
        position = match.end()
    return ids + tokenizer.encode(text[position:].replace(guard, ""))


def _render(tokenizer: Tokenizer, messages: list[Message], add_generation_prompt: bool) -> str:
    assert tokenizer.chat_template is not None
    try:
        return _compiled(tokenizer.chat_template).render(
            messages=messages,
            add_generation_prompt=add_generation_prompt,
            bos_token=tokenizer.named("bos"),
            eos_token=tokenizer.named("eos"),
        )
    except (jinja2.TemplateError, TypeError) as error:
        raise UserError(f"the chat template refuses this conversation: {error}") from error


@functools.lru_cache(maxsize=8)
def _compiled(template: str) -> jinja2.Template:
    # The settings of transformers' apply_chat_template; sandboxed, for a template is a stranger's program.
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = _raise_exception
    return environment.from_string(template)


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _special_pattern(tokenizer: Tokenizer) -> re.Pattern[str]:
    names = sorted(tokenizer.special_ids, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names)))  # `re` keeps the last 512 compiled


def _absent_character(messages: Sequence[Message]) -> str:
    """A noncharacter of Unicode that no message contains."""
    used = set().union(*(message["role"] + message["content"] for message in messages))
    return next(chr(code) for code in (*range(0xFDD0, 0xFDF0), *range(0xE000, 0xF900)) if chr(code) not in used)
