"""Public reports on reading rows, replayed: huggingface/datasets, datatrove, pyarrow, ijson, fsspec."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from field_builds import build
from reading_sources import read_source
from small_corpus import module_text

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"content": f"text {number}", "path": f"{number}.py", **more}


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in rows)


# report → (the file's bytes, the texts that come out, the reasons of what does not)
JSONL: dict[str, tuple[bytes, list[str], list[str]]] = {
    "huggingface/datasets#6460": (  # numbers and strings in one nested list
        lines(row(0, ner=[[[0, 4, "process"]], []]), row(1, ner=[[["a", 1.5, None]]]), row(2, ner="none")),
        ["text 0", "text 1", "text 2"],
        [],
    ),
    "huggingface/datasets#7322": (  # a file that is one array of objects
        json.dumps([row(0), row(1), row(2)]).encode(),
        ["text 0", "text 1", "text 2"],
        [],
    ),
    "huggingface/datasets#8241": (BYTE_ORDER_MARK + lines(row(0), row(1)), ["text 0", "text 1"], []),
    "huggingface/datasets#6106": (  # a number where the others have strings
        lines(row(0), row(1) | {"content": -0.2253}, row(2, stars="7"), row(3, stars=7.0)),
        ["text 0", "text 2", "text 3"],
        ["no text"],
    ),
    "huggingface/datasets#2573": (  # a line longer than the reader's block
        lines(row(0) | {"content": "long " * 400_000}, row(1)),
        ["long " * 400_000, "text 1"],
        [],
    ),
    "ICRAR/ijson#123": (  # something behind the object
        json.dumps(row(0)).encode() + b"#\n" + lines(row(1)),
        ["text 1"],
        ["bad JSON line"],
    ),
    "isagalaev/ijson#52": (  # an astral character, spelled as two surrogates
        b'{"content": "\\ud83d\\udca9 is one character", "path": "a.py"}\n',
        ["\U0001f4a9 is one character"],
        [],
    ),
}


@pytest.mark.parametrize("report", JSONL)
def test_lines_that_stop_other_readers_give_their_texts_and_only_the_bad_row_is_left_out(
    report: str, tmp_path: Path
) -> None:
    data, texts, reasons = JSONL[report]
    (tmp_path / "rows.json").write_bytes(data)
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    assert [raw.data for raw in raws] == texts
    assert [one.reason for one in excluded] == reasons


def test_fields_of_lone_surrogates_and_of_huge_numbers_cost_their_row_and_not_the_build(tmp_path: Path) -> None:
    """daaain/claude-code-log#139: what JSON can spell and UTF-8 cannot stops the program when it is written."""
    good = [{"content": module_text(n), "path": f"{n}.py", "repo_name": "o/r"} for n in range(2)]
    fields = ("content", "path", "repo_name", "revision_id", "date")
    bad = [{"content": module_text(9 + n), "path": "bad.py", name: "a\udcb2b"} for n, name in enumerate(fields)]
    bad.append({"content": module_text(20), "path": "bad.py", "stars": 2**63})
    (tmp_path / "rows.jsonl").write_bytes(lines(good[0], *bad, good[1]))
    built = build(tmp_path / "corpus", [{"kind": "jsonl", "path": str(tmp_path / "rows.jsonl")}])
    kept = [one for one in built.documents if one.path != "bad.py"]
    assert sorted(one.path for one in kept) == ["0.py", "1.py"]
    assert len(built.documents) + len(built.excluded) == 8  # stars may also be cut to what a number can hold
    assert len(built.excluded) >= len(fields)


def test_a_compressed_file_that_was_not_uploaded_whole_gives_what_it_has(tmp_path: Path) -> None:
    """huggingface/datatrove#78 and huggingface/datasets#3060: the end-of-stream marker is missing."""
    whole = gzip.compress(lines(*(row(n, salt=module_text(n)) for n in range(500))))
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines(row(1000))))
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    texts = [raw.data for raw in raws]
    assert len(texts) > 100
    assert texts == [f"text {n}" for n in range(len(texts) - 1)] + ["text 1000"]
    assert [one.path for one in excluded] == ["a.jsonl.gz"]


def test_files_of_different_columns_in_one_folder_are_read_each_by_its_own(tmp_path: Path) -> None:
    """huggingface/datasets#7449: an optional nested field; huggingface/datasets#7222: nulls, then strings."""
    tables = [
        {"content": ["text 0"], "conversation": [{"role": "user"}]},
        {"content": ["text 1"], "conversation": [{"role": "user", "extra": "value"}], "lang": pa.nulls(1)},
        {"content": ["text 2"], "conversation": [[1, 2]], "lang": ["Python"]},
        {"content": pa.nulls(1), "lang": ["Python"]},
    ]
    for number, table in enumerate(tables):
        pq.write_table(pa.table(table), tmp_path / f"{number}.parquet")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert [(raw.data, raw.language) for raw in raws] == [("text 0", None), ("text 1", None), ("text 2", "Python")]
    assert [one.reason for one in excluded] == ["no text"]


def test_files_without_rows_are_no_mistake(tmp_path: Path) -> None:
    """huggingface/dataset-viewer#2709: a Parquet file with no row group."""
    empty = pa.table({"content": pa.array([], pa.string())})
    pq.ParquetWriter(tmp_path / "a.parquet", empty.schema).close()
    pq.write_table(empty, tmp_path / "b.parquet")
    pq.write_table(pa.table({"content": ["text"]}), tmp_path / "c.parquet")
    assert pq.read_metadata(tmp_path / "a.parquet").num_row_groups == 0
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert ([raw.data for raw in raws], excluded) == (["text"], [])


KINDS_OF_STRING = {
    "string": pa.string(),
    "large_string": pa.large_string(),  # kylebarron/parquet-wasm#253
    "binary": pa.binary(),  # apache/arrow#42580: Impala's strings have no mark that they are text
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
}


@pytest.mark.parametrize("kind", KINDS_OF_STRING)
def test_every_kind_of_string_column_says_the_same(kind: str, tmp_path: Path) -> None:
    """apache/arrow#42580 and kylebarron/parquet-wasm#253."""
    fields = {"content": "x = 1\n", "path": "a/b.py", "repo_name": "o/r", "lang": "Python", "license": "mit"}
    columns = {name: pa.array([value], pa.string()).cast(KINDS_OF_STRING[kind]) for name, value in fields.items()}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (raw,), excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    text = raw.data.decode() if isinstance(raw.data, bytes) else raw.data
    assert (text, raw.path, raw.repository, raw.language) == ("x = 1\n", "a/b.py", "o/r", "Python")
    assert raw.declared_licence.upper() == "MIT"
    assert excluded == []


def test_a_string_column_that_is_not_utf8_costs_its_rows(tmp_path: Path) -> None:
    """apache/arrow#29635: "he\\xffllo" in a column marked as text, in the text and in the path."""
    bad = pa.array([b"good", b"he\xffllo", b"good too"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 3, bad.buffers())
    names = pa.array(["0.py", "1.py", "2.py"])
    pq.write_table(pa.table({"content": broken, "path": names}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"content": names, "path": broken}), tmp_path / "b.parquet")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert [raw.data for raw in raws] == ["good", "good too", "0.py", "2.py"]
    assert len(excluded) == 2


def test_lists_in_many_row_groups_and_pages_are_read(tmp_path: Path) -> None:
    """apache/arrow#4115: a list of strings in each row, more than one chunk of them."""
    table = pa.table({"content": [f"text {n}" for n in range(3000)], "licenses": [["MIT", "ISC"]] * 3000})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1000, data_page_size=512)
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path), task_bytes=2000)
    assert [raw.data for raw in raws] == [f"text {n}" for n in range(3000)]
    assert {raw.declared_licence for raw in raws} == {"MIT AND ISC"}
    assert excluded == []


def test_a_download_that_broke_costs_its_file_alone(tmp_path: Path) -> None:
    """huggingface/datasets#5264: one file of The Stack was corrupt, and the whole dataset could not be loaded."""
    pq.write_table(pa.table({"content": [module_text(1)] * 5}), tmp_path / "good.parquet")
    whole = (tmp_path / "good.parquet").read_bytes()
    (footer,) = struct.unpack("<I", whole[-8:-4])
    (tmp_path / "footer.parquet").write_bytes(whole[: -8 - footer] + b"\xff" * footer + whole[-8:])
    (tmp_path / "half.parquet").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "page.parquet").write_bytes(whole[:40] + b"\x00" * 60 + whole[100:])
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert len(raws) == 5
    assert [one.path for one in excluded if one.reason != "broken Parquet file"] == []
    assert {one.path for one in excluded} >= {"footer.parquet", "half.parquet"}


def test_brackets_and_hidden_files_in_a_folder_of_tables_mean_nothing_special(tmp_path: Path) -> None:
    """fsspec/filesystem_spec#390: [v1] and (a+b) in names; alexa/massive#8: macOS's "._" files beside the rows."""
    folder = tmp_path / "data [v1] (a+b) {2} ^"
    folder.mkdir()
    (folder / "part-[0].jsonl").write_bytes(lines(row(0)))
    (folder / "._part-[0].jsonl").write_bytes(b"\x00\x05\x16\x07\xa3")
    for path in (folder, folder / "part-[0].jsonl"):
        raws, excluded, _ = read_source(kind="jsonl", path=str(path))
        assert [raw.data for raw in raws] == ["text 0"]
        assert excluded == []
