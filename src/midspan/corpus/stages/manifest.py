"""The manifest: for each task of each stage what it was made from, what it wrote and what it counted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from midspan.corpus.stages.amounts import Amount, total
from midspan.files import hash_path, hash_text

ROW_FILE = "row.json"


@dataclass(frozen=True)
class Row:
    """One task that is done. Without it, whatever the task's folder holds does not count."""

    stage: str
    task: int
    configuration: str  # hash of the settings that the stage depends on
    input: str  # hash of what it read
    outputs: dict[str, str]  # file name → content hash
    sizes: dict[str, int]  # file name → bytes
    seconds: float
    statistics: dict[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """One hash of all the outputs: what later stages depend on."""
        return hash_text(json.dumps(self.outputs, sort_keys=True))


Manifest = Mapping[str, Sequence[Row]]  # the rows of each stage


def write_row(folder: Path, row: Row) -> None:
    """Write the row of the task whose outputs lie in `folder`, which is then renamed as a whole."""
    (folder / ROW_FILE).write_text(json.dumps(asdict(row), ensure_ascii=False), encoding="utf-8")


def read_row(folder: Path) -> Row:
    """The row of a task that is done."""
    return Row(**json.loads((folder / ROW_FILE).read_text(encoding="utf-8")))


def find_row(folder: Path, configuration: str, input_hash: str) -> Row | None:
    """The row of a task that was done earlier from the same settings and inputs and whose outputs are there, whole.

    That they are is told by their sizes: to hash them all again would take the leader as long as reading the corpus.
    """
    try:
        row = read_row(folder)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    same = (row.configuration, row.input) == (configuration, input_hash)
    return row if same and sizes_of(folder, row.outputs) == row.sizes else None


def sizes_of(folder: Path, names: Iterable[str]) -> dict[str, int]:
    """The sizes of those of some files that are there."""
    return {name: (folder / name).stat().st_size for name in names if (folder / name).exists()}


def hash_outputs(folder: Path) -> dict[str, str]:
    """The content hash of each file below `folder`."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != ROW_FILE)
    return {file.relative_to(folder).as_posix(): hash_path(file) for file in files}


def combined_hash(rows: Iterable[Row]) -> str:
    """What depends on all of `rows` depends on this."""
    return hash_text("".join(row.output for row in rows))


def amount_out(rows: Iterable[Row]) -> Amount:
    """Documents and bytes that the tasks of a stage pass on."""
    return total({str(row.task): row.statistics["out"] for row in rows})
