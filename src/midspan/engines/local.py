"""Tasks in processes of this machine: they stay alive from one run of tasks to the next."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any

from midspan.engines.tasks import (
    Lost,
    OnResult,
    Task,
    TaskCrashedError,
    TaskLostError,
    TaskResult,
    TaskTimeoutError,
    Value,
    attempt,
    pickled,
    run_pickled,
    run_twice_if_lost,
)
from midspan.errors import UserError

LONGEST_FOLDER = 70  # bytes; of the whole address 107

# A fork of this process would copy the locks of threads it does not copy. A server that does nothing but import what
# the tasks need forks in no time what would else take a second to start: the threads that it has, of numpy's and
# pyarrow's libraries, are prepared for a fork. Only Linux does so safely, and the server's address, a path among
# temporary files, must be short.
_CONTEXT: ForkServerContext | SpawnContext = (
    multiprocessing.get_context("forkserver")
    if sys.platform == "linux" and len(os.fsencode(tempfile.gettempdir())) < LONGEST_FOLDER
    else multiprocessing.get_context("spawn")
)


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


class LocalEngine:
    """Up to `workers` processes, started when first needed and stopped at the end of the `with` block."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: list[_Worker] = []

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_all()

    def run_tasks(
        self,
        function: Callable[[Task], Value],
        tasks: Sequence[Task],
        timeout: float | None = None,
        on_result: OnResult | None = None,
    ) -> list[TaskResult[Value]]:
        """Run the tasks as `Engine` promises."""

        def run_once(indices: Sequence[int], workers: int, on_result: OnResult) -> Lost:
            return self._run_once(function, tasks, indices, workers, timeout, on_result)

        try:
            return run_twice_if_lost(run_once, len(tasks), self.workers, on_result)
        except BaseException:
            self._stop_all()  # what they are at is nobody's any more
            raise

    def _run_once(
        self,
        function: Callable[[Task], Value],
        tasks: Sequence[Task],
        indices: Sequence[int],
        workers: int,
        timeout: float | None,
        on_result: OnResult,
    ) -> Lost:
        waiting = deque(indices)
        unfinished = len(indices)
        lost: Lost = {}

        def give(worker: _Worker) -> None:
            if waiting and worker.started and worker.index is None:
                index = waiting.popleft()
                _assign(worker, index, (function, tasks[index]), timeout)

        while unfinished:
            while len(self._pool) < min(workers, unfinished):
                self._pool.append(_start(function.__module__))
            pool = self._pool[:workers]
            for worker in pool:
                give(worker)
            for worker in _await_news(pool):
                news = _receive(worker, timeout)
                if news is not None and worker.index is not None:
                    unfinished -= 1
                    if isinstance(news, TaskLostError):
                        lost[worker.index] = news
                    else:
                        on_result(worker.index, news)
                    worker.index = None
                if isinstance(news, TaskLostError):
                    self._pool.remove(worker)
                    worker.stop()
                else:
                    give(worker)
        return lost

    def _stop_all(self) -> None:
        while self._pool:
            self._pool.pop().stop()


def _start(needed: str) -> _Worker:
    """A process; the server that forks it, which the first one starts, imports the module `needed`."""
    _CONTEXT.set_forkserver_preload([needed])
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that the end of the process is the end of the pipe
    return _Worker(process, ours)


def _assign(worker: _Worker, index: int, work: tuple[Any, Any], timeout: float | None) -> None:
    worker.index = index
    worker.deadline = time.monotonic() + timeout if timeout is not None else float("inf")
    with suppress(OSError):  # a process that has just died is noticed when its news are read
        worker.connection.send(work)


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


def _serve(connection: Connection) -> None:
    """The life of a worker process: report for work, then one result for each task until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business, which then kills us
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    connection.send_bytes(pickle.dumps(None))
    while True:
        try:
            work = connection.recv_bytes()
        except EOFError:
            return
        connection.send_bytes(pickled(attempt(run_pickled, work)))


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
