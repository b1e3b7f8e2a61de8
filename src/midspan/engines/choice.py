"""Which engine runs the tasks: processes of this machine, or a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from midspan.engines.local import LocalEngine
from midspan.engines.tasks import Engine
from midspan.errors import UserError


@dataclass(frozen=True)
class EngineChoice:
    """Where tasks run. Nothing here changes their results."""

    kind: Literal["local", "ray"] = "local"
    workers: int = 1  # processes; with an address: tasks at a time, at most
    address: str | None = None  # of a running Ray cluster; None: one of this machine, for as long as it is needed


@contextmanager
def start_engine(choice: EngineChoice) -> Iterator[Engine]:
    """The chosen engine while the block runs; UserError where Ray is not installed or does not answer."""
    if choice.workers < 1:
        raise UserError(f"{choice.workers} workers can do nothing: give at least 1")
    if choice.kind == "ray":
        from midspan.engines.ray import RayEngine

        with RayEngine(choice.workers, choice.address) as cluster:
            yield cluster
    else:
        if choice.address is not None:
            raise UserError(f"the local engine has no address ({choice.address}): add --engine ray")
        with LocalEngine(choice.workers) as processes:
            yield processes
