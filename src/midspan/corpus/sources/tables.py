"""Parquet and JSONL files: cut by rows and lines, read a few rows at a time whatever the file's size."""

from __future__ import annotations

import glob
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.sources.columns import NESTED, columns_of, needed_columns, roles_of
from midspan.corpus.sources.items import MAX_FILE_BYTES, Content, Excluded, Lines, ParquetRows, UnreadableError
from midspan.errors import UserError
from midspan.files import hash_text

if TYPE_CHECKING:
    from midspan.recipe import TableSource

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
JSON_LINES = tuple(ending + more for ending in (".jsonl", ".ndjson", ".json") for more in ("", *COMPRESSIONS))
MAX_LINE_BYTES = 8 * MAX_FILE_BYTES  # JSON spells a character in up to six bytes, and there are other fields
MAX_FRAGMENTS_OF_ROW_GROUP = 64  # rows cannot be skipped unread: reading a group in n fragments decodes it n/2 times
BATCH_BYTES = 4_000_000  # of rows that are held at once
MAX_BATCH_ROWS = 256

LocatedRow = tuple[str, Mapping[str, Any] | UnreadableError]  # where a row is, and the row or why it cannot be read


def plan_tables(source: TableSource, task_bytes: int) -> tuple[list[ParquetRows | Lines], list[Excluded], str]:
    """The fragments of a file, folder or glob of files, what is left out, and a fingerprint.

    UserError if there is no such file, or none of them has a column of text.
    """
    path, columnar = source.path, source.kind == "parquet"
    endings = (".parquet",) if columnar else JSON_LINES
    fragments: list[ParquetRows | Lines] = []
    excluded: list[Excluded] = []
    stamps: list[str] = []
    for name, file in _files(path):
        if not name.lower().endswith(endings):
            excluded.append(Excluded(source.label, name, f"not {source.kind}", Path(name).suffix))
            continue
        try:
            size, stamp = _size_and_stamp(file)
            stamps.append(f"{name}\0{stamp}")
            if columnar:
                fragments += _cut_rows(file, name, columns_of(source), source.content, task_bytes)
            else:
                fragments += _cut_lines(file, name, size, task_bytes)
        except UnreadableError as error:
            excluded.append(Excluded(source.label, name, error.reason, error.detail))
    if not stamps:
        ending = "parquet" if columnar else "jsonl"
        raise UserError(
            f"corpus.sources: no {ending} file at {path}; give a file, a folder or a glob as data/*.{ending}"
        )
    without = next((entry.detail for entry in excluded if entry.reason == "no text"), None)
    if without and not fragments:
        raise UserError(
            f"corpus.sources: {path}: {without}; name the column of text in the source's `columns: {{text: }}`"
        )
    return fragments, excluded, hash_text("\n".join(stamps))


def _files(path: str) -> list[tuple[str, str]]:
    """(name inside the source, file) of the files that `path` stands for, in the order of their names."""
    path = os.path.expanduser(path)
    if os.path.isfile(path):
        return [(os.path.basename(path), path)]
    if os.path.isdir(path):
        found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
        visible = [(os.path.relpath(file, path), file) for file in found]
        return sorted((name, file) for name, file in visible if not name.startswith(".") and "/." not in name)
    fixed = os.path.dirname(re.split(r"[*?\[]", path)[0]) or "."  # folder above the first wildcard
    return [(os.path.relpath(file, fixed), file) for file in sorted(glob.glob(path, recursive=True))]


def _size_and_stamp(file: str) -> tuple[int, str]:
    """The size and the time of a regular file, or of one that a link leads to, as the hub's cache has them."""
    if not os.path.isfile(file):
        raise UnreadableError("not a regular file")
    try:
        status = os.stat(file)
    except OSError as error:
        raise UnreadableError("unreadable", error.strerror or "") from None
    return status.st_size, f"{status.st_size}\0{status.st_mtime_ns}"


def one_line(error: BaseException) -> str:
    """What an error says, in one line of bounded length."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _cut_rows(
    file: str, name: str, columns: Mapping[str, str], content: Content, task_bytes: int
) -> Iterator[ParquetRows]:
    """The row groups of a Parquet file, large ones in several fragments."""
    try:
        metadata = pq.read_metadata(file)
        names = metadata.schema.to_arrow_schema().names
    except (OSError, pa.ArrowException) as error:
        raise UnreadableError("broken Parquet file", one_line(error)) from None
    if content != "issues" and NESTED not in names and "text" not in roles_of(frozenset(names), columns):
        raise UnreadableError("no text", f"no column of text among {', '.join(names)[:300]}")
    if missing := sorted(set(columns.values()) - set(names)):
        raise UnreadableError("no text", f"no column {missing[0]!r} among {', '.join(names)[:300]}")
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        rows, size = group.num_rows, max(group.total_byte_size, 0)
        fragments = max(1, min(round(size / task_bytes), rows, MAX_FRAGMENTS_OF_ROW_GROUP))
        for fragment in range(fragments):
            start, stop = rows * fragment // fragments, rows * (fragment + 1) // fragments
            if stop > start:
                yield ParquetRows(file, name, index, start, stop, size // fragments)


def read_rows(fragment: ParquetRows, columns: Mapping[str, str], content: Content) -> Iterator[LocatedRow]:
    """The rows of a fragment, each with its place; in the stead of what cannot be decoded an UnreadableError."""
    row = 0  # of the row group
    try:
        with pq.ParquetFile(fragment.file, pre_buffer=False, buffer_size=1 << 20) as file:
            group = file.metadata.row_group(fragment.row_group)
            mean = max(group.total_byte_size // max(group.num_rows, 1), 1)
            batches = file.iter_batches(
                batch_size=max(1, min(BATCH_BYTES // mean, MAX_BATCH_ROWS)),
                row_groups=[fragment.row_group],
                columns=needed_columns(file.schema_arrow.names, columns, content),
                use_threads=False,
            )
            for batch in batches:
                first, row = row, row + batch.num_rows
                if row > fragment.start:
                    start, stop = max(fragment.start - first, 0), min(fragment.stop - first, batch.num_rows)
                    for index in range(start, stop):
                        place = f"{fragment.name}:{fragment.row_group}:{first + index}"
                        yield place, _row(batch.slice(index, 1), place)
                if row >= fragment.stop:
                    break
    except (OSError, pa.ArrowException) as error:
        detail = f"row group {fragment.row_group} from row {max(row, fragment.start)}: {one_line(error)}"
        yield fragment.name, UnreadableError("broken Parquet file", detail)


def _row(batch: pa.RecordBatch, place: str) -> Mapping[str, Any] | UnreadableError:
    try:
        row: Mapping[str, Any] = batch.to_pylist()[0]
        return row
    except (ValueError, OverflowError, pa.ArrowException) as error:  # such as a string that is not UTF-8
        return UnreadableError("broken row", f"{place}: {one_line(error)}")


def _cut_lines(file: str, name: str, size: int, task_bytes: int) -> Iterator[Lines]:
    """A file in stretches of bytes, each to be read from its first line's beginning; a compressed one whole."""
    if _compression(file):
        yield Lines(file, name, 0, None, size)
    else:
        for start in range(0, size, task_bytes):
            yield Lines(file, name, start, min(start + task_bytes, size), min(task_bytes, size - start))


def _compression(file: str) -> str | None:
    return COMPRESSIONS.get(os.path.splitext(file)[1].lower())


def read_lines(fragment: Lines) -> Iterator[LocatedRow]:
    """The objects on the lines that begin in a fragment, each with its place; what is no JSON as an UnreadableError."""
    number = 0  # lines of the fragment so far
    try:
        with _open(fragment.file) as stream:
            position = _next_line(stream, fragment.start)
            while fragment.stop is None or position < fragment.stop:
                line = stream.readline(MAX_LINE_BYTES)
                if not line:
                    break
                place, number = f"{fragment.name}@{position}", number + 1
                position += len(line)
                if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                    position += _skip_line(stream)
                    yield _bad_line(fragment, number, "too large", f"over {MAX_LINE_BYTES} bytes")
                elif line.strip():
                    try:
                        row = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        yield _bad_line(fragment, number, "bad JSON line", one_line(error))
                        continue
                    good = isinstance(row, dict)
                    yield (place, row) if good else _bad_line(fragment, number, "bad JSON line", "not an object")
    except (OSError, EOFError, pa.ArrowException) as error:
        yield _bad_line(fragment, number + 1, "unreadable", one_line(error))


def _open(file: str) -> io.BufferedReader:
    compression = _compression(file)
    if compression is None:
        return open(file, "rb")
    return io.BufferedReader(pa.input_stream(file, compression=compression), buffer_size=1 << 20)


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


def _bad_line(fragment: Lines, number: int, reason: str, detail: str) -> LocatedRow:
    """An unreadable line with its number in the file, for which the lines before the fragment are counted only now."""
    before = 0
    if fragment.start:
        with open(fragment.file, "rb") as stream:
            position = _next_line(stream, fragment.start)
            stream.seek(0)
            while position > 0 and (data := stream.read(min(1 << 20, position))):
                before += data.count(b"\n")
                position -= len(data)
    return fragment.name, UnreadableError(reason, f"line {before + number}: {detail}")
