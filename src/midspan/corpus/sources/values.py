"""JSON files that are no lines: the elements of an array, or objects one after another in any layout.

The text is cut where the brackets say that a value ends, and each value parsed alone, so that a bad one costs only
itself, and neither time nor memory depends on what is between the brackets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from midspan.corpus.sources.items import Located, UnreadableError, Values
from midspan.corpus.sources.lines import MAX_LINE_BYTES, object_of
from midspan.corpus.sources.locations import one_line
from midspan.corpus.sources.streams import BROKEN, HEAD_BYTES, Head, open_text
from midspan.errors import UserError

_BETWEEN = re.compile(rb'[{}\[\]",]')  # what matters between values
_WITHIN = re.compile(rb'[{}\[\]"]')  # and within one
_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BLANK = b" \t\r\n"
CUT_OFF = 16  # characters: a literal, number or escape that is cut off is reported where it begins


def are_values(head: Head) -> bool:
    """Whether a file is read value by value: it begins with an array, or with an object that its line does not end."""
    text = head.text.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if not text.startswith(b"{"):
        return text.startswith(b"[")
    first, *more = (line for line in text.split(b"\n", 2) if line.strip(_BLANK))
    if any(isinstance(object_of(line), dict) for line in (first, *more[:1])):
        return False
    begun = text.decode("utf-8", "replace")
    try:
        json.JSONDecoder().raw_decode(begun)
    except RecursionError:
        return False
    except json.JSONDecodeError as error:  # right so far, and cut off where the head ends?
        return bool(more) and (error.msg.startswith("Unterminated string") or error.pos > len(begun) - CUT_OFF)
    return True


def read_values(fragment: Values) -> Iterator[Located]:
    """The objects of a file, each with its number; what is none as an UnreadableError in its place."""
    number = 0
    values = Splitter()
    try:
        with open_text(fragment.file, in_order=True) as stream:
            while data := stream.read1(HEAD_BYTES):
                for value in values.feed(data.removeprefix(b"\xef\xbb\xbf") if values.fresh else data):
                    number += 1
                    yield _located(fragment, number, value)
            for value in values.rest():
                number += 1
                yield _located(fragment, number, value)
    except BROKEN as error:
        if isinstance(error, UserError):
            raise
        yield Located(fragment.name, number + 1, UnreadableError("unreadable", one_line(error)))


def _located(fragment: Values, number: int, value: bytes | None) -> Located:
    if value is None:
        why = UnreadableError("too large", f"over {MAX_LINE_BYTES} bytes")
        return Located(fragment.name, number, why)
    row = object_of(value)
    return Located(fragment.name if isinstance(row, UnreadableError) else f"{fragment.name}:{number}", number, row)


@dataclass
class Splitter:
    """Cuts a text, which comes in any portions, into its values: None stands for one that is too large to hold."""

    fresh: bool = True  # nothing has come yet
    base: int = 0  # 1 within an array whose elements are the values
    depth: int = 0  # of open brackets
    quoted: bool = False  # within a string
    escaped: bool = False  # after a backslash that ended a portion
    value: bytearray = field(default_factory=bytearray)  # what has come of the value in hand
    oversized: bool = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The values that end in the next portion."""
        self.fresh = False
        start = position = 0  # `start`: of what is not yet in `value`
        while position < len(data):
            if self.quoted:
                position = self._after_string(data, position)
                continue
            found = (_BETWEEN if self.depth == self.base else _WITHIN).search(data, position)
            if found is None:
                break
            position = found.end()
            sign = found.group()
            if sign == b'"':
                self.quoted = True
            elif sign == b",":
                yield from self._ended(data[start : position - 1])
                start = position
            elif sign in b"{[":
                self.depth += 1
                if sign == b"[" and self.depth == 1 and self._blank(data[start : position - 1]):
                    self.base, start = 1, position
                    self.value.clear()
            elif self.depth > self.base:
                self.depth -= 1
                if self.depth == self.base:
                    yield from self._ended(data[start:position])
                    start = position
            elif sign == b"]" and self.base:
                yield from self._ended(data[start : position - 1])
                self.base = self.depth = 0
                start = position
        self._keep(data[start:])

    def rest(self) -> Iterator[bytes | None]:
        """What is left at the end of the text, such as a value that is cut off."""
        yield from self._ended(b"")

    def _after_string(self, data: bytes, position: int) -> int:
        """Where a string ends, or the portion does."""
        if self.escaped:
            position, self.escaped = position + 1, False
        match = _STRING.match(data, position)
        assert match is not None
        end = match.end()
        if end < len(data):
            self.quoted, self.escaped = data[end : end + 1] == b"\\", data[end : end + 1] == b"\\"
            end += 1
        return end

    def _blank(self, more: bytes) -> bool:
        return not self.oversized and not self.value.strip(_BLANK) and not more.strip(_BLANK)

    def _keep(self, more: bytes) -> None:
        if len(self.value) + len(more) > MAX_LINE_BYTES:
            self.value.clear()
            self.oversized = True
        elif not self.oversized:
            self.value += more

    def _ended(self, more: bytes) -> Iterator[bytes | None]:
        self._keep(more)
        if self.oversized:
            yield None
        elif value := bytes(self.value.strip(_BLANK)):
            yield value
        self.value.clear()
        self.oversized = False
