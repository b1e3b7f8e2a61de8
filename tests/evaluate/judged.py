"""A benchmark's items from rows of our own, and its verdicts on answers to them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from midspan.evaluate.benchmark import HeldOut, Verdict
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.subject import Item
from midspan.inference import Completion
from midspan.step import Tools

TOOLS = Tools()  # where nothing is run


def write_rows(file: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A file of JSON lines, packed where its name says so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return file


def items_of(name: str, seed: int = 0, **settings: Any) -> list[Item]:
    """What is asked."""
    kind = BENCHMARKS[name]
    return kind.items(kind.settings(**settings), HeldOut(seed))


def verdicts_on(name: str, items: Sequence[Item], answers: Sequence[str], tools: Tools = TOOLS) -> list[Verdict]:
    """What becomes of answers."""
    return BENCHMARKS[name].grade(items, [Completion(text, [], "stop", 0) for text in answers], tools)
