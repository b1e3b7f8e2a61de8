"""Run N idempotent tasks: in local processes that may crash or hang without costing the others."""

from midspan.engines.local import TaskCrashedError, TaskLostError, TaskResult, TaskTimeoutError, run_tasks

__all__ = ["TaskCrashedError", "TaskLostError", "TaskResult", "TaskTimeoutError", "run_tasks"]
