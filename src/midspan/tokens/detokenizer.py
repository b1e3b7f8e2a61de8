"""Ids to text as they are generated, never half a character."""

from __future__ import annotations

from midspan.tokens.tokenizer import Tokenizer

REPLACEMENT = "\ufffd"


class Detokenizer:
    """Turns a stream of ids into text: the pushes and the flush together are `tokenizer.decode` of all ids."""

    def __init__(self, tokenizer: Tokenizer, skip_special: bool = False) -> None:
        self._tokenizer = tokenizer
        self._skip_special = skip_special
        # Decoding starts at ids already emitted: some families treat the first token's space differently.
        self._context: list[int] = []
        self._held: list[int] = []
        self._emitted = 0  # characters of the held ids' text that are out already

    def push(self, token: int) -> str:
        """Add one id; return the text that is now certain, which may be empty."""
        self._held.append(token)
        text = self._held_text()
        # Trailing U+FFFDs may be a character whose last bytes are still to come. More than one: the byte-fallback
        # decoder of Llama 2's family spoils the whole run of bytes for the one that is incomplete.
        certain = text.rstrip(REPLACEMENT)
        piece = certain[self._emitted :]
        self._emitted = max(self._emitted, len(certain))
        if text and certain == text:
            self._context, self._held, self._emitted = self._held, [], 0
        return piece

    def flush(self) -> str:
        """Return what was held back and start anew."""
        piece = self._held_text()[self._emitted :]
        self._context, self._held, self._emitted = [], [], 0
        return piece

    def _held_text(self) -> str:
        before = self._tokenizer.decode(self._context, self._skip_special)
        return self._tokenizer.decode(self._context + self._held, self._skip_special)[len(before) :]
