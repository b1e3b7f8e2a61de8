"""Tasks as Ray core tasks (extra `cluster`): the same functions, results and errors as in local processes."""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
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

LONGEST_START = 60.0  # seconds that a worker may need before its task begins


class RayEngine:
    """Up to `workers` tasks at a time on the cluster at `address`, or on one started here for the `with` block.

    What tasks read and write must be at the same path on every node, and midspan installed there.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        self.workers, self.address = workers, address

    def __enter__(self) -> RayEngine:
        try:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            import ray
        except ImportError:
            raise UserError("the engine ray is not installed: pip install 'midspan[cluster]'") from None
        self._ray = ray
        here = self.address is None
        if here:  # the workers import what this process can import
            os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        try:
            ray.init(
                address="local" if here else self.address,
                num_cpus=self.workers if here else None,
                include_dashboard=False if here else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except Exception as error:  # ConnectionError, RuntimeError, ValueError: as the address is wrong
            where = "on this machine" if here else f"at {self.address}"
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"no Ray cluster {where} ({reason}); start one with `ray start --head`") from error
        self._work = ray.remote(num_cpus=1, max_retries=0)(_attempt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ray.shutdown()

    def run_tasks(
        self,
        function: Callable[[Task], Value],
        tasks: Sequence[Task],
        timeout: float | None = None,
        on_result: OnResult | None = None,
    ) -> list[TaskResult[Value]]:
        """Run the tasks as `Engine` promises; the second attempt is ours, so that a poisoned task is told alike."""

        def run_once(indices: Sequence[int], workers: int, on_result: OnResult) -> Lost:
            return self._run_once(function, tasks, indices, workers, timeout, on_result)

        return run_twice_if_lost(run_once, len(tasks), self.workers, on_result)

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
        running: dict[Any, tuple[int, float]] = {}  # Ray's reference → the task and when it was handed over
        limit = float("inf") if timeout is None else timeout + LONGEST_START
        lost: Lost = {}
        while waiting or running:
            while waiting and len(running) < workers:
                index = waiting.popleft()
                work = pickle.dumps((function, tasks[index]))
                running[self._work.remote(work, timeout)] = index, time.monotonic()
            late_in = min(start for _, start in running.values()) + limit - time.monotonic()
            ended, _ = self._ray.wait(list(running), timeout=max(late_in, 0.01) if late_in < 1e9 else None)
            now = time.monotonic()
            for reference in ended:
                index, start = running.pop(reference)
                news = self._receive(reference)
                if not isinstance(news, TaskLostError):
                    on_result(index, news)
                elif timeout is not None and now - start >= timeout:
                    lost[index] = TaskTimeoutError(f"took longer than {timeout:g} seconds")
                else:
                    lost[index] = news
            for reference in [one for one, (_, start) in running.items() if start + limit <= now]:
                index, _ = running.pop(reference)
                self._ray.cancel(reference, force=True)
                lost[index] = TaskTimeoutError(f"took longer than {timeout:g} seconds")
        return lost

    def _receive(self, reference: Any) -> TaskResult[Any] | TaskLostError:
        errors = self._ray.exceptions
        try:
            result = pickle.loads(self._ray.get(reference))
            assert isinstance(result, TaskResult)
            return result
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.ObjectLostError,
            errors.OutOfMemoryError,
        ) as error:
            return TaskCrashedError(" ".join(str(error).split())[:200])


def _attempt(work: bytes, timeout: float | None) -> bytes:
    """One task in a Ray worker: the pickled result, so that Ray wraps no error of ours in its own."""
    late = threading.Timer(timeout, os._exit, (1,)) if timeout is not None else None
    if late is not None:  # only the worker knows when the task has really begun
        late.daemon = True
        late.start()
    try:
        return pickled(attempt(run_pickled, work))
    finally:
        if late is not None:
            late.cancel()
