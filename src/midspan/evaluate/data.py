"""The rows of a benchmark's data: a local file, or a data set on the hub."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from midspan.corpus.sources.trees import SKIPPED_FOLDERS
from midspan.errors import UserError
from midspan.files import hash_path, hash_text
from midspan.progress import say
from midspan.recipe import Settings

DataRow = dict[str, Any]
Made = TypeVar("Made")
BROKEN = object()  # a line that cannot be read
MOST_BROKEN = 0.5  # of the rows, for the others to be worth asking
TEXTS = ("prompt", "suffix", "test", "tests", "canonical_solution", "declaration", "question", "query", "entry_point")
KINDS = dict.fromkeys(TEXTS, str) | dict.fromkeys(("test_list", "stop_tokens", "turns", "choices"), list)
NAMED = 5  # rows that are told by their numbers
LONGEST_PATH = 255  # characters; a longer setting is a text
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")


def rows_of(place: str, fields: Sequence[str], *, config: str | None = None, split: str = "test") -> list[DataRow]:
    """The rows of a file (.jsonl, also with .gz, .json, .csv, .parquet) or of a data set on the hub (owner/name).

    A few rows that are broken or lack a field are left out, counted and named. Raises UserError where there is no
    data, for a file that is not what its name says, and where more than MOST_BROKEN of the rows are so.
    """
    path = Path(place).expanduser()
    rows = _read(path) if path.is_file() else _from_hub(place, config, split)
    found = [row for row in rows if isinstance(row, Mapping)]
    if rows and not found:
        raise UserError(f"{place}: cannot be read (row 1 {_broken(rows[0], fields)}); fetch it again")
    lacking = [name for name in fields if not any(name in row for row in found)]
    if lacking or not rows:
        has = f"its rows have {', '.join(found[0])}" if found else "it has no rows"
        raise UserError(f"{place}: not the data of this benchmark: {has}, and {', '.join(lacking or fields)} is needed")
    broken = {number: why for number, row in enumerate(rows, 1) if (why := _broken(row, fields))}
    _leave_out(place, [f"row {number} {why}" for number, why in broken.items()], len(rows))
    return [dict(row) for number, row in enumerate(rows, 1) if number not in broken and isinstance(row, Mapping)]


def askable(place: str, rows: Sequence[DataRow], make: Callable[[DataRow], Made]) -> list[Made]:
    """What `make` makes of rows. A few for which it raises UserError are left out, counted and named.

    Raises UserError where there are more than MOST_BROKEN of these.
    """
    made, broken = [], []
    for row in rows:
        try:
            made.append(make(row))
        except UserError as error:
            broken.append(str(error))
    _leave_out(place, broken, len(rows))
    return made


def _leave_out(place: str, broken: Sequence[str], count: int) -> None:
    """Say which of so many rows are left out, or refuse all."""
    if not broken:
        return
    named = "; ".join(broken[:NAMED]) + "; …" * (len(broken) > NAMED)
    told = f"{place}: {len(broken)} of {count} rows cannot be asked: {named}"
    if len(broken) > MOST_BROKEN * count:
        raise UserError(f"{told}; fetch the data again")
    say(f"{told}; they are left out")


def _broken(row: object, fields: Sequence[str]) -> str:
    """What is wrong with a row; "" where nothing is."""
    if not isinstance(row, Mapping):
        return "is no JSON" if row is BROKEN else "is no row"
    if lacking := [name for name in fields if name not in row]:
        return f"lacks {', '.join(lacking)}"
    wrong = [name for name in fields if not isinstance(row[name], KINDS.get(name, object))]
    return f"has a {wrong[0]} that is no {'text' if KINDS[wrong[0]] is str else 'list'}" if wrong else ""


def place_of(data: str, name: str) -> str:
    """The file of this name where `data` is a folder, else `data` itself: a data set on the hub."""
    folder = Path(data).expanduser()
    return str(folder / name) if folder.is_dir() else data


def _read(path: Path) -> list[object]:
    """What a file has; BROKEN stands for a line that is no JSON."""
    if not path.name.endswith(SUFFIXES):
        raise UserError(f"{path}: benchmark data is read from {', '.join(SUFFIXES)}")
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet

            return list(pyarrow.parquet.read_table(path).to_pylist())
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            if path.suffix == ".csv":
                return list(csv.DictReader(file))
            if path.suffix != ".json":
                return [_line(line) for line in file if line.strip()]
            found = json.load(file)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(f"{path}: cannot be read ({error}); fetch it again") from None
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise UserError(f"{path}: not a list of rows")
    return found


def _line(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return BROKEN


def _from_hub(place: str, config: str | None, split: str) -> list[object]:
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


def hashes_of(settings: Settings) -> list[str]:
    """The contents of each file and folder that a benchmark's settings name, hashed, whatever they are called."""
    values = [value for one in settings.model_dump().values() for value in (one if isinstance(one, tuple) else (one,))]
    paths = [Path(value).expanduser() for value in values if isinstance(value, str) and 0 < len(value) <= LONGEST_PATH]
    return [_contents(path) for path in paths if path.exists()]


def _contents(path: Path) -> str:
    if path.is_file():
        return hash_path(path)
    return hash_text(repr([(str(file.relative_to(path)), hash_path(file)) for file in sorted(files_below(path))]))


def files_below(root: Path) -> Iterator[Path]:
    """A file, or the regular files below a folder that somebody wrote: no hidden folders, environments, links."""
    if root.is_file():
        yield root
    for folder, inside, names in os.walk(root):
        inside[:] = [name for name in inside if name not in SKIPPED_FOLDERS and not name.startswith(".")]
        files = (Path(folder) / name for name in names)
        yield from (file for file in files if file.is_file() and not file.is_symlink())
