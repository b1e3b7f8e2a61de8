"""Run N idempotent tasks: in local processes or on a Ray cluster; one that crashes or hangs costs itself alone."""

from midspan.engines.choice import EngineChoice, start_engine
from midspan.engines.here import FewHere
from midspan.engines.local import LocalEngine
from midspan.engines.tasks import Engine, TaskCrashedError, TaskLostError, TaskResult, TaskTimeoutError

__all__ = [
    "Engine",
    "EngineChoice",
    "FewHere",
    "LocalEngine",
    "TaskCrashedError",
    "TaskLostError",
    "TaskResult",
    "TaskTimeoutError",
    "start_engine",
]
