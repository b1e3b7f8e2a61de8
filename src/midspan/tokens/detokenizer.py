"""Ids to text as they are generated, never half a character."""

from __future__ import annotations

from collections.abc import Sequence

from midspan.tokens.tokenizer import Tokenizer

REPLACEMENT = "\ufffd"


class Detokenizer:
    """Turns a stream of ids into the text with which they continue a prompt.

    The pushes and the flush together are `decode(prompt + ids)` less `decode(prompt)`: the first token keeps the
    space before its word, which by itself it would lose in a SentencePiece tokenizer. What the family puts before
    every text (`opening`) is no text: after it alone, a text begins.
    """

    def __init__(self, tokenizer: Tokenizer, prompt_ids: Sequence[int] = ()) -> None:
        self._tokenizer = tokenizer
        self._context = _end_of_prompt(tokenizer, list(prompt_ids))
        self._held: list[int] = []  # ids after the context, not all of whose text is out
        self._emitted = 0  # characters of the held ids' text that are out already

    def push(self, token: int) -> str:
        """Add one id; return the text that is now certain, which may be empty."""
        self._held.append(token)
        if token in self._tokenizer.fallback_bytes:
            return ""  # a run of bytes is one text, which its last byte may still spoil
        text = self._held_text()
        certain = text.rstrip(REPLACEMENT)  # they may be a character whose last bytes are still to come
        piece = certain[self._emitted :]
        self._emitted = max(self._emitted, len(certain))
        if text and certain == text:
            self._context, self._held, self._emitted = self._held, [], 0
        return piece

    def flush(self) -> str:
        """Return what was held back."""
        piece = self._held_text()[self._emitted :]
        self._emitted += len(piece)
        return piece

    def _held_text(self) -> str:
        before = self._tokenizer.decode(self._context)
        return self._tokenizer.decode(self._context + self._held)[len(before) :]


def _end_of_prompt(tokenizer: Tokenizer, prompt: list[int]) -> list[int]:
    """As many last ids as it takes to decode what follows them as after the whole prompt."""
    opening = tokenizer.opening
    if opening and prompt[: len(opening)] == opening:
        prompt = prompt[len(opening) :]
    start = max(0, len(prompt) - 1)
    while start > 0 and _continues_a_character(tokenizer, prompt[start]):
        start -= 1
    return prompt[max(0, start - 1) :]


def _continues_a_character(tokenizer: Tokenizer, token: int) -> bool:
    first = tokenizer.bytes_of(token)[:1]
    return token in tokenizer.fallback_bytes or b"\x80" <= first < b"\xc0"
