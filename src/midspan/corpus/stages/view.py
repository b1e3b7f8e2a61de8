"""What a build shows while it runs: for each stage documents, MB/s, what was dropped and why, the time left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from midspan.corpus.stages.manifest import Row
from midspan.progress import progress

REASONS_SHOWN = 3


class View:
    """One line per stage; the reasons are counted through all of them."""

    def __init__(self, shown: bool = True) -> None:
        self.shown = shown
        self.dropped: Counter[str] = Counter()

    @contextmanager
    def stage(self, name: str, done: Sequence[Row], total: int) -> Iterator[Callable[[Row], None]]:
        """Show a stage of `total` tasks, of which those of the rows `done` need not be done again.

        Yields what is to be called with the row of each task that ends.
        """
        if not self.shown:
            yield self._count
            return
        documents = finished = megabytes = 0.0
        started = time.monotonic()
        for row in done:
            self._count(row)
        with progress(f"corpus: {name}", total, "tasks", done=len(done)) as line:

            def note(row: Row) -> None:
                nonlocal documents, finished, megabytes
                self._count(row)
                finished += 1
                taken = row.statistics.get("in", {})
                documents += taken.get("documents", 0)
                megabytes += taken.get("bytes", 0) / 1e6
                notes = {"documents": f"{documents:,.0f}"}
                if megabytes:
                    notes["MB/s"] = f"{megabytes / max(time.monotonic() - started, 1e-3):.1f}"
                if self.dropped:
                    notes["dropped"] = self.reasons()
                line.update(len(done) + finished, **notes)

            yield note

    def reasons(self) -> str:
        """How many documents were dropped so far, and what for most of all."""
        most = [f"{count:,} {reason}" for reason, count in self.dropped.most_common(REASONS_SHOWN)]
        return f"{self.dropped.total():,} ({', '.join(most)})"

    def _count(self, row: Row) -> None:
        for reason, amount in row.statistics.get("dropped", {}).items():
            self.dropped[reason] += amount["documents"]
