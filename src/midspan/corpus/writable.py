"""What can be written: which values a document's fields may have, and any text as a line for people."""

from __future__ import annotations

from collections.abc import Mapping

MAX_CHARACTERS = 4096  # of a field beside the text: Linux takes no longer path
END_OF_INTEGERS = 2**63  # Arrow's int64


def why_unwritable(fields: Mapping[str, object]) -> str | None:
    """Why Arrow, JSON or a reader of either could not hold one of these fields, None if they all can be written.

    JSON can spell lone surrogates, which are no characters (RFC 8259, section 8.2), and numbers of any size.
    """
    for name, value in fields.items():
        if isinstance(value, int) and not 0 <= value < END_OF_INTEGERS:
            return f"{name} is {'below 0' if value < 0 else '2^63 or more'}"
        if isinstance(value, str):
            if len(value) > MAX_CHARACTERS:
                return f"{name} has {len(value)} characters"
            if "\0" in value:
                return f"{name} holds a NUL"
            if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                return f"{name} holds a lone surrogate"
    return None


def printable(text: str) -> str:
    """A text of bounded length, with what is no character spelled out."""
    short = text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
    short = short.replace("\0", "\\x00")
    return short if short.isascii() else short.encode("utf-8", "backslashreplace").decode()
