"""What anyone asks, and the ids a model reads for it: a text, the middle of a file, a conversation."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from midspan.errors import UserError
from midspan.inference.healing import Healing
from midspan.inference.other_files import other_files_ids
from midspan.tokens import Message, Tokenizer, chat_prefill_ids, chat_prompt_ids, encode_infill

SUFFIX_SHARE = 4  # one token in four is kept for what follows the cursor


@dataclass(frozen=True)
class Plain:
    """A text to be continued; an empty one starts a new document. Too long a text is refused, or `cut` at its start."""

    text: str
    cut: bool = False


@dataclass(frozen=True)
class Fill:
    """A cursor: what is asked for stands between `prefix` and `suffix`. What is far from the cursor is left out.

    `context` are other files (path, text), the newest last, for a model that knows repositories.
    """

    prefix: str
    suffix: str
    context: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Marked:
    """A text that a client has laid out itself: the names of special tokens in it are those tokens.

    One that asks for a middle is cut as a `Fill` is; any other must fit.
    """

    text: str


@dataclass(frozen=True)
class Chat:
    """A conversation that waits for an answer, or whose last message is the beginning of one, from which it goes on.

    Where it is too long its oldest turns are left out.
    """

    messages: Sequence[Message]


@dataclass(frozen=True)
class Ids:
    """What the model reads, as it is. `taken` are tokens of the prompt whose text the answer must begin with.

    `suffix` is what follows the cursor, all of it, and `line` its own line before it: where the answer may end
    (`Sampling.stop_at_suffix`).
    """

    tokens: list[int]
    taken: list[int] = field(default_factory=list)
    suffix: str = ""
    line: str = ""

    @property
    def count(self) -> int:
        """The tokens of the prompt, those taken back included."""
        return len(self.tokens) + len(self.taken)


Prompt = Plain | Fill | Marked | Chat | Ids


class PromptTooLongError(UserError):
    """A prompt of `prompt_tokens` where only `limit` fit."""

    def __init__(self, prompt_tokens: int, limit: int) -> None:
        super().__init__(f"the prompt has {prompt_tokens} tokens, the model takes {limit}: shorten it")
        self.prompt_tokens, self.limit = prompt_tokens, limit


def prompt_kinds(tokenizer: Tokenizer, layout: str | None) -> frozenset[str]:
    """What a model can be asked: "plain", "fill" (between two texts, where it learnt a layout for it), "chat"."""
    fill = {"fill"} if tokenizer.fim and layout else set()
    chat = {"chat"} if tokenizer.chat_template is not None else set()
    return frozenset({"plain"} | fill | chat)


def prompt_ids(
    tokenizer: Tokenizer,
    prompt: Prompt,
    positions: int,
    max_tokens: int,
    healing: Healing | None = None,
    layout: str = "psm",
) -> Ids:
    """The ids that ask `prompt`, within `positions` that an answer of `max_tokens` shares; a Fill in that `layout`.

    With `healing`, what a cursor ends loses the last tokens that depend on what follows. Raises `UserError` where the
    tokenizer has no markers for the prompt, and for what does not fit.
    """
    limit = prompt_limit(positions, max_tokens)
    if isinstance(prompt, Ids):
        _check_vocabulary(tokenizer, prompt)
        asked, cursor = prompt, None
    elif isinstance(prompt, Chat):
        ids, begun = _chat_ids(tokenizer, prompt.messages, limit)
        asked, cursor = Ids(ids), slice(begun, len(ids)) if begun < len(ids) else None
    else:
        ids = _text_ids(tokenizer, prompt, limit, layout)
        asked, cursor = Ids(ids), _before_cursor(tokenizer, ids)
        if isinstance(prompt, Fill) and layout == "line-start" and prompt.prefix.endswith("\n"):
            cursor = None  # it learnt a boundary there
    check_fits(asked, positions)
    if cursor is not None and healing is not None:
        asked = _healed(tokenizer, asked.tokens, cursor, healing)
    return at_cursor(asked, prompt) if isinstance(prompt, Fill) else asked


def at_cursor(ids: Ids, prompt: Fill) -> Ids:
    """The same ids, whose answer may end by what stands around the cursor of `prompt`."""
    return replace(ids, suffix=prompt.suffix, line=prompt.prefix.rpartition("\n")[2])


def _text_ids(tokenizer: Tokenizer, prompt: Plain | Fill | Marked, limit: int, layout: str) -> list[int]:
    if isinstance(prompt, Fill):
        return _infill_ids(tokenizer, prompt, limit, layout)
    return _plain_ids(tokenizer, prompt, limit) if isinstance(prompt, Plain) else _marked_ids(tokenizer, prompt, limit)


def _before_cursor(tokenizer: Tokenizer, ids: list[int]) -> slice:
    """The part of a prompt that its cursor ends: the prefix where the middle marker is last, else all after the last
    special token (left to right, or where the prefix comes after that marker)."""
    fim, special = tokenizer.fim, set(tokenizer.special_ids.values())
    end = len(ids)
    if fim and ids and ids[-1] == fim.middle and fim.suffix in ids:
        end = len(ids) - 1 - ids[::-1].index(fim.suffix)
    start = next((place + 1 for place in range(end - 1, -1, -1) if ids[place] in special), 0)
    return slice(start, end)


def _healed(tokenizer: Tokenizer, ids: list[int], cursor: slice, healing: Healing) -> Ids:
    kept = cursor.start + healing.stable_length(ids[cursor])
    # A model must read something: where nothing is left, that a document begins.
    return Ids(ids[:kept] + ids[cursor.stop :] or [tokenizer.end_of_text], ids[kept : cursor.stop])


def prompt_limit(positions: int, max_tokens: int) -> int:
    """The prompt tokens that leave room for `max_tokens` of answer; never less than three quarters of `positions`."""
    return positions - min(max_tokens, positions // 4)


def check_fits(prompt: Ids, positions: int) -> None:
    """Raise `UserError` for a prompt that is empty or longer than the model's positions."""
    if not prompt.tokens:
        raise UserError("the prompt has no tokens: give at least one, such as <|endoftext|>")
    if prompt.count > positions:
        raise PromptTooLongError(prompt.count, positions)


def _check_vocabulary(tokenizer: Tokenizer, prompt: Ids) -> None:
    for token in (*prompt.tokens, *prompt.taken):
        if not 0 <= token < tokenizer.vocabulary_size:
            last = tokenizer.vocabulary_size - 1
            raise UserError(f"the prompt has the token id {token}, the model's vocabulary ends at {last}: send its ids")


def _plain_ids(tokenizer: Tokenizer, prompt: Plain, limit: int) -> list[int]:
    """Markers in the text are mere text."""
    opening, ids = tokenizer.opening, tokenizer.encode(prompt.text)
    if prompt.cut:
        ids = ids[max(0, len(ids) - max(0, limit - len(opening))) :]
    return opening + ids or [tokenizer.end_of_text]


def is_laid_out(tokenizer: Tokenizer, text: str) -> bool:
    """Whether a client has laid out a fill-in-the-middle prompt itself: the text holds the first FIM marker."""
    prefix = tokenizer.fim and tokenizer.fim.prefix
    return any(token == prefix and name in text for name, token in tokenizer.special_ids.items())


def _marked_ids(tokenizer: Tokenizer, prompt: Marked, limit: int) -> list[int]:
    names = sorted(tokenizer.special_ids, key=len, reverse=True)
    ids: list[int] = []
    for part in re.split(f"({'|'.join(map(re.escape, names))})", prompt.text):
        encode = tokenizer.encode_continuation if ids else tokenizer.encode
        ids += [tokenizer.special_ids[part]] if part in tokenizer.special_ids else encode(part)
    return _cut_laid_out(tokenizer, ids, limit) if len(ids) > limit else ids


def _cut_laid_out(tokenizer: Tokenizer, ids: list[int], limit: int) -> list[int]:
    """What a client laid out as {head}<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>{line}, at most `limit` ids.

    Prefix and suffix share the room as in `_infill_ids`; the line goes before them (where the prefix comes after the
    suffix, it is all of that), the head gets what they leave. Anything else is returned as it is.
    """
    fim = tokenizer.fim
    if fim is None or any(ids.count(marker) != 1 for marker in (fim.prefix, fim.suffix, fim.middle)):
        return ids
    first, second, third = (ids.index(marker) for marker in (fim.prefix, fim.suffix, fim.middle))
    if not first < second < third:
        return ids
    opening = tokenizer.opening if ids[: len(tokenizer.opening)] == tokenizer.opening else []
    head, before, after, line = (
        ids[len(opening) : first],
        ids[first + 1 : second],
        ids[second + 1 : third],
        ids[third + 1 :],
    )
    room = max(0, limit - len(opening) - 3)
    line = _last(line, room if before or not after else room - min(len(after), room // SUFFIX_SHARE))
    room -= len(line)
    after = after[: max(room // SUFFIX_SHARE, room - len(before))]
    before = _last(before, room - len(after))
    head = _last(head, room - len(after) - len(before))
    return [*opening, *head, fim.prefix, *before, fim.suffix, *after, fim.middle, *line]


def _last(ids: list[int], count: int) -> list[int]:
    return ids[max(0, len(ids) - count) :]


def _infill_ids(tokenizer: Tokenizer, prompt: Fill, limit: int, layout: str) -> list[int]:
    """The ids that ask for the text between prefix and suffix, at most `limit` of them.

    What is next to the cursor is kept: three quarters of the room for the prefix, one for the suffix, and what one of
    them leaves unused is the other's.
    """
    fim = tokenizer.fim
    if fim is None:
        raise UserError("this model's tokenizer has no fill-in-the-middle tokens: send a prompt without suffix")
    opening = [*tokenizer.opening, *other_files_ids(tokenizer, prompt.context, limit)]
    room = limit - len(opening) - 3
    if room < 0:
        raise UserError(f"the limit of {limit} tokens leaves no room for the three FIM tokens: raise it")
    before, after, rest = encode_infill(tokenizer, prompt.prefix, prompt.suffix, layout)
    after = after[: max(room // SUFFIX_SHARE, room - len(before) - len(rest))]
    rest = rest[max(0, len(rest) - (room - len(after))) :]
    before = before[max(0, len(before) - (room - len(after) - len(rest))) :]
    return [*opening, fim.prefix, *before, fim.suffix, *after, fim.middle, *rest]


def _chat_ids(tokenizer: Tokenizer, messages: Sequence[Message], limit: int) -> tuple[list[int], int]:
    """The ids that ask for the next answer of a conversation, at most `limit`, and where that answer's text begins.

    Where it is longer, the oldest turns go; system messages and the last message stay (an answer that has begun, with
    its question), and what is left starts with a question again. Raises `UserError` where there is no message, or
    those that stay do not fit.
    """
    if not messages:
        raise UserError("the conversation has no messages: send at least one")
    turns = _turns(messages)

    def prompt_without(oldest: int) -> tuple[list[int], int]:
        kept = [message for message, turn in zip(messages, turns, strict=True) if turn is None or turn >= oldest]
        if kept[-1]["role"] == "assistant":
            return chat_prefill_ids(tokenizer, kept)
        ids = chat_prompt_ids(tokenizer, kept)
        return ids, len(ids)

    all_turns = 1 + max((turn for turn in turns if turn is not None), default=-1)
    dropped = bisect_left(range(all_turns), True, key=lambda oldest: len(prompt_without(oldest)[0]) <= limit)
    ids, begun = prompt_without(dropped)
    if len(ids) > limit:
        raise PromptTooLongError(len(ids), limit)
    return ids, begun


def _turns(messages: Sequence[Message]) -> list[int | None]:
    """The turn each message belongs to (a question and the answers to it); None for those that always stay."""
    turns: list[int | None] = []
    turn = 0
    last = len(messages) - 1
    if messages[-1]["role"] == "assistant":  # it stays with the question that it answers
        last = max((number for number, message in enumerate(messages) if message["role"] == "user"), default=last)
    for number, message in enumerate(messages):
        if message["role"] == "system" or number >= last:
            turns.append(None)
            continue
        if message["role"] == "user" and any(earlier is not None for earlier in turns):
            turn += 1
        turns.append(turn)
    return turns
