"""A task of a source to its items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from midspan.corpus.languages import language_of_name
from midspan.corpus.sources.columns import files_of_row, item_of_row
from midspan.corpus.sources.hub import read_shard
from midspan.corpus.sources.issues import issue_of_row
from midspan.corpus.sources.items import Excluded, Files, Fragment, Lines, ParquetRows, Raw, SourceTask, UnreadableError
from midspan.corpus.sources.listings import listed_fragments
from midspan.corpus.sources.prose import PROSE, documentation_of
from midspan.corpus.sources.tables import read_lines, read_rows
from midspan.corpus.sources.trees import read_files

MARKUP = frozenset({"markdown", "restructuredtext", "tex"})  # that keep their own rules of quality


def read_items(task: SourceTask) -> Iterator[Raw | Excluded]:
    """The items of a task, lazily and always in the same order; what cannot be read is an Excluded in its place.

    UserError if a dataset's connection breaks.
    """
    for fragment in listed_fragments(task.fragments):
        items = read_files(fragment, task.content) if isinstance(fragment, Files) else _read_table(fragment, task)
        for item in items:
            yield _finished(item, task) if isinstance(item, Raw) else item


def _read_table(fragment: Fragment, task: SourceTask) -> Iterator[Raw | Excluded]:
    if isinstance(fragment, ParquetRows):
        rows = read_rows(fragment, task.columns, task.content)
    elif isinstance(fragment, Lines):
        rows = read_lines(fragment)
    else:
        assert not isinstance(fragment, Files)
        rows = read_shard(fragment)
    for place, row in rows:
        if isinstance(row, UnreadableError):
            yield Excluded(task.source, place, row.reason, row.detail)
        elif task.content == "issues":
            yield issue_of_row(row, place, task)
        else:
            for file_place, file in files_of_row(row, place):
                yield item_of_row(file, file_place, task)


def _finished(raw: Raw, task: SourceTask) -> Raw | Excluded:
    """The item with what the recipe says of all, and what is no code as prose, but for languages of markup."""
    if task.declared_licence and not raw.declared_licence and not raw.licence_files:
        raw = replace(raw, declared_licence=task.declared_licence, declared_evidence="the recipe")
    if task.content == "code":
        return raw
    if raw.language is None and language_of_name(raw.path) not in MARKUP:
        raw = replace(raw, language=PROSE)
    return documentation_of(raw) if task.content == "documentation" else raw
