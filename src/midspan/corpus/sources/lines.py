"""JSONL files: cut into stretches of bytes, read line by line in time and memory that no input gets out of hand."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterator

from midspan.corpus.sources.items import MAX_FILE_BYTES, Lines, Located, UnreadableError
from midspan.corpus.sources.locations import gives_stretches, is_remote, one_line
from midspan.corpus.sources.streams import BROKEN, ENDINGS, Head, open_text
from midspan.errors import UserError

JSON_LINES = tuple(ending + more for ending in (".jsonl", ".ndjson", ".json") for more in ("", *ENDINGS))
MAX_LINE_BYTES = 8 * MAX_FILE_BYTES  # JSON spells a character in up to six bytes, and there are other fields
COUNTED_BYTES = 64_000_000  # up to here lines are numbered from the file's first one


def cut_lines(file: str, name: str, size: int, head: Head, task_bytes: int) -> Iterator[Lines]:
    """A file in stretches of bytes, each to be read from its first line's beginning; whole where it cannot be cut."""
    if head.plain and (0 < size <= task_bytes or gives_stretches(file, size)):
        for start in range(0, size, task_bytes):
            yield Lines(file, name, start, min(start + task_bytes, size), min(task_bytes, size - start))
    elif size or head.text:
        yield Lines(file, name, 0, None, size)


def read_lines(fragment: Lines) -> Iterator[Located]:
    """The objects on the lines that begin in a fragment; what is no JSON object as an UnreadableError in its place."""
    number = 0  # lines of the fragment so far
    try:
        with open_text(fragment.file, in_order=not fragment.start) as stream:
            position = _next_line(stream, fragment.start)
            while fragment.stop is None or position < fragment.stop:
                line = stream.readline(MAX_LINE_BYTES)
                if not line:
                    break
                place, number = f"{fragment.name}@{position}", number + 1
                position += len(line)
                if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                    position += _skip_line(stream)
                    why = UnreadableError("too large", f"over {MAX_LINE_BYTES} bytes")
                    yield Located(fragment.name, number, why)
                elif line.strip():
                    row = object_of(line)
                    yield Located(fragment.name if isinstance(row, UnreadableError) else place, number, row)
    except BROKEN as error:
        if isinstance(error, UserError):
            raise
        yield Located(fragment.name, number + 1, UnreadableError("unreadable", one_line(error)))


def object_of(text: bytes) -> dict[str, object] | UnreadableError:
    """The JSON object that a text is, or why it is none."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        return UnreadableError("bad JSON line", one_line(error))
    return row if isinstance(row, dict) else UnreadableError("bad JSON line", "not an object")


def line_of(fragment: Lines, number: int) -> str:
    """Which line of the file the `number`th of a fragment is; of one that begins late in the file, from where on."""
    if fragment.start == 0:
        return f"line {number}"
    if fragment.start > COUNTED_BYTES or is_remote(fragment.file):
        return f"line {number} after byte {fragment.start}"
    return f"line {_lines_before(fragment.file, fragment.start) + number}"


@functools.lru_cache(maxsize=64)
def _lines_before(file: str, start: int) -> int:
    """How many lines begin before `start`: counted once for a fragment, and only if it has something to say."""
    count = 0
    try:
        with open(file, "rb") as stream:
            position = _next_line(stream, start)
            stream.seek(0)
            while position > 0 and (data := stream.read(min(1 << 20, position))):
                count += data.count(b"\n")
                position -= len(data)
    except OSError:
        pass
    return count


def _next_line(stream: io.BufferedReader, start: int) -> int:
    """Move to the first line that begins at `start` or after it, and say where that is."""
    if start == 0:
        return 0
    stream.seek(start - 1)
    return start - 1 + _skip_line(stream)


def _skip_line(stream: io.BufferedReader) -> int:
    """Pass over the rest of a line; its length."""
    length = 0
    while part := stream.readline(1 << 20):
        length += len(part)
        if part.endswith(b"\n"):
            break
    return length
