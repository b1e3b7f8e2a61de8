"""metrics.jsonl: one line per optimiser step, exact across restarts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from midspan.files import write_jsonl


def truncate_metrics(path: Path, steps: int) -> None:
    """Keep the lines of the first `steps` steps: the later ones will be trained again. A torn last line is dropped."""
    if not path.exists():
        return
    *lines, _torn = path.read_text(encoding="utf-8").split("\n")
    rows = [json.loads(line) for line in lines]
    write_jsonl(path, [row for row in rows if row["step"] <= steps])


def append_metrics(path: Path, row: dict[str, Any]) -> None:
    """Add one step's line."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")
