"""A sample of what a build would read, spread over all sources: bounded in bytes, however large they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from midspan.corpus.sources import Excluded, Raw, SourceTask, read_items
from midspan.corpus.sources.items import Files, Fragment, HubShard
from midspan.corpus.sources.listings import listed_fragments

SAMPLE_BYTES = 8_000_000
LEAST_PORTION = 250_000  # bytes of a table that are read at once: less would mostly be opening files


def sampled(
    tasks: Iterable[SourceTask], size: int, sample: int = SAMPLE_BYTES
) -> Iterator[tuple[SourceTask, Raw | Excluded]]:
    """Items of about `sample` bytes of tasks that hold `size`: every n-th file, the beginning of every n-th table.

    Of no more than `sample` bytes all of them. Shards of the hub are not opened: that is a download.
    """
    every = max(-(-size // sample), 1)
    passed = owed = 0  # files since the last one; bytes of tables that are still to be read
    for task in tasks:
        for fragment in listed_fragments(task.fragments):
            if isinstance(fragment, HubShard):
                continue
            if isinstance(fragment, Files):
                first = -passed % every
                chosen = fragment.files[first::every]
                passed += len(fragment.files)
                yield from _items(task, replace(fragment, files=chosen), None) if chosen else ()
                continue
            owed += int(Fraction(fragment.size, every))
            if every == 1 or owed >= LEAST_PORTION:
                yield from _items(task, fragment, None if every == 1 else owed)
                owed = 0


def _items(task: SourceTask, fragment: Fragment, limit: int | None) -> Iterator[tuple[SourceTask, Raw | Excluded]]:
    """The items of a fragment, until they hold `limit` bytes."""
    read = 0
    for item in read_items(replace(task, fragments=(fragment,))):
        yield task, item
        read += len(item.data) if isinstance(item, Raw) else 0
        if limit is not None and read >= limit:
            return
