"""A task of a source to its items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from midspan.corpus.languages import language_of_name
from midspan.corpus.sources.columns import files_of_row, item_of_row
from midspan.corpus.sources.hub import read_shard
from midspan.corpus.sources.issues import issue_of_row
from midspan.corpus.sources.items import Excluded, Files, Lines, Piece, Raw, ReadTask, Rows, UnreadableError
from midspan.corpus.sources.prose import PROSE, documentation_of
from midspan.corpus.sources.tables import read_lines, read_rows
from midspan.corpus.sources.trees import read_files

MARKUP = frozenset({"markdown", "restructuredtext", "tex"})  # that keep their own rules of quality


def read_items(task: ReadTask) -> Iterator[Raw | Excluded]:
    """The items of a task, lazily and always in the same order; what cannot be read is an Excluded in its place.

    UserError if a dataset's connection breaks.
    """
    for piece in task.pieces:
        items = read_files(piece, task.content) if isinstance(piece, Files) else _read_table(piece, task)
        for item in items:
            yield _finished(item, task) if isinstance(item, Raw) else item


def _read_table(piece: Piece, task: ReadTask) -> Iterator[Raw | Excluded]:
    if isinstance(piece, Rows):
        rows = read_rows(piece, task.columns, task.content)
    elif isinstance(piece, Lines):
        rows = read_lines(piece)
    else:
        assert not isinstance(piece, Files)
        rows = read_shard(piece)
    for place, row in rows:
        if isinstance(row, UnreadableError):
            yield Excluded(task.source, place, row.reason, row.detail)
        elif task.content == "issues":
            yield issue_of_row(row, place, task)
        else:
            for file_place, file in files_of_row(row, place):
                yield item_of_row(file, file_place, task)


def _finished(raw: Raw, task: ReadTask) -> Raw | Excluded:
    """The item with what the recipe says of all, and what is no code as prose, but for languages of markup."""
    if task.declared_licence and not raw.declared_licence and not raw.licence_files:
        raw = replace(raw, declared_licence=task.declared_licence, declared_evidence="the recipe")
    if task.content == "code":
        return raw
    if raw.language is None and language_of_name(raw.path) not in MARKUP:
        raw = replace(raw, language=PROSE)
    return documentation_of(raw) if task.content == "documentation" else raw
