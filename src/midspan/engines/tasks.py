"""What every engine promises: N idempotent tasks, their results in order, whatever happens to one of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Task = TypeVar("Task")
Value = TypeVar("Value")


class TaskLostError(RuntimeError):
    """The process of a task is gone and its result with it; the task was tried again alone, with the same end."""


class TaskCrashedError(TaskLostError):
    """The process ended in the middle of the task: killed, out of memory, or a fault in native code."""


class TaskTimeoutError(TaskLostError):
    """The task took longer than its timeout and was killed."""


@dataclass(frozen=True)
class TaskResult(Generic[Value]):
    """What became of one task: its value, or the error that it raised or that ended it."""

    value: Value | None = None
    error: Exception | None = None


class Engine(Protocol):
    """Runs tasks in other processes. The results are the same on every engine and for any number of workers."""

    def run_tasks(
        self,
        function: Callable[[Task], Value],
        tasks: Sequence[Task],
        timeout: float | None = None,
        on_result: Callable[[int, TaskResult[Value]], None] | None = None,
    ) -> list[TaskResult[Value]]:
        """Run `function` on every task; the results are in the order of the tasks.

        `function` must be importable and idempotent. An exception becomes that task's error. A task that loses its
        process, or takes longer than `timeout` seconds, is run once more on its own; lost again, its error is a
        `TaskLostError`. `on_result` hears of each task as it ends. UserError if the processes cannot start.
        """
        ...


Lost = dict[int, TaskLostError]
OnResult = Callable[[int, TaskResult[Any]], None]
# Runs the tasks of some indices on some workers, tells of each result, and returns the tasks that were lost.
RunOnce = Callable[[Sequence[int], int, OnResult], Lost]


def run_twice_if_lost(run_once: RunOnce, count: int, workers: int, on_result: OnResult | None) -> list[TaskResult[Any]]:
    """All `count` tasks once, then the lost ones again, one at a time: beside others they may lack the memory."""
    results: dict[int, TaskResult[Any]] = {}

    def note(index: int, result: TaskResult[Any]) -> None:
        results[index] = result
        if on_result is not None:
            on_result(index, result)

    lost = run_once(range(count), workers, note)
    if lost:
        for index, error in sorted(run_once(sorted(lost), 1, note).items()):
            note(index, TaskResult(error=error))
    return [results[index] for index in range(count)]


def attempt(function: Callable[[Task], Value], task: Task) -> TaskResult[Value]:
    """The value of one task, or the exception that it raised."""
    try:
        return TaskResult(value=function(task))
    except Exception as error:
        return TaskResult(error=error)


def run_pickled(work: bytes) -> Any:
    """Call a pickled (function, task); unpickled here, so that what cannot be imported is that task's error."""
    function, task = pickle.loads(work)
    return function(task)


def pickled(result: TaskResult[Any]) -> bytes:
    """The result as bytes; where its value or error cannot be pickled and read again, an error that says so."""
    try:
        if result.error is not None:
            pickle.loads(pickle.dumps(result.error))
        return pickle.dumps(result)
    except Exception as error:
        cause = result.error or error
        return pickle.dumps(TaskResult[Any](error=RuntimeError(f"{type(cause).__name__}: {cause}")))
