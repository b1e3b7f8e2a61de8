"""How the file steps are run: tasks with an output each, done once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow.parquet as pq

from midspan.files import read_json, write_json

Task = TypeVar("Task", bound="HasOutput")
Run = Callable[[Callable[[Any], None], Sequence[Any], str], object]  # (function, tasks, name); raises if a task fails


class HasOutput(Protocol):
    """A task whose one output appears whole when it is done."""

    @property
    def output(self) -> Path: ...


def run_here(function: Callable[[Any], None], tasks: Sequence[Any], name: str) -> None:
    """Run the tasks one after the other in this process."""
    for task in tasks:
        function(task)


def run_missing(run: Run, function: Callable[[Task], None], tasks: Sequence[Task], name: str) -> None:
    """Run those tasks whose output is not there yet: after a kill, the rest."""
    missing = [task for task in tasks if not task.output.exists()]
    if missing:
        run(function, missing, name)


def claim(work: Path, plan: dict[str, Any]) -> None:
    """Make `work` the folder of this plan: what another plan has left in it is removed, what this one has, stays."""
    whole = json.loads(json.dumps(plan))
    path = work / "plan.json"
    if work.exists() and not (path.exists() and read_json(path) == whole):
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    write_json(path, whole)


def document_starts(shards: Sequence[Path]) -> list[int]:
    """The number of the first document of each shard, and the count of all: [shards + 1]."""
    rows = [pq.ParquetFile(shard).metadata.num_rows for shard in shards]
    return [int(start) for start in np.concatenate([[0], np.cumsum(rows)])]
