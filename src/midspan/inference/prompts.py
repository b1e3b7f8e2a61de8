"""From text to the ids a model is prompted with: plain, raw, around a cursor, or a conversation."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from midspan.errors import UserError
from midspan.tokens import Message, Tokenizer, encode_chat, encode_infill

SUFFIX_SHARE = 4  # one token in four is kept for what follows the cursor


class PromptTooLongError(UserError):
    """A prompt of `prompt_tokens` where only `limit` fit."""

    def __init__(self, prompt_tokens: int, limit: int) -> None:
        super().__init__(f"the prompt has {prompt_tokens} tokens, the model takes {limit}: shorten it")
        self.prompt_tokens, self.limit = prompt_tokens, limit


def prompt_limit(positions: int, max_tokens: int) -> int:
    """The prompt tokens that leave room for `max_tokens` of answer; never less than three quarters of `positions`."""
    return positions - min(max_tokens, positions // 4)


def check_fits(prompt: list[int], positions: int) -> None:
    """Raise `UserError` for a prompt that is empty or longer than the model's positions."""
    if not prompt:
        raise UserError("the prompt has no tokens: give at least one, such as <|endoftext|>")
    if len(prompt) > positions:
        raise PromptTooLongError(len(prompt), positions)


def plain_prompt(tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a text to be continued; an empty one starts a new document. Markers in it are mere text."""
    return _opening(tokenizer) + tokenizer.encode(text) or [tokenizer.end_of_text]


def is_raw(tokenizer: Tokenizer, text: str) -> bool:
    """Whether a client has laid out a fill-in-the-middle prompt itself: the text holds the first FIM marker."""
    prefix = tokenizer.fim and tokenizer.fim.prefix
    return any(token == prefix and name in text for name, token in tokenizer.special_ids.items())


def raw_prompt(tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a prompt that a client has laid out itself: special tokens, by name, become what they name."""
    names = sorted(tokenizer.special_ids, key=len, reverse=True)
    ids: list[int] = []
    for part in re.split(f"({'|'.join(map(re.escape, names))})", text):
        ids += [tokenizer.special_ids[part]] if part in tokenizer.special_ids else tokenizer.encode(part)
    return ids


def _opening(tokenizer: Tokenizer) -> list[int]:
    """What this family puts before every prompt: mostly nothing."""
    return tokenizer.opening


def infill_prompt(tokenizer: Tokenizer, prefix: str, suffix: str, limit: int) -> list[int]:
    """The ids that ask for the text between `prefix` and `suffix`, at most `limit` of them, in the PSM layout.

    `<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>` (Bavarian et al. 2022, arXiv 2207.14255). What is
    next to the cursor is kept: three quarters of the room for the prefix, one for the suffix, and what one
    of them leaves unused is the other's. Raises `UserError` where the tokenizer has no FIM tokens.
    """
    fim = tokenizer.fim
    if fim is None:
        raise UserError("this model's tokenizer has no fill-in-the-middle tokens: send a prompt without suffix")
    opening = _opening(tokenizer)
    room = limit - len(opening) - 3
    if room < 0:
        raise UserError(f"the limit of {limit} tokens leaves no room for the three FIM tokens: raise it")
    before, after = encode_infill(tokenizer, prefix, suffix)
    after = after[: max(room // SUFFIX_SHARE, room - len(before))]
    before = before[max(0, len(before) - (room - len(after))) :]
    return [*opening, fim.prefix, *before, fim.suffix, *after, fim.middle]


def chat_prompt(tokenizer: Tokenizer, messages: Sequence[Message], limit: int) -> list[int]:
    """The ids that ask for the next answer of a conversation, at most `limit` of them.

    Where it is longer, the oldest turns go; system messages and the last message stay, and what is left
    starts with a question again. Raises `UserError` where there is no message, or those that stay do not fit.
    """
    if not messages:
        raise UserError("the conversation has no messages: send at least one")
    turns = _turns(messages)

    def prompt_without(oldest: int) -> list[int]:
        kept = [message for message, turn in zip(messages, turns, strict=True) if turn is None or turn >= oldest]
        return encode_chat(tokenizer, kept, add_generation_prompt=True)[0]

    all_turns = 1 + max((turn for turn in turns if turn is not None), default=-1)
    dropped = bisect_left(range(all_turns), True, key=lambda oldest: len(prompt_without(oldest)) <= limit)
    ids = prompt_without(dropped)
    if len(ids) > limit:
        raise PromptTooLongError(len(ids), limit)
    return ids


def _turns(messages: Sequence[Message]) -> list[int | None]:
    """The turn each message belongs to (a question and the answers to it); None for those that always stay."""
    turns: list[int | None] = []
    turn = 0
    for number, message in enumerate(messages):
        if message["role"] == "system" or number == len(messages) - 1:
            turns.append(None)
            continue
        if message["role"] == "user" and any(earlier is not None for earlier in turns):
            turn += 1
        turns.append(turn)
    return turns
