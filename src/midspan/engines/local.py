"""N idempotent tasks in local processes: a task that crashes or hangs costs itself, not the others."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from midspan.errors import UserError
from midspan.progress import ProgressLine, progress

Task = TypeVar("Task")
Value = TypeVar("Value")

_CONTEXT = multiprocessing.get_context("spawn")  # a fork would copy the locks of threads it does not copy


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


def run_tasks(
    function: Callable[[Task], Value],
    tasks: Sequence[Task],
    workers: int,
    timeout: float | None = None,
    name: str = "tasks",
) -> list[TaskResult[Value]]:
    """Run `function` on every task in up to `workers` spawned processes; the results are in the order of the tasks.

    `function` must be importable and idempotent. An exception becomes that task's error. A task that loses its
    process, or takes longer than `timeout` seconds, is run once more on its own; lost again, its error is a
    `TaskLostError`. With one worker and no timeout everything runs in this process, for nothing is guarded then.
    UserError if the processes cannot start.
    """
    with progress(name, total=len(tasks), unit="tasks") as line:
        if workers <= 1 and timeout is None:
            here = []
            for task in tasks:
                here.append(_attempt(function, task))
                line.update(len(here))
            return here
        results: list[TaskResult[Value] | None] = [None] * len(tasks)
        lost = _run_pool(function, tasks, range(len(tasks)), workers, timeout, results, line)
        for index in _run_pool(function, tasks, sorted(lost), 1, timeout, results, line):
            results[index] = TaskResult(error=lost[index])
        assert all(result is not None for result in results)
        return [result for result in results if result is not None]


def _attempt(function: Callable[[Task], Value], task: Task) -> TaskResult[Value]:
    try:
        return TaskResult(value=function(task))
    except Exception as error:
        return TaskResult(error=error)


@dataclass
class _Worker:
    """One process: starting up, at the task `index` until `deadline`, or idle (`index` is None)."""

    process: BaseProcess
    connection: Connection
    started: bool = False
    index: int | None = None
    deadline: float = float("inf")

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def _run_pool(
    function: Callable[[Task], Value],
    tasks: Sequence[Task],
    indices: Sequence[int],
    workers: int,
    timeout: float | None,
    results: list[TaskResult[Value] | None],
    line: ProgressLine,
) -> dict[int, TaskLostError]:
    """Run the tasks of `indices`, fill in `results`, and return those that were lost with their processes."""
    waiting = deque(indices)
    unfinished = len(indices)
    lost: dict[int, TaskLostError] = {}
    with _stopped_at_the_end() as pool:
        while unfinished:
            while len(pool) < min(workers, unfinished):
                pool.append(_start(function))
            for worker in _await_news(pool):
                news = _receive(worker, timeout)
                if news is not None and worker.index is not None:
                    unfinished -= 1
                    if isinstance(news, TaskLostError):
                        lost[worker.index] = news
                    else:
                        results[worker.index] = news
                        line.update(sum(result is not None for result in results))
                    worker.index = None
                if isinstance(news, TaskLostError):
                    pool.remove(worker)
                    worker.stop()
                elif waiting:
                    _assign(worker, waiting.popleft(), tasks, timeout)
    return lost


def _start(function: Callable[[Task], Value]) -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(theirs, function), daemon=True)
    process.start()
    theirs.close()  # so that the end of the process is the end of the pipe
    return _Worker(process, ours)


def _assign(worker: _Worker, index: int, tasks: Sequence[Any], timeout: float | None) -> None:
    worker.index = index
    worker.deadline = time.monotonic() + timeout if timeout is not None else float("inf")
    with suppress(OSError):  # a process that has just died is noticed when its news are read
        worker.connection.send(tasks[index])


def _await_news(pool: list[_Worker]) -> list[_Worker]:
    """Block until workers have sent something, have died, or are late; return them."""
    late_in = min(worker.deadline for worker in pool) - time.monotonic()
    spoken = wait([worker.connection for worker in pool], timeout=max(late_in, 0) if late_in < 1e9 else None)
    now = time.monotonic()
    return [worker for worker in pool if worker.connection in spoken or worker.deadline <= now]


def _receive(worker: _Worker, timeout: float | None) -> TaskResult[Any] | TaskLostError | None:
    """The result of the worker's task, or why it is lost, or None where the worker reports for work."""
    if not worker.connection.poll():
        return TaskTimeoutError(f"took longer than {timeout:g} seconds")
    try:
        news = pickle.loads(worker.connection.recv_bytes())
    except (EOFError, OSError):
        worker.process.join()
        code = worker.process.exitcode
        if not worker.started:
            raise UserError(
                f"a worker process ended with exit code {code} before its first task (its message is above):"
                " in a script, call Midspan under `if __name__ == '__main__':`"
            ) from None
        how = f"was killed by {signal.Signals(-code).name}" if code and code < 0 else f"ended with exit code {code}"
        return TaskCrashedError(f"the process {how}")
    worker.started = True
    worker.deadline = float("inf")
    assert news is None or isinstance(news, TaskResult)
    return news


@contextmanager
def _stopped_at_the_end() -> Iterator[list[_Worker]]:
    pool: list[_Worker] = []
    try:
        yield pool
    finally:
        for worker in pool:
            worker.stop()


def _serve(connection: Connection, function: Callable[[Task], Value]) -> None:
    """The life of a worker process: report for work, then one result for each task until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business, which then kills us
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    connection.send_bytes(pickle.dumps(None))
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        connection.send_bytes(_pickled(_attempt(function, task)))


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _pickled(result: TaskResult[Any]) -> bytes:
    """The result as bytes; where its value or error cannot be pickled and read again, an error that says so."""
    try:
        if result.error is not None:
            pickle.loads(pickle.dumps(result.error))
        return pickle.dumps(result)
    except Exception as error:
        cause = result.error or error
        return pickle.dumps(TaskResult[Any](error=RuntimeError(f"{type(cause).__name__}: {cause}")))
