"""Few tasks in this process: starting another one for them would take longer than they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midspan.engines.tasks import Engine, Task, TaskResult, Value, attempt

FEW = 2


class FewHere:
    """An engine that does few tasks itself and leaves many to another; where a task may crash, ask that one."""

    def __init__(self, others: Engine) -> None:
        self._others = others

    def run_tasks(
        self,
        function: Callable[[Task], Value],
        tasks: Sequence[Task],
        timeout: float | None = None,
        on_result: Callable[[int, TaskResult[Value]], None] | None = None,
    ) -> list[TaskResult[Value]]:
        """Run the tasks as `Engine` promises, but that few have no timeout."""
        if len(tasks) > FEW:
            return self._others.run_tasks(function, tasks, timeout, on_result)
        results: list[TaskResult[Value]] = []
        for index, task in enumerate(tasks):
            results.append(attempt(function, task))
            if on_result is not None:
                on_result(index, results[-1])
        return results
