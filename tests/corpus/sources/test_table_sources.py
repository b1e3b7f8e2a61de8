"""Parquet and JSONL files: every row once for any cut, bounded memory, and a broken part costs only itself."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_sources import read_source, reasons

from midspan.corpus.sources import plan_source, read_items
from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.lines import MAX_LINE_BYTES, cut_lines, read_lines
from midspan.corpus.sources.streams import head_of
from midspan.errors import UserError
from midspan.recipe import TableSource


def rows(count: int, size: int = 100) -> list[dict[str, Any]]:
    return [{"content": f"{i:04d}" + "x" * (size - 4), "path": f"{i:04d}.py", "repo_name": "o/r"} for i in range(count)]


def write_parquet(path: Path, table: list[dict[str, Any]], row_group: int = 10, **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(table), path, row_group_size=row_group, **more)
    return path


def write_lines(path: Path, table: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in table))
    return path


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_row_without_a_path_is_named_by_its_place_however_the_file_is_cut(tmp_path: Path, kind: str) -> None:
    """E2, BigCode: the ids that its Spark job gives to rows depend on the partitions."""
    table = [{"content": row["content"]} for row in rows(50)]
    file = tmp_path / f"a.{kind}"
    write_parquet(file, table) if kind == "parquet" else write_lines(file, table)
    whole, small = ([raw.path for raw in read_source(size, kind=kind, path=str(file))[0]] for size in (10**9, 200))
    assert whole == small
    assert len(set(whole)) == 50


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_every_row_is_read_once_and_in_order_however_it_is_cut(tmp_path: Path, kind: str) -> None:
    for name in ("a", "sub/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        if kind == "parquet":
            write_parquet(tmp_path / f"{name}.parquet", rows(95))
        else:
            write_lines(tmp_path / f"{name}.jsonl", rows(95))
    expected = [row["content"] for row in rows(95)] * 2
    counts = []
    for task_bytes in (10**9, 10_000, 700, 150):
        raws, excluded, plan = read_source(kind=kind, path=str(tmp_path), task_bytes=task_bytes)
        assert [raw.data for raw in raws] == expected
        assert excluded == []
        counts.append(len(plan.tasks))
    assert counts[0] == 1
    assert counts == sorted(counts)
    assert counts[-1] > 50


def test_a_large_row_group_is_cut_by_rows(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", rows(1000), row_group=1000)
    raws, _, plan = read_source(kind="parquet", path=str(tmp_path), task_bytes=10_000)
    assert [raw.data for raw in raws] == [row["content"] for row in rows(1000)]
    assert len(plan.tasks) > 4


def test_memory_stays_bounded_whatever_the_size_of_the_row_group(tmp_path: Path) -> None:
    schema = pa.schema([("content", pa.string())])
    options = {"compression": "none", "use_dictionary": False, "write_batch_size": 8}  # pages of a few rows
    with pq.ParquetWriter(tmp_path / "a.parquet", schema, **options) as writer:
        content = pa.array([os.urandom(50_000).hex() for _ in range(1200)])  # 120 MB in one row group
        writer.write_table(pa.table({"content": content}), row_group_size=10_000)
    del content
    pool = pa.default_memory_pool()
    plan = plan_source(TableSource(kind="parquet", path=str(tmp_path)), 8_000_000)
    assert len(plan.tasks) > 10
    before, most, count = pool.bytes_allocated(), 0, 0
    for task in plan.tasks[:3] + plan.tasks[-1:]:
        for _ in read_items(task):
            count += 1
            most = max(most, pool.bytes_allocated() - before)
    assert count > 200
    assert most < 25_000_000


def test_a_file_a_folder_and_a_glob_are_read_and_links_followed(tmp_path: Path) -> None:
    write_parquet(tmp_path / "blobs" / "1f", rows(3))
    (tmp_path / "data").mkdir()
    os.symlink("../blobs/1f", tmp_path / "data" / "part.parquet")  # as in the hub's cache
    (tmp_path / "data" / "README.md").write_text("of the dataset")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path / "data"))
    assert len(raws) == 3
    assert reasons(excluded) == {"README.md": "not parquet"}
    for path in (tmp_path / "data" / "part.parquet", tmp_path / "*" / "*.parquet"):
        assert [raw.data for raw in read_source(kind="parquet", path=str(path))[0]] == [raw.data for raw in raws]


def test_files_of_one_name_in_several_folders_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_parquet(tmp_path / folder / "part.parquet", [{"content": folder}])
    expected = ["a/part.parquet:0:0", "b/part.parquet:0:0"]
    for path in (tmp_path, tmp_path / "*" / "part.parquet", tmp_path / "**" / "*.parquet"):
        assert [raw.path for raw in read_source(kind="parquet", path=str(path))[0]] == expected


def test_a_broken_parquet_file_costs_only_itself(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "good.parquet", rows(20)).read_bytes()
    (tmp_path / "cut.parquet").write_bytes(data[: len(data) // 2])
    (tmp_path / "empty.parquet").write_bytes(b"")
    (tmp_path / "text.parquet").write_text("no Parquet at all, but long enough to hold a footer")
    os.symlink("nowhere", tmp_path / "dangling.parquet")
    os.mkfifo(tmp_path / "pipe.parquet")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert len(raws) == 20
    assert reasons(excluded) == {
        "cut.parquet": "broken Parquet file",
        "empty.parquet": "broken Parquet file",
        "text.parquet": "broken Parquet file",
        "dangling.parquet": "not a regular file",
        "pipe.parquet": "not a regular file",
    }
    assert all("\n" not in entry.detail for entry in excluded)


@pytest.mark.parametrize("compression", ["none", "zstd", "snappy"])
def test_a_broken_row_group_costs_only_itself(tmp_path: Path, compression: str) -> None:
    table = [{**row, "content": os.urandom(500).hex()} for row in rows(50)]
    file = write_parquet(tmp_path / "a.parquet", table, compression=compression, use_dictionary=False)
    group = pq.read_metadata(file).row_group(2)
    column = next(group.column(i) for i in range(group.num_columns) if group.column(i).path_in_schema == "content")
    data = bytearray(file.read_bytes())
    data[column.data_page_offset : column.data_page_offset + 60] = b"\xff" * 60
    file.write_bytes(data)
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert [raw.data for raw in raws] == [row["content"] for row in table[:20] + table[30:]]
    assert [(entry.path, entry.reason) for entry in excluded] == [("a.parquet", "broken Parquet file")]
    assert excluded[0].detail.startswith("row group 2 from row 0: ")


def test_a_string_that_is_not_utf8_costs_only_its_row(tmp_path: Path) -> None:
    raw_bytes = pa.array([b"good", b"bad \xff", b"good again"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, raw_bytes.buffers())
    pq.write_table(pa.table({"content": text}), tmp_path / "a.parquet")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert [raw.data for raw in raws] == ["good", "good again"]
    assert [(entry.path, entry.reason) for entry in excluded] == [("a.parquet:0:1", "broken row")]


def test_a_file_that_vanishes_after_the_plan_costs_only_itself(tmp_path: Path) -> None:
    for kind in ("parquet", "jsonl"):
        folder = tmp_path / kind
        folder.mkdir()
        for name in ("a", "b"):
            file = folder / f"{name}.{kind}"
            write_parquet(file, rows(5)) if kind == "parquet" else write_lines(file, rows(5))
        plan = plan_source(TableSource.model_validate({"kind": kind, "path": str(folder)}), 10**6)
        (folder / f"a.{kind}").unlink()
        items = [item for task in plan.tasks for item in read_items(task)]
        assert [getattr(item, "reason", "") for item in items] == [
            "broken Parquet file" if kind == "parquet" else "unreadable",
            *[""] * 5,
        ]


def test_bad_lines_are_named_with_their_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = [json.dumps(row) for row in rows(40)]
    lines = [*good[:20], '{"content": "half', "[1, 2]", "", "\x00", "[" * 100_000, '{"a": 1}', *good[20:]]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))  # and no line end after the last
    for task_bytes in (10**6, 300):
        raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path), task_bytes=task_bytes)
        assert [raw.data for raw in raws] == [row["content"] for row in rows(40)]
        assert [(entry.reason, entry.detail.split(":")[0]) for entry in excluded] == [
            ("bad JSON line", "line 21"),
            ("bad JSON line", "line 22"),
            ("bad JSON line", "line 24"),
            ("bad JSON line", "line 25"),
            ("no text", "no column of text (a.jsonl, line 26)"),
        ]


def test_a_line_without_end_is_passed_over_in_bounded_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(b'{"text": "before"}\n')
        file.truncate(19 + 2 * MAX_LINE_BYTES)  # sparse
        file.seek(0, os.SEEK_END)
        file.write(b'\n{"text": "after"}\n')
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path), task_bytes=10**9)
    assert [raw.data for raw in raws] == ["before", "after"]
    assert [(entry.reason, entry.detail[:7]) for entry in excluded] == [("too large", "line 2:")]


def test_compressed_lines_are_read_and_a_cut_off_file_gives_what_it_has(tmp_path: Path) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows(2000)).encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text[: len(text) // 2]) + gzip.compress(text[len(text) // 2 :]))
    (tmp_path / "b.jsonl.bz2").write_bytes(bz2.compress(text))
    with pa.output_stream(str(tmp_path / "c.jsonl.zst"), compression="zstd") as stream:
        stream.write(text)
    expected = [row["content"] for row in rows(2000)]
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path), task_bytes=500)
    assert [raw.data for raw in raws] == expected * 3
    assert excluded == []
    for name in ("a.jsonl.gz", "c.jsonl.zst"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / f"broken-{name}").write_bytes(data[: len(data) * 2 // 3])
        raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path / f"broken-{name}"))
        contents = [raw.data for raw in raws]
        assert contents == expected[: len(contents)]
        assert len(contents) < 2000
        assert [entry.path for entry in excluded] == [f"broken-{name}"]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=20), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_stretches_of_bytes_give_every_line_once(tmp_path_factory: Any, texts: list[str], task_bytes: int) -> None:
    file = tmp_path_factory.mktemp("lines") / "a.jsonl"
    file.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    fragments = cut_lines(str(file), "a.jsonl", file.stat().st_size, head_of(str(file)), task_bytes)
    found = [one.row for fragment in fragments for one in read_lines(fragment)]
    assert not any(isinstance(row, UnreadableError) for row in found)
    assert found == [{"text": text} for text in texts]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no parquet file at"),
        ({"a.txt": b"x"}, "no parquet file at"),
        ({"ids.parquet": None}, "no column of text among a_column, path; name the column of text"),
    ],
)
def test_what_holds_no_texts_is_the_users_mistake(tmp_path: Path, files: dict[str, bytes | None], message: str) -> None:
    for name, data in files.items():
        if data is None:
            write_parquet(tmp_path / name, [{"a_column": "0" * 40, "path": "a.py"}])
        else:
            (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=message) as caught:
        read_source(kind="parquet", path=str(tmp_path))
    assert "\n" not in str(caught.value)


def test_an_override_that_names_no_column_is_the_users_mistake(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", rows(2))
    with pytest.raises(UserError, match="no column 'body'"):
        read_source(kind="parquet", path=str(tmp_path), columns={"text": "body"})


def test_the_fingerprint_changes_with_a_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", rows(2))
    one = plan_source(TableSource(kind="jsonl", path=str(tmp_path)), 100).fingerprint
    assert one == plan_source(TableSource(kind="jsonl", path=str(tmp_path)), 999).fingerprint
    write_lines(tmp_path / "a.jsonl", rows(3))
    assert one != plan_source(TableSource(kind="jsonl", path=str(tmp_path)), 100).fingerprint


def test_items_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", rows(30))
    program = (
        "import sys; from midspan.corpus.sources import *; from midspan.recipe import TableSource\n"
        "plan = plan_source(TableSource(kind='parquet', path=sys.argv[1]), 500)\n"
        "print(plan.fingerprint, [list(read_items(task)) for task in plan.tasks])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}  # here it is another
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    plan = plan_source(TableSource(kind="parquet", path=str(tmp_path)), 500)
    assert done.stdout.rstrip("\n") == f"{plan.fingerprint} {[list(read_items(task)) for task in plan.tasks]}"
