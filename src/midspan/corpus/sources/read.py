"""A task of a source to its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from midspan.corpus.languages import language_of_name
from midspan.corpus.licences import own_evidence
from midspan.corpus.sources.columns import files_of_row, item_of_row
from midspan.corpus.sources.issues import issue_of_row
from midspan.corpus.sources.items import (
    Excluded,
    Files,
    HubShard,
    Located,
    Raw,
    SourceTask,
    TableFragment,
    UnreadableError,
)
from midspan.corpus.sources.listings import listed_fragments
from midspan.corpus.sources.locations import one_line
from midspan.corpus.sources.prose import PROSE, documentation_of
from midspan.corpus.sources.tables import rows_of, where
from midspan.corpus.sources.trees import read_files
from midspan.corpus.writable import printable

MARKUP = frozenset({"markdown", "restructuredtext", "tex"})  # that keep their own rules of quality
RUNS = frozenset({"broken Parquet file", "broken Arrow file"})  # which rows, the reader says itself
FAULTS = frozenset({"bad JSON line", "bad field", "broken row", "no text", "not text", "no conversation", "too large"})
LISTED = 100  # of a fragment's faults of one kind
COUNTED = 1_000  # of the others, on one line of the list
LEAST_SEEN, MOST_BROKEN = 1_000, 0.5  # after so many rows, of which more than this share cannot be read, it is enough


def read_items(task: SourceTask) -> Iterator[Raw | Excluded]:
    """The items of a task, lazily and always in the same order; what cannot be read is an Excluded in its place.

    UserError if a dataset's connection breaks.
    """
    for fragment in listed_fragments(task.fragments):
        items = read_files(fragment, task.content) if isinstance(fragment, Files) else _read_table(fragment, task)
        for item in items:
            yield _finished(item, task) if isinstance(item, Raw) else item


def _read_table(fragment: TableFragment | HubShard, task: SourceTask) -> Iterator[Raw | Excluded]:
    """The items of a table; of faults alike a few are listed and the rest counted, and what is mostly broken is left.

    Both keep the list of what is left out, and the time, in proportion to what there is to gain.
    """
    faults: Counter[str] = Counter()
    seen = broken = 0
    for located in rows_of(fragment, task):
        seen += 1
        broken += isinstance(located.row, UnreadableError)
        for item in _items_of(located, fragment, task):
            if isinstance(item, Raw) or item.reason not in FAULTS:
                yield item
                continue
            faults[item.reason] += 1
            more = faults[item.reason] - LISTED
            if more <= 0:
                yield item
            elif more % COUNTED == 0:
                yield _more(fragment, task, item.reason, COUNTED)
        if seen >= LEAST_SEEN and broken > MOST_BROKEN * seen:
            detail = f"{broken} of the first {seen} rows of {fragment} cannot be read: the rest is not"
            yield Excluded(
                task.source, fragment.name, "mostly broken", f"{detail} (to {where(fragment, located.number)})"
            )
            break
    for reason, count in sorted(faults.items()):
        if uncounted := max(count - LISTED, 0) % COUNTED:
            yield _more(fragment, task, reason, uncounted)


def _more(fragment: TableFragment | HubShard, task: SourceTask, reason: str, count: int) -> Excluded:
    return Excluded(task.source, fragment.name, reason, f"{count} more like those listed", count)


def _items_of(located: Located, fragment: TableFragment | HubShard, task: SourceTask) -> Iterator[Raw | Excluded]:
    """The item of a row, or of each file in it; whatever is wrong with a row costs that row alone."""
    place, number, row = located
    if isinstance(row, UnreadableError):
        yield Excluded(task.source, place, row.reason, _with_place(row, fragment, number))
        return
    try:
        if task.content == "issues":
            items: list[Raw | Excluded] = [issue_of_row(row, place, task)]
        else:
            items = [item_of_row(file, file_place, task) for file_place, file in files_of_row(row, place)]
    except Exception as error:
        items = [Excluded(task.source, place, "broken row", f"{type(error).__name__}: {printable(one_line(error))}")]
    for item in items:
        if isinstance(item, Excluded):
            end = f"{fragment.name}, {where(fragment, number)}"
            item = replace(item, detail=f"{item.detail} ({end})" if item.detail else end)
        yield item


def _with_place(error: UnreadableError, fragment: TableFragment | HubShard, number: int) -> str:
    """The detail of what cannot be read, which names the place itself where it is a run of rows."""
    return error.detail if error.reason in RUNS else f"{where(fragment, number)}: {error.detail}"


def _finished(raw: Raw, task: SourceTask) -> Raw | Excluded:
    """The item with what the recipe says of all, and what is no code as prose, but for languages of markup."""
    override = next((found for glob, found in task.overrides if fnmatchcase(raw.repository, glob)), "")
    if override:
        files = own_evidence(raw.licence_files)
        raw = replace(raw, declared_licence=override, declared_evidence="the recipe", licence_files=files)
    elif task.declared_licence and not raw.declared_licence and not raw.licence_files:
        raw = replace(raw, declared_licence=task.declared_licence, declared_evidence="the recipe")
    if task.content == "code":
        return raw
    if raw.language is None and language_of_name(raw.path) not in MARKUP:
        raw = replace(raw, language=PROSE)
    return documentation_of(raw) if task.content == "documentation" else raw
