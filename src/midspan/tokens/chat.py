"""Conversations to ids, with the mask of what the assistant says."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from midspan.errors import UserError
from midspan.tokens.chat_template import render
from midspan.tokens.tokenizer import Tokenizer


class Message(TypedDict):
    """One turn of a conversation: who speaks ("system", "user", "assistant") and what is said."""

    role: str
    content: str


@dataclass(frozen=True)
class Marker:
    """A special token that the template wrote: its id and its place in the text."""

    token: int
    start: int
    end: int


def chat_prompt_ids(tokenizer: Tokenizer, messages: Sequence[Message]) -> list[int]:
    """The ids that ask for the next answer, as transformers' apply_chat_template gives them for any template.

    But a special token spelled in a message stays text. UserError if the tokenizer has no chat template, or the
    template refuses the conversation.
    """
    text, markers = _rendered(tokenizer, messages, add_generation_prompt=True)
    return [token for token, _, _ in _encode(tokenizer, text, markers, [])]


def chat_prefill_ids(tokenizer: Tokenizer, messages: Sequence[Message]) -> tuple[list[int], int]:
    """The ids of a conversation up to the end of what the last message says, and how many stand before its text.

    They ask for what an answer that has begun goes on with. UserError as in `chat_prompt_ids`, and where the template
    does not show the last message as it is.
    """
    *earlier, last = messages
    mark = _absent_characters(messages, 1)
    marked = [*earlier, Message(role=last["role"], content=last["content"] + mark)]
    text, markers = _rendered(tokenizer, marked, add_generation_prompt=False)
    if text.count(mark) != 1:
        raise UserError(
            "the chat template does not show the last answer as it is, so none can go on from it: end with a question"
        )
    text = text[: text.index(mark)]
    header = _render(tokenizer, earlier, add_generation_prompt=True) if earlier else text
    begun = len(header) if text.startswith(header) else len(text)
    tokens = _encode(tokenizer, text, [marker for marker in markers if marker.end <= len(text)], [begun])
    return [token for token, _, _ in tokens], sum(end <= begun for _, _, end in tokens)


def encode_chat(tokenizer: Tokenizer, messages: Sequence[Message]) -> tuple[list[int], list[bool]]:
    """The ids of a conversation, and which of them belong to an assistant's answer.

    The mask covers what stands in the template's `{% generation %}`; without one, an answer and the token that ends it
    (`<|im_end|>`), for that token is what generation must produce. Where a token would reach from the header into the
    answer it is cut, so that the ids of a generation prompt are a prefix of the answered conversation's; else the ids
    are those of apply_chat_template. Text in a message never yields a special id. UserError as in `chat_prompt_ids`,
    and where the template does not let answers be told apart.
    """
    text, markers = _rendered(tokenizer, messages, add_generation_prompt=False)
    spans = _generation_spans(tokenizer, messages) or _answer_spans(tokenizer, messages, text, markers)
    tokens = _encode(tokenizer, text, markers, [])
    cuts = [start for start, _ in spans if any(begin < start < end for _, begin, end in tokens)]
    if cuts:
        tokens = _encode(tokenizer, text, markers, cuts)
    mask = [any(start <= begin < end for start, end in spans) for _, begin, _ in tokens]
    return [token for token, _, _ in tokens], mask


def _answer_spans(
    tokenizer: Tokenizer, messages: Sequence[Message], whole: str, markers: Sequence[Marker]
) -> list[tuple[int, int]]:
    """(start, end) of each answer: what the conversation up to it says more than the prompt that asks for it."""
    spans = []
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
        ends = [marker.end for marker in markers if len(header) <= marker.start and marker.end <= len(through)]
        spans.append((len(header), ends[-1] if ends else len(through)))
    return spans


def _generation_spans(tokenizer: Tokenizer, messages: Sequence[Message]) -> list[tuple[int, int]]:
    """(start, end) of what the template puts into `{% generation %}`."""
    marks = _absent_characters(messages, 2)
    text = _render(tokenizer, messages, add_generation_prompt=False, marks=(marks[0], marks[1]))
    places = [place - number for number, place in enumerate(match.start() for match in re.finditer(f"[{marks}]", text))]
    return list(zip(places[::2], places[1::2], strict=True))


def _encode(
    tokenizer: Tokenizer, text: str, markers: Sequence[Marker], cuts: Sequence[int]
) -> list[tuple[int, int, int]]:
    """(id, start, end) of the tokens of a rendered conversation in which only `markers` are special.

    At `cuts` a token ends though the text goes on.
    """
    if not cuts and markers == _markers(tokenizer, text):
        return tokenizer.encode_markup_at(text)
    tokens: list[tuple[int, int, int]] = []
    starts = [0, *(marker.end for marker in markers)]
    for start, marker in zip(starts, [*markers, Marker(-1, len(text), len(text))], strict=True):
        edges = [start, *(cut for cut in cuts if start < cut < marker.start), marker.start]
        for begin, end in itertools.pairwise(edges):
            continues = begin in cuts or (begin > 0 and not tokenizer.puts_space_after_special)
            part = tokenizer.encode_at(text[begin:end], continues) if begin < end else []
            tokens += [(token, begin + first, begin + last) for token, first, last in part]
        tokens.append((marker.token, marker.start, marker.end))
    return tokens[:-1]


def _rendered(
    tokenizer: Tokenizer, messages: Sequence[Message], add_generation_prompt: bool
) -> tuple[str, list[Marker]]:
    """The text of the conversation, and the special tokens in it that no message spells.

    To tell them, it is rendered again with a guard in the messages that breaks what could spell one. Some templates
    look for markup in messages (`</think>`): there, only the spelled tokens that make no difference are guarded.
    """
    plain = _render(tokenizer, messages, add_generation_prompt)
    guard = _absent_characters(messages, 1)
    openings = str.maketrans({name[0]: name[0] + guard for name in tokenizer.special_ids})
    guarded = [Message(role=m["role"].translate(openings), content=m["content"].translate(openings)) for m in messages]
    try:
        text = _render(tokenizer, guarded, add_generation_prompt)
    except UserError:  # the template knows no role that is spelled so
        text = ""
    if text.replace(guard, "") != plain:
        text = _guarded_where_it_may_be(tokenizer, messages, add_generation_prompt, plain, guard)
    return plain, _markers(tokenizer, text, guard)


def _guarded_where_it_may_be(
    tokenizer: Tokenizer, messages: Sequence[Message], add_generation_prompt: bool, plain: str, guard: str
) -> str:
    kept, text = list(messages), plain
    for index, message in enumerate(messages):
        for name in (name for name in tokenizer.special_ids if name in message["content"]):
            content = kept[index]["content"].replace(name, name[0] + guard + name[1:])
            tried = [*kept[:index], Message(role=message["role"], content=content), *kept[index + 1 :]]
            rendered = _render(tokenizer, tried, add_generation_prompt)
            if rendered.replace(guard, "") == plain:
                kept, text = tried, rendered
    return text


def _markers(tokenizer: Tokenizer, text: str, guard: str = "") -> list[Marker]:
    """The special tokens spelled in `text`, at their places in the text without `guard`."""
    markers = []
    for match in _special_pattern(tokenizer).finditer(text):
        before = text.count(guard, 0, match.start()) if guard else 0
        name = match.group()
        token = tokenizer.special_ids.get(name)
        token = tokenizer.special_ids[name.strip()] if token is None else token
        markers.append(Marker(token, match.start() - before, match.end() - before))
    return markers


def _special_pattern(tokenizer: Tokenizer) -> re.Pattern[str]:
    """Matches a special token, with the white space around it that it takes along (`lstrip`, `rstrip`)."""
    names = sorted(tokenizer.special_ids, key=len, reverse=True)
    takes = tokenizer.white_space_taken
    spelled = (takes.get(name, ("", ""))[0] + re.escape(name) + takes.get(name, ("", ""))[1] for name in names)
    return re.compile("|".join(spelled))  # `re` keeps the last 512 compiled


def _render(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    add_generation_prompt: bool,
    marks: tuple[str, str] = ("", ""),
) -> str:
    if tokenizer.chat_template is None:
        raise UserError("the tokenizer has no chat template and no <|im_start|>: use the instruct model's tokenizer")
    return render(tokenizer.chat_template, messages, tokenizer.named, add_generation_prompt, marks)


def _absent_characters(messages: Sequence[Message], count: int) -> str:
    """Noncharacters of Unicode that no message contains."""
    used = set().union(*(message["role"] + message["content"] for message in messages))
    absent = (chr(code) for code in (*range(0xFDD0, 0xFDF0), *range(0xE000, 0xF900)) if chr(code) not in used)
    return "".join(next(absent) for _ in range(count))
