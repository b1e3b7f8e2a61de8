"""Parquet and Arrow files: Parquet cut by rows, both read a few rows at a time whatever the file's size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.sources.columns import needed_columns, why_without_text
from midspan.corpus.sources.items import ArrowRows, Content, Located, ParquetRows, UnreadableError
from midspan.corpus.sources.locations import is_remote, one_line, open_file
from midspan.errors import UserError

MAX_FRAGMENTS_OF_ROW_GROUP = 64  # rows cannot be skipped unread: reading a group in n fragments decodes it n/2 times
BATCH_BYTES = 4_000_000  # of rows that are held at once
MAX_BATCH_ROWS = 256
_BROKEN = (OSError, pa.ArrowException)
_END_OF_ARROW_FILE = b"ARROW1"  # a file of batches with an index; without it they are a stream


def cut_rows(
    file: str, name: str, size: int, columns: Mapping[str, str], content: Content, task_bytes: int
) -> Iterator[ParquetRows | ArrowRows]:
    """The row groups of a Parquet file, large ones in several fragments, or an Arrow file whole.

    UnreadableError if it is broken, or has no column of text.
    """
    if name.lower().endswith(".arrow"):
        try:
            with _open_arrow(file) as batches:
                _check_columns(batches.schema.names, columns, content)
        except _BROKEN as error:
            raise UnreadableError("broken Arrow file", one_line(error)) from None
        yield ArrowRows(file, name, size)
        return
    try:
        with _opened(file) as source:
            metadata = pq.read_metadata(source)
            names = metadata.schema.to_arrow_schema().names
    except _BROKEN as error:
        raise UnreadableError("broken Parquet file", one_line(error)) from None
    _check_columns(names, columns, content)
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        rows, bytes_ = group.num_rows, max(group.total_byte_size, 0)
        fragments = max(1, min(round(bytes_ / task_bytes), rows, MAX_FRAGMENTS_OF_ROW_GROUP))
        for fragment in range(fragments):
            start, stop = rows * fragment // fragments, rows * (fragment + 1) // fragments
            if stop > start:
                yield ParquetRows(file, name, index, start, stop, bytes_ // fragments)


def _check_columns(names: list[str], columns: Mapping[str, str], content: Content) -> None:
    if content != "issues" and (why := why_without_text(names, columns)):
        raise UnreadableError("no text", why)
    if missing := sorted(set(columns.values()) - set(names)):
        raise UnreadableError("no text", f"no column {missing[0]!r} among {', '.join(names)[:300]}")


def read_rows(fragment: ParquetRows, columns: Mapping[str, str], content: Content) -> Iterator[Located]:
    """The rows of a fragment, each with its place; in the stead of what cannot be decoded an UnreadableError."""
    row = 0  # of the row group
    try:
        with _opened(fragment.file) as source, pq.ParquetFile(source, pre_buffer=False, buffer_size=1 << 20) as file:
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
                    yield from _rows(
                        batch.slice(start, stop - start), f"{fragment.name}:{fragment.row_group}", first + start
                    )
                if row >= fragment.stop:
                    break
    except _BROKEN as error:
        detail = f"row group {fragment.row_group} from row {max(row, fragment.start)}: {one_line(error)}"
        yield Located(fragment.name, row, UnreadableError("broken Parquet file", detail))


def read_arrow(fragment: ArrowRows, columns: Mapping[str, str], content: Content) -> Iterator[Located]:
    """The rows of an Arrow file, in the same way."""
    row = 0
    try:
        with _open_arrow(fragment.file) as batches:
            needed = needed_columns(batches.schema.names, columns, content)
            for whole in _batches(batches):
                batch = whole.select(needed)
                for start in range(0, batch.num_rows, MAX_BATCH_ROWS):
                    yield from _rows(batch.slice(start, MAX_BATCH_ROWS), fragment.name, row + start)
                row += batch.num_rows
    except _BROKEN as error:
        yield Located(fragment.name, row, UnreadableError("broken Arrow file", f"from row {row}: {one_line(error)}"))


def _opened(file: str) -> AbstractContextManager[Any]:
    """What Arrow reads a file from: the path of one on this machine, or the open stream of an address."""
    return open_file(file) if is_remote(file) else nullcontext(file)


def _open_arrow(file: str) -> Any:
    with open_file(file, in_order=True) as head:
        indexed = head.peek(6)[:6] == _END_OF_ARROW_FILE
    source = open_file(file, in_order=not indexed) if is_remote(file) else pa.memory_map(file)
    return pa.ipc.open_file(source) if indexed else pa.ipc.open_stream(source)


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        yield from (reader.get_batch(index) for index in range(reader.num_record_batches))
    else:
        yield from reader


def _rows(batch: pa.RecordBatch, place: str, first: int) -> Iterator[Located]:
    """The rows of a batch, which has moments as Python has them: of microseconds, in UTC."""
    columns = [_moments(column) for column in batch.columns]
    batch = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    for index in range(batch.num_rows):
        number = first + index
        yield Located(f"{place}:{number}", number, _row(batch.slice(index, 1)))


def _moments(column: pa.Array) -> pa.Array:
    if not pa.types.is_timestamp(column.type):
        return column
    return column.cast(pa.timestamp("us", "UTC" if column.type.tz else None), safe=False)


def _row(batch: pa.RecordBatch) -> Mapping[str, Any] | UnreadableError:
    try:
        row: Mapping[str, Any] = batch.to_pylist()[0]
        return row
    except UserError:
        raise
    except Exception as error:  # such as a string that is not UTF-8, or a moment after the year 9999
        return UnreadableError("broken row", one_line(error))
