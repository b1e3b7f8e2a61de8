"""The key-value pairs at the head of a GGUF file (ggml's docs/gguf.md, versions 2 and 3).

The `gguf` package takes 5 seconds for the 98,000 strings of SmolLM2's vocabulary, this a tenth of one.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

from midspan.errors import UserError

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


def read_gguf_metadata(path: Path) -> dict[str, Any]:
    """Every key and its value; UserError for what is no GGUF file, or one that is cut short."""
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise UserError(f"{path} is no GGUF file: give one, or a directory with a config.json")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            cursor = _Cursor(content, 4)
            try:
                version = cursor.number("I")
                if version not in (2, 3):
                    raise UserError(f"{path} is written in version {version} of GGUF: convert it anew, to version 3")
                cursor.number("Q")  # tensors
                return {cursor.string(): cursor.value(cursor.number("I")) for _ in range(cursor.number("Q"))}
            except (struct.error, EOFError, KeyError, UnicodeDecodeError) as error:
                raise UserError(f"{path} is cut short or damaged: download it again") from error


class _Cursor:
    def __init__(self, content: mmap.mmap, at: int) -> None:
        self._content, self._at = content, at

    def number(self, kind: str) -> Any:
        (value,) = struct.unpack_from(f"<{kind}", self._content, self._at)
        self._at += struct.calcsize(kind)
        return value

    def string(self) -> str:
        length = self.number("Q")
        text = self._content[self._at : self._at + length]
        if len(text) < length:
            raise EOFError
        self._at += length
        return text.decode()

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            return self.number(_NUMBERS[kind])
        of, count = self.number("I"), self.number("Q")
        if of not in _NUMBERS:
            return [self.value(of) for _ in range(count)]
        width = struct.calcsize(f"<{_NUMBERS[of]}") * count
        numbers = self._content[self._at : self._at + width]
        self._at += width
        return list(struct.unpack(f"<{count}{_NUMBERS[of]}", numbers))
