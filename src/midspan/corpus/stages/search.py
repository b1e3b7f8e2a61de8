"""A search for copies as a stage: it goes through files and tasks of its own, and keeps a folder of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from midspan.corpus.dedup.tasks import Run
from midspan.corpus.stages.amounts import Amount
from midspan.corpus.stages.manifest import Row, find_row, hash_outputs, sizes_of, write_row
from midspan.corpus.stages.workplace import TASK_SECONDS, Workplace
from midspan.engines import Engine, TaskLostError, TaskResult
from midspan.errors import UserError
from midspan.files import atomic_directory, hash_path
from midspan.progress import progress

Search = Callable[[Path, Run], Path]  # its own folder, and what runs its tasks → the folder of what it drops


def run_search(workplace: Workplace, stage: str, search: Search, compared: Amount, input_hash: str) -> tuple[Path, Row]:
    """What `read_dropped` reads of the copies that were found, and the search's row of the manifest."""
    folder = workplace.task_folder(f"{stage}-row", 0)
    row = find_row(folder, "", input_hash)
    seconds: list[float] = []
    dropped = search(workplace.folder / stage, partial(_run_tasks, workplace.engine, seconds))
    if row is None:
        copies = sum(pq.ParquetFile(file).metadata.num_rows for file in sorted(dropped.glob("*.parquet")))
        with atomic_directory(folder) as aside:
            (aside / "dropped").write_text(hash_path(dropped))
            statistics = {"copies": copies, "in": compared}
            outputs = hash_outputs(aside)
            done = (outputs, sizes_of(aside, outputs), round(sum(seconds), 3), statistics)
            row = Row(stage, 0, "", input_hash, *done)
            write_row(aside, row)
    return dropped, row


def _run_tasks(
    engine: Engine, seconds: list[float], function: Callable[[Any], None], tasks: Sequence[Any], title: str
) -> None:
    """Run tasks of a search, and add what each took to `seconds`; UserError for one that keeps losing its process."""
    with progress(f"corpus: {title}", len(tasks), "tasks") as line:
        done = 0

        def on_result(position: int, result: TaskResult[float]) -> None:
            nonlocal done
            done += 1
            line.update(done)

        for result in engine.run_tasks(timed, [(function, task) for task in tasks], TASK_SECONDS, on_result):
            if isinstance(result.error, TaskLostError):
                raise UserError(
                    f"corpus: a task of {title} keeps losing its process ({result.error}): give the workers more"
                    " memory, or lower corpus.shard_bytes"
                ) from result.error
            if result.error is not None:
                raise result.error
            seconds.append(result.value or 0.0)


def timed(work: tuple[Callable[[Any], None], Any]) -> float:
    """Run one task of a search; the seconds it took. Runs in a worker."""
    function, task = work
    started = time.monotonic()
    function(task)
    return time.monotonic() - started
