"""Evaluation sets as their repositories publish them: JSON lines, JSON, Parquet, CSV, plain text, also .gz."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan.errors import UserError

_IDENTIFIERS = ("task_id", "question_id", "name", "id", "problem_id", "instance_id", "qid", "entry_point")


@dataclass(frozen=True)
class EvaluationItem:
    """One problem of a set: `fields` are all its texts by name (prompt, canonical_solution, test …)."""

    set: str
    item: str
    fields: tuple[tuple[str, str], ...]


def read_evaluation_items(file: Path) -> Iterator[EvaluationItem]:
    """The items of one file; a set is named folder/file. UserError if the file is missing or not what its name says."""
    if not file.is_file():
        raise UserError(f"decontamination: {file} is no file; check the evaluation files in the recipe")
    name = f"{file.parent.name}/{file.name}"
    kind = file.name.lower().removesuffix(".gz").rsplit(".", 1)[-1]
    for number, row in enumerate(_rows(file, kind), start=1):
        fields = tuple(_texts(row, ""))
        if fields:
            yield EvaluationItem(name, _identifier(row) or f"{'line' if kind == 'jsonl' else 'item'} {number}", fields)


def _rows(file: Path, kind: str) -> Iterable[Any]:
    if kind == "parquet":
        return _parquet_rows(file)
    text = _text(file)
    if kind in ("jsonl", "ndjson"):
        return _json_lines(file, text)
    if kind == "json":
        return _json_rows(file, text)
    if kind in ("csv", "tsv"):
        return csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if kind == "tsv" else ",")
    return [text]


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
        return (gzip.decompress(data) if file.name.lower().endswith(".gz") else data).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"decontamination: cannot read {file}: {error}") from error


def _json_lines(file: Path, text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"decontamination: {file}, line {number} is not JSON: {error}") from error


def _json_rows(file: Path, text: str) -> list[Any]:
    """The elements of a list, the values of an object of objects (by their keys), or the one object and its source."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"decontamination: {file} is not JSON: {error}") from error
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
        return [{"id": key} | one for key, one in value.items()]
    return [{"text": text, "object": value}]


def _parquet_rows(file: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=1000):
            yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"decontamination: {file} is not Parquet: {error}") from error


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """All texts within a row, by the names on the way to them; a list of strings (lines, turns, tests) is one text."""
    if isinstance(value, str):
        if value.strip():
            yield name or "text", value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            yield from _texts("\n".join(value), name)
        else:
            for one in value:
                yield from _texts(one, name)


def _identifier(row: Any) -> str:
    if isinstance(row, dict):
        for name in _IDENTIFIERS:
            if isinstance(row.get(name), str | int) and str(row[name]).strip():
                return str(row[name])
    return ""
