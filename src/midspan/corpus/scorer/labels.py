"""Labelled files out of JSONL, CSV or Parquet: a text, or where in a corpus it is, and a label or score."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import content_id, read_documents
from midspan.corpus.languages import canonical_language, detect_language
from midspan.errors import UserError

TEXTS, LABELS = ("text", "content", "code"), ("label", "good", "keep", "score")
WORDS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "good", "keep"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "bad", "drop"), False),
}
Cells = Mapping[str, Any]


@dataclass(frozen=True)
class Labelled:
    """A text, and whether it is a good one."""

    id: str  # hash of the text
    text: str
    path: str
    language: str
    good: bool


def read_labels(file: Path, corpus: Path | None, good_from: float | None) -> tuple[list[Labelled], Counter[str]]:
    """The labelled texts of a table, and how many rows were passed over for which reason.

    Rows without a text are looked up in the `corpus`, by `id` or by `path` (with `repository`). UserError for a table
    that cannot be read, and for a label that is none.
    """
    passed_over: Counter[str] = Counter()
    rows: list[tuple[str, Cells, bool]] = []
    for place, cells in _rows(file):
        good = _good(_cell(cells, LABELS), good_from, place, cells)
        if good is None:
            passed_over["no label yet"] += 1
        else:
            rows.append((place, cells, good))
    texts = _looked_up([cells for _, cells, _ in rows if not isinstance(_cell(cells, TEXTS), str)], corpus)
    found = []
    for place, cells, good in rows:
        text = _cell(cells, TEXTS)
        path, language = str(cells.get("path") or ""), canonical_language(str(cells.get("language") or ""))
        if not isinstance(text, str):
            place_of = next((texts[key] for key in _keys(cells) if key in texts), None)
            if place_of is None:
                _no_text(place, cells, corpus)
                passed_over["not in the corpus"] += 1
                continue
            text, path, language = place_of
        if not text.strip() or not _is_unicode(text):
            passed_over["no text"] += 1
            continue
        language = language or (detect_language(path, text) if path else None) or "unknown"
        found.append(Labelled(content_id(text), text, path, language, good))
    return found, passed_over


def _rows(file: Path) -> Iterator[tuple[str, Cells]]:
    """The rows of a table, each with where it is."""
    if not file.is_file():
        raise UserError(f"no labels at {file}; `midspan corpus label RUN` writes files to be labelled")
    readers = {".jsonl": _json_rows, ".ndjson": _json_rows, ".csv": _csv_rows, ".parquet": _parquet_rows}
    if file.suffix.lower() not in readers:
        raise UserError(f"{file}: labels come as {', '.join(readers)}")
    try:
        yield from readers[file.suffix.lower()](file)
    except (UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise UserError(f"{file} cannot be read: {' '.join(str(error).split())[:200]}") from None


def _json_rows(file: Path) -> Iterator[tuple[str, Cells]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise UserError(f"{file}, line {number}: {error}") from None
                if not isinstance(row, dict):
                    raise UserError(f"{file}, line {number}: not an object")
                yield f"{file}, line {number}", row


def _csv_rows(file: Path) -> Iterator[tuple[str, Cells]]:
    csv.field_size_limit(min(sys.maxsize, 1 << 31))
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            yield f"{file}, line {reader.line_num}", {name: value or None for name, value in row.items() if name}


def _parquet_rows(file: Path) -> Iterator[tuple[str, Cells]]:
    number = 0
    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches(256):
            for row in batch.to_pylist():
                number += 1
                yield f"{file}, row {number}", row


def _cell(cells: Cells, names: Iterable[str]) -> Any:
    return next((cells[name] for name in names if cells.get(name) is not None), None)


def _good(value: Any, good_from: float | None, place: str, cells: Cells) -> bool | None:
    """Whether a label says that the text is good, None where there is no label."""
    if value is None or value == "":
        if not any(name in cells for name in LABELS):
            raise UserError(f"{place}: no column {' or '.join(LABELS)}, only {', '.join(map(str, cells))[:200]}")
        return None
    if good_from is not None:
        try:
            return float(value) >= good_from
        except (TypeError, ValueError):
            raise UserError(f"{place}: {value!r} is no score") from None
    good = WORDS.get(str(value).strip().lower())
    if good is None:
        raise UserError(
            f"{place}: {value!r} is no label; give true or false, good or bad, 1 or 0; or scores and --good-from"
        )
    return good


def _keys(cells: Cells) -> list[tuple[str, ...]]:
    """What a text may be found by, the surest first."""
    identifier, repository, path = (str(cells.get(name) or "") for name in ("id", "repository", "path"))
    return [key for key in (("id", identifier), ("place", repository, path), ("path", path)) if key[-1]]


def _looked_up(rows: list[Cells], corpus: Path | None) -> dict[tuple[str, ...], tuple[str, str, str]]:
    """By each key of the rows the text, path and language of its document."""
    wanted = {_keys(cells)[0] for cells in rows if _keys(cells)}
    if not wanted or corpus is None:
        return {}
    found: dict[tuple[str, ...], tuple[str, str, str]] = {}
    for side in ("train", "heldout"):
        if not any((corpus / side).glob("*.parquet")):
            continue
        for one in read_documents(corpus / side):
            for key in (("id", one.id), ("place", one.repository, one.path), ("place", "", one.path)):
                if key in wanted:
                    found.setdefault(key, (one.text, one.path, one.language))
    return found


def _no_text(place: str, cells: Cells, corpus: Path | None) -> None:
    """UserError where a row's text could not even be looked for."""
    if not _keys(cells):
        raise UserError(f"{place}: neither a text ({', '.join(TEXTS)}) nor an id or path of a corpus")
    if corpus is None:
        raise UserError(f"{place}: no text; name the corpus that its id or path is of with --corpus RUN")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
