"""Tables of rows: which files a source has, each in fragments, and a fragment to its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from midspan.corpus.sources.columnar import cut_rows, read_arrow, read_rows
from midspan.corpus.sources.columns import columns_of, why_only_ids
from midspan.corpus.sources.hub import read_shard
from midspan.corpus.sources.items import (
    ArrowRows,
    Excluded,
    HubShard,
    Lines,
    Located,
    ParquetRows,
    SourceTask,
    TableFragment,
    UnreadableError,
    Values,
)
from midspan.corpus.sources.lines import JSON_LINES, cut_lines, line_of, read_lines
from midspan.corpus.sources.locations import files_of, shown, size_and_stamp
from midspan.corpus.sources.streams import Head, head_of
from midspan.corpus.sources.values import are_values, read_values
from midspan.corpus.writable import printable, why_unwritable
from midspan.errors import UserError
from midspan.files import hash_text

if TYPE_CHECKING:
    from midspan.recipe import TableSource

ENDINGS = {"parquet": (".parquet", ".arrow"), "jsonl": JSON_LINES}


def plan_tables(source: TableSource, task_bytes: int) -> tuple[list[TableFragment], list[Excluded], str]:
    """The fragments of a file, folder or glob of files, what is left out, and a fingerprint.

    UserError if there is no such file, or none of them is a table with a column of text.
    """
    path = shown(source.path)
    fragments: list[TableFragment] = []
    excluded: list[Excluded] = []
    stamps: list[str] = []
    for name, file in files_of(source.path):
        if not name.lower().endswith(ENDINGS[source.kind]):
            excluded.append(Excluded(source.label, printable(name), f"not {source.kind}", printable(Path(name).suffix)))
            continue
        try:
            if why_unwritable({"name": name}):
                raise UnreadableError("file name is not UTF-8")
            size, stamp = size_and_stamp(file)
            stamps.append(f"{name}\0{stamp}")
            fragments += _cut(source, file, name, size, task_bytes)
        except UnreadableError as error:
            excluded.append(Excluded(source.label, printable(name), error.reason, error.detail))
    if not stamps:
        ending = source.kind
        raise UserError(
            f"corpus.sources: no {ending} file at {path}; give a file, a folder or a glob as data/*.{ending}"
        )
    if not fragments:
        for reason in ("no text", "not JSON"):
            if why := next((entry.detail for entry in excluded if entry.reason == reason), None):
                hint = "; name the column of text in the source's `columns: {text: }`" if "no column" in why else ""
                raise UserError(f"corpus.sources: {path}: {why}{hint}")
    return fragments, excluded, hash_text("\n".join(stamps))


def _cut(source: TableSource, file: str, name: str, size: int, task_bytes: int) -> Iterator[TableFragment]:
    if source.kind == "parquet":
        yield from cut_rows(file, name, size, columns_of(source), source.content, task_bytes)
        return
    head = head_of(file)
    if source.content != "issues":
        _refuse_ids(head)
    if are_values(head):
        yield Values(file, name, size)
    else:
        yield from cut_lines(file, name, size, head, task_bytes)


def _refuse_ids(head: Head) -> None:
    """UnreadableError if the first line shows that the rows name texts, but hold none."""
    try:
        row = json.loads(head.text.lstrip().partition(b"\n")[0])
    except (ValueError, RecursionError):
        return
    if isinstance(row, dict) and (why := why_only_ids(row)):
        raise UnreadableError("no text", why)


def rows_of(fragment: TableFragment | HubShard, task: SourceTask) -> Iterator[Located]:
    """The rows of a fragment, lazily and in order; UserError if a connection breaks."""
    match fragment:
        case ParquetRows():
            return read_rows(fragment, task.columns, task.content)
        case ArrowRows():
            return read_arrow(fragment, task.columns, task.content)
        case Lines():
            return read_lines(fragment)
        case Values():
            return read_values(fragment)
        case HubShard():
            return read_shard(fragment)


def where(fragment: TableFragment | HubShard, number: int) -> str:
    """Where in its file the row of a `Located` is."""
    match fragment:
        case ParquetRows():
            return f"row group {fragment.row_group}, row {number}"
        case Lines():
            return line_of(fragment, number)
        case Values():
            return f"element {number}"
    return f"row {number}"
