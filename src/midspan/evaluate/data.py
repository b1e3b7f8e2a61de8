"""The rows of a benchmark's data: a local file, or a data set on the hub."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from midspan.errors import UserError

DataRow = dict[str, Any]
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")


def rows_of(place: str, fields: Sequence[str], *, config: str | None = None, split: str = "test") -> list[DataRow]:
    """The rows of a file (.jsonl, also with .gz, .json, .csv, .parquet) or of a data set on the hub (owner/name).

    Raises UserError where there is none, for a file that is not what its name says, and where every row lacks a field.
    """
    path = Path(place).expanduser()
    rows = _read(path) if path.is_file() else _from_hub(place, config, split)
    lacking = [name for name in fields if not any(name in row for row in rows)]
    if not rows or lacking:
        has = f"its rows have {', '.join(rows[0])}" if rows else "it has no rows"
        raise UserError(f"{place}: not the data of this benchmark: {has}, and {', '.join(lacking or fields)} is needed")
    return [row for row in rows if all(name in row for name in fields)]


def place_of(data: str, name: str) -> str:
    """The file of this name where `data` is a folder, else `data` itself: a data set on the hub."""
    folder = Path(data).expanduser()
    return str(folder / name) if folder.is_dir() else data


def _read(path: Path) -> list[DataRow]:
    if not path.name.endswith(SUFFIXES):
        raise UserError(f"{path}: benchmark data is read from {', '.join(SUFFIXES)}")
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet

            return list(pyarrow.parquet.read_table(path).to_pylist())
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            if path.suffix == ".csv":
                return list(csv.DictReader(file))
            found = json.load(file) if path.suffix == ".json" else [json.loads(line) for line in file if line.strip()]
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"{path}: cannot be read ({error}); fetch it again") from None
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise UserError(f"{path}: not a list of rows")
    return [dict(row) for row in found]


def _from_hub(place: str, config: str | None, split: str) -> list[DataRow]:
    if place.count("/") != 1 or place.startswith((".", "/", "~")):
        raise UserError(f"no file {place}; give a file, or a data set on the hub as owner/name")
    try:
        from datasets import load_dataset
    except ImportError:
        raise UserError(
            f"{place} is a data set on the hub: pip install 'midspan[hub]', or give a local file instead (data: …)"
        ) from None
    try:
        return [dict(row) for row in load_dataset(place, config, split=split)]
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise UserError(
            f"cannot fetch {place} from the hub ({first}); without a network give a local file (data: …)"
        ) from None
