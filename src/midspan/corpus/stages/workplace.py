"""A stage of the build: idempotent tasks, each of which leaves a folder that is whole or absent."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from midspan.corpus.sources.listings import described
from midspan.corpus.stages.guard import DOCUMENT_SECONDS, Guard, marked_ordinal
from midspan.corpus.stages.manifest import Row, find_row, hash_outputs, read_row, sizes_of, write_row
from midspan.corpus.stages.view import View
from midspan.engines import Engine, TaskLostError, TaskResult
from midspan.errors import UserError
from midspan.files import atomic_directory, remove_leftovers
from midspan.progress import say

TASK_SECONDS = 3600.0  # a backstop: documents have deadlines of their own
MOST_POISONED = 100  # documents of one task; more are no accident

# What a task does: reads what the first argument names, writes into the folder, and returns what it counted.
StageFunction = Callable[[Any, Path, Guard], dict[str, Any]]


@dataclass(frozen=True)
class StageTask:
    """One task of a stage, complete with where its outputs go."""

    stage: str
    index: int
    function: StageFunction
    payload: Any
    folder: Path
    configuration: str
    input: str
    poisoned: dict[int, str] = field(default_factory=dict)
    only: int | None = None
    stop: int | None = None

    @property
    def guard(self) -> Guard:
        """What the walk over the task's documents passes over."""
        return Guard(mark_of(self.folder), self.poisoned, self.only, self.stop)

    def __str__(self) -> str:
        part = getattr(self.payload, "part", None)  # what of which source it reads
        return f"task {self.index} of the stage {self.stage}" + (f" ({described(part)})" if part else "")


@dataclass(frozen=True)
class Workplace:
    """What every stage needs: where intermediate outputs lie, who runs tasks, and who is told of them."""

    folder: Path
    engine: Engine
    view: View

    def task_folder(self, stage: str, index: int) -> Path:
        """Where the outputs of a task lie."""
        return self.folder / stage / f"{index:06d}"

    def run(
        self, stage: str, function: StageFunction, configuration: str, work: Sequence[tuple[Any, str]]
    ) -> list[Row]:
        """Run a stage over pairs of (payload, hash of its inputs); what an earlier build has done is looked up.

        The rows come in the order of `work`. UserError for a full disk and for a task that no document explains.
        """
        tasks = [
            StageTask(stage, index, function, payload, self.task_folder(stage, index), configuration, input_hash)
            for index, (payload, input_hash) in enumerate(work)
        ]
        rows = {task.index: find_row(task.folder, task.configuration, task.input) for task in tasks}
        pending = [task for task in tasks if rows[task.index] is None]
        if (self.folder / stage).exists():
            remove_leftovers(self.folder / stage)
        with self.view.stage(stage, [row for row in rows.values() if row is not None], len(tasks)) as note:

            def on_result(position: int, result: TaskResult[Row]) -> None:
                if result.value is not None:
                    note(result.value)

            results = self.engine.run_tasks(carry_out, pending, TASK_SECONDS, on_result)
            for task, result in zip(pending, results, strict=True):
                if result.value is None:
                    note(self._rescue(task, result.error))
        return [read_row(task.folder) for task in tasks]

    def _rescue(self, task: StageTask, error: Exception | None) -> Row:
        """Run a lost task again without the documents that ended its process."""
        while isinstance(error, TaskLostError):
            suspect = marked_ordinal(mark_of(task.folder))
            if suspect is not None and suspect in task.poisoned:  # it ends the process while it is being read
                task = replace(task, stop=suspect)
            else:
                why = None if suspect is None else self._why_lost_alone(task, suspect)
                if suspect is None or why is None or len(task.poisoned) == MOST_POISONED:
                    raise UserError(
                        f"corpus: {task} keeps losing its process ({error}), and"
                        " no single document explains it; give the workers more memory, or lower corpus.shard_bytes"
                    ) from error
                task = replace(task, poisoned=task.poisoned | {suspect: why})
            (again,) = self.engine.run_tasks(carry_out, [task], TASK_SECONDS)
            if again.value is not None:
                return again.value
            error = again.error
        assert error is not None
        if not isinstance(error, UserError | OSError):  # those say what they are about
            say(f"corpus: {task} fails: {type(error).__name__}")
        raise error

    def _why_lost_alone(self, task: StageTask, suspect: int) -> str | None:
        """What one document does to a process that works on nothing else; None: nothing."""
        (alone,) = self.engine.run_tasks(probe, [replace(task, only=suspect)], TASK_SECONDS)
        if not isinstance(alone.error, TaskLostError):
            return None
        hung = time.time() - mark_of(task.folder).stat().st_mtime >= DOCUMENT_SECONDS
        return f"takes longer than {DOCUMENT_SECONDS:g} seconds" if hung else "ends its process"


def carry_out(task: StageTask) -> Row:
    """Do one task and write its row beside its outputs, then rename the folder that holds both. Runs in a worker."""
    started = time.monotonic()
    mark = mark_of(task.folder)
    mark.parent.mkdir(parents=True, exist_ok=True)
    with atomic_directory(task.folder) as aside:
        try:
            statistics = task.function(task.payload, aside, task.guard)
        except Exception as error:
            if not isinstance(error, UserError | OSError):
                error.add_note(f"{task}, in its process:\n{traceback.format_exc()}")
            raise
        seconds = round(time.monotonic() - started, 3)
        outputs = hash_outputs(aside)
        done = (outputs, sizes_of(aside, outputs), seconds, statistics)
        row = Row(task.stage, task.index, task.configuration, task.input, *done)
        write_row(aside, row)
    mark.unlink(missing_ok=True)
    return row


def probe(task: StageTask) -> None:
    """Do a task for one document alone, and leave nothing: does it end this process? Runs in a worker."""
    with tempfile.TemporaryDirectory(dir=task.folder.parent, prefix=".", suffix=".part") as aside:
        task.function(task.payload, Path(aside), task.guard)


def mark_of(folder: Path) -> Path:
    """The file in which the task of `folder` writes which document it is at."""
    return folder.with_name(f"{folder.name}.mark")
