"""A file of JSON as a stream of UTF-8: unpacked, and recoded where it is UTF-16 or UTF-32, as its first bytes tell."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa

from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.locations import BUFFER_BYTES, open_file
from midspan.errors import UserError

ENDINGS = (".gz", ".zst", ".bz2", ".xz", ".lzma")
# What goes wrong in reading a stream that is broken or cut off; a connection that breaks is a UserError.
BROKEN = (OSError, EOFError, pa.ArrowException, lzma.LZMAError, zlib.error, UnicodeError)
HEAD_BYTES = 1 << 16


PACKED: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"\x28\xb5\x2f\xfd": lambda stream: pa.input_stream(pa.PythonFile(stream, "r"), compression="zstd"),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x5d\0\0": lzma.LZMAFile,
}
FOREIGN = {b"PAR1": "a Parquet file", b"PK\x03\x04": "a zip archive", b"ARROW1": "an Arrow file", b"ORC": "an ORC file"}


@dataclass(frozen=True)
class Head:
    """How a file of JSON begins."""

    text: bytes  # of its first 64 KB
    plain: bool  # neither packed nor recoded: it can be read from any byte on


def head_of(file: str) -> Head:
    """Look at the beginning of a file; UnreadableError if it cannot be opened, or is plainly another kind of file."""
    try:
        with open_file(file, in_order=True) as stream:
            magic = stream.peek(8)[:8]
            for first, kind in FOREIGN.items():
                if magic.startswith(first):
                    raise UnreadableError("not JSON", f"it is {kind}")
            text = _unpacked(stream)
            return Head(_read_up_to(text, HEAD_BYTES), text is stream)
    except BROKEN as error:
        if isinstance(error, UserError):
            raise
        raise UnreadableError("unreadable", str(error)) from None


def open_text(file: str, in_order: bool) -> io.BufferedReader:
    """The bytes of a file, as they are, or if it is only read `in_order` unpacked and as UTF-8."""
    stream = open_file(file, in_order)
    return _unpacked(stream) if in_order else stream


def _unpacked(stream: io.BufferedReader) -> io.BufferedReader:
    magic = stream.peek(8)[:8]
    unpack = next((unpack for first, unpack in PACKED.items() if magic.startswith(first)), None)
    if unpack is not None:
        stream = io.BufferedReader(_Unpacked(unpack(stream)), BUFFER_BYTES)
    encoding = json.detect_encoding(_peeked(stream))
    return stream if encoding.startswith("utf-8") else io.BufferedReader(_Recoded(stream, encoding), BUFFER_BYTES)


def _peeked(stream: io.BufferedReader) -> bytes:
    try:
        return stream.peek(4)[:4]
    except BROKEN:  # whoever reads on is told
        return b""


def _read_up_to(stream: io.BufferedReader, size: int) -> bytes:
    """The first bytes of a stream, as many as there are before it breaks."""
    data = b""
    try:
        while len(data) < size and (more := stream.read1(size - len(data))):
            data += more
    except BROKEN as error:
        if isinstance(error, UserError):
            raise
    return data


class _Unpacked(io.RawIOBase):
    """What an unpacker gives, as it gives it: where it breaks, all that came before is there."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read1(min(len(buffer), HEAD_BYTES))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Recoded(io.RawIOBase):
    """A stream of UTF-16 or UTF-32 as one of UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream, self._characters = stream, codecs.getreader(encoding)(stream)
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._waiting:
            self._waiting = self._characters.read(HEAD_BYTES).encode()
        data, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()
