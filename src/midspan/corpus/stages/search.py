"""The searches for copies as stages: they go through files and tasks of their own, and keep their own place."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from midspan.corpus.dedup import NearSettings, exact_duplicates, near_duplicates_in_files
from midspan.corpus.stages.amounts import Amount
from midspan.corpus.stages.manifest import Row, find_row, hash_outputs, write_row
from midspan.corpus.stages.workplace import TASK_SECONDS, Workplace
from midspan.engines import TaskLostError, TaskResult
from midspan.errors import UserError
from midspan.files import atomic_directory, hash_path
from midspan.progress import progress

Search = Callable[[Path, Any], Path]  # its own folder, and what runs its tasks → the folder of what it drops


def find_exact_copies(
    workplace: Workplace, shards: Sequence[Path], taken: Amount, fingerprint: str
) -> tuple[Path, Row]:
    """What `read_dropped` reads of documents that others equal, and the search's row of the manifest."""
    return _search(
        workplace, "exact", taken, fingerprint, lambda work, run: exact_duplicates(shards, work, run, fingerprint)
    )


def find_near_copies(
    workplace: Workplace, shards: Sequence[Path], taken: Amount, threshold: float, fingerprint: str
) -> tuple[Path, Row]:
    """What `read_dropped` reads of documents (or repositories) that others are like, and the row of the manifest."""
    settings = NearSettings(threshold=threshold)
    return _search(
        workplace,
        "near",
        taken,
        f"{fingerprint} {threshold}",
        lambda work, run: near_duplicates_in_files(shards, work, settings, run, fingerprint),
    )


def _search(workplace: Workplace, name: str, taken: Amount, input_hash: str, search: Search) -> tuple[Path, Row]:
    work, folder = workplace.folder / name, workplace.task_folder(f"{name}-row", 0)
    seconds = 0.0

    def run(function: Callable[[Any], None], tasks: Sequence[Any], title: str) -> None:
        nonlocal seconds
        with progress(f"corpus: {title}", len(tasks), "tasks") as line:
            done = 0

            def on_result(position: int, result: TaskResult[float]) -> None:
                nonlocal done
                done += 1
                line.update(done)

            timed = [(function, task) for task in tasks]
            for result in workplace.engine.run_tasks(run_timed, timed, TASK_SECONDS, on_result):
                if isinstance(result.error, TaskLostError):
                    raise UserError(
                        f"corpus: a task of {title} keeps losing its process ({result.error}): give the workers more"
                        " memory, or lower corpus.shard_bytes"
                    ) from result.error
                if result.error is not None:
                    raise result.error
                seconds += result.value or 0.0

    row = find_row(folder, "", input_hash)
    dropped = search(work, run)
    if row is None:
        copies = sum(pq.ParquetFile(file).metadata.num_rows for file in sorted(dropped.glob("*.parquet")))
        with atomic_directory(folder) as aside:
            (aside / "dropped").write_text(hash_path(dropped))
            statistics = {"copies": copies, "in": taken}
            row = Row(name, 0, "", input_hash, hash_outputs(aside), round(seconds, 3), statistics)
            write_row(aside, row)
    return dropped, row


def run_timed(work: tuple[Callable[[Any], None], Any]) -> float:
    """Run one task of a search; the seconds it took. Runs in a worker."""
    function, task = work
    started = time.monotonic()
    function(task)
    return time.monotonic() - started
