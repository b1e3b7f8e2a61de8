"""Every layout in which evaluation sets are published is read; what is not what it seems is said in one line."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from midspan.corpus.decontamination.evaluation_files import EvaluationItem, read_evaluation_items
from midspan.errors import UserError

ROWS: list[dict[str, Any]] = [
    {"task_id": "Set/0", "prompt": "first prompt", "tests": ["assert f(1)", "assert f(2)"], "count": 3},
    {"task_id": "Set/1", "prompt": "second\r\nprompt é", "tests": ["assert g(1)"], "count": 4},
]
EXPECTED = [
    ("Set/0", {"task_id": "Set/0", "prompt": "first prompt", "tests": "assert f(1)\nassert f(2)"}),
    ("Set/1", {"task_id": "Set/1", "prompt": "second\r\nprompt é", "tests": "assert g(1)"}),
]


def read(file: Path) -> list[tuple[str, dict[str, str]]]:
    return [(one.item, dict(one.fields)) for one in read_evaluation_items(file)]


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    data = text.encode()
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return file


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.ndjson", "A.JSONL"])
def test_json_lines_are_read(name: str, tmp_path: Path) -> None:
    assert read(written(tmp_path, name, "\n".join(map(json.dumps, ROWS)) + "\n\n")) == EXPECTED


def test_json_lists_and_objects_are_read(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.json", "\ufeff" + json.dumps(ROWS))) == EXPECTED
    assert read(written(tmp_path, "b.json.gz", json.dumps({row["task_id"]: row for row in ROWS})))[1][0] == "Set/1"
    text = '{"question": "why", "n": 1}'
    assert read(written(tmp_path, "c.json", text)) == [("item 1", {"text": text, "object.question": "why"})]


def test_parquet_is_read(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == EXPECTED


def test_csv_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["question", "query"], ["How many,\nin all?", 'SELECT "a" FROM b'], ["Why?", ""]])
    assert read(tmp_path / "a.csv") == [
        ("item 1", {"question": "How many,\nin all?", "query": 'SELECT "a" FROM b'}),
        ("item 2", {"question": "Why?"}),
    ]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.sql", "a.py.gz"])
def test_any_other_text_is_one_item(name: str, tmp_path: Path) -> None:
    assert list(read_evaluation_items(written(tmp_path, name, "one\n\ntwo\n"))) == [
        EvaluationItem(f"{tmp_path.name}/{name}", "item 1", (("text", "one\n\ntwo\n"),))
    ]


def test_texts_within_objects_and_lists_are_read(tmp_path: Path) -> None:
    row = {
        "id": 7,
        "turns": ["a", "b"],
        "choices": [{"text": "c"}, {"text": "d"}],
        "meta": {"x": {"y": "e"}},
        "none": None,
    }
    assert [(one.item, one.fields) for one in read_evaluation_items(written(tmp_path, "a.jsonl", json.dumps(row)))] == [
        ("7", (("turns", "a\nb"), ("choices.text", "c"), ("choices.text", "d"), ("meta.x.y", "e")))
    ]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.jsonl", b'{"a": "b"}\n{"a": ', "line 2 is not JSON"),
        ("a.json", b"{", "is not JSON"),
        ("a.parquet", b"PAR1 no", "is not Parquet"),
        ("a.jsonl.gz", b"no gzip", "cannot read"),
        ("a.txt", b"\xff\xfe\xff", "cannot read"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(name: str, data: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=says) as error:
        list(read_evaluation_items(tmp_path / name))
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UserError, match="nowhere"):
        list(read_evaluation_items(Path("/nowhere.jsonl")))
