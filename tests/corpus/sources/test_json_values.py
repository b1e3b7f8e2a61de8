"""A file of JSON in any layout and encoding gives its objects, in time and memory that no input gets out of hand."""

from __future__ import annotations

import gzip
import json
import lzma
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_sources import read_source

from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.lines import object_of
from midspan.corpus.sources.read import COUNTED, LEAST_SEEN, LISTED
from midspan.corpus.sources.values import Splitter

ROWS = [{"content": f'x = "{n}"  # ] }} \\ \n', "path": f"{n}.py", "more": [{"a": [1, 2]}, None]} for n in range(30)]
TEXTS = [row["content"] for row in ROWS]
LAYOUTS: dict[str, str] = {
    "lines": "".join(json.dumps(row) + "\n" for row in ROWS),
    "lines with blank ones and carriage returns": "\r\n\r\n".join(map(json.dumps, ROWS)),
    "lines ended by carriage returns": "\r".join(map(json.dumps, ROWS)),
    "an array": json.dumps(ROWS),
    "an array over many lines": json.dumps(ROWS, indent=2),
    "an array, a line for each": "\n\n[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n",
    "arrays one after another": json.dumps(ROWS[:9]) + "\n" + json.dumps(ROWS[9:]),
    "objects over many lines": "\n".join(json.dumps(row, indent=4) for row in ROWS),
    "objects without a space": "".join(map(json.dumps, ROWS)),
    "one large object over many lines": json.dumps({"content": "", "z": "y" * 200_000}, indent=1)
    + "\n".join(json.dumps(row, indent=1) for row in ROWS),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_objects_are_read_in_any_layout_and_encoding(layout: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(LAYOUTS[layout].encode(encoding))
    raws, excluded, _ = read_source(2000, kind="jsonl", path=str(tmp_path))
    assert [raw.data for raw in raws if raw.data] == TEXTS
    assert excluded == []
    assert len({raw.path for raw in raws}) == len(raws)


@pytest.mark.parametrize("ending", ["xz", "lzma", "gz"])
def test_what_is_packed_is_unpacked_whatever_its_name_says(ending: str, tmp_path: Path) -> None:
    pack = {"xz": lzma.compress, "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE), "gz": gzip.compress}[
        ending
    ]
    for layout, text in LAYOUTS.items():
        data = text.encode()
        (tmp_path / f"a.json.{ending}").write_bytes(pack(data))
        (tmp_path / "b.jsonl").write_bytes(pack(data))
        (tmp_path / "c.jsonl.xz").write_bytes(data)
        raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
        assert [raw.data for raw in raws if raw.data] == TEXTS * 3, layout
        assert excluded == []


@pytest.mark.parametrize("ending", ["xz", "gz"])
def test_a_packed_file_that_is_cut_off_or_has_several_members_gives_what_it_has(ending: str, tmp_path: Path) -> None:
    pack = lzma.compress if ending == "xz" else gzip.compress
    lines = [
        "".join(json.dumps({"text": f"{n} {n * n}" * 50}) + "\n" for n in part)
        for part in (range(500), range(500, 900))
    ]
    whole = b"".join(pack(part.encode()) for part in lines)
    (tmp_path / f"a.jsonl.{ending}").write_bytes(whole)
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    assert (len(raws), excluded) == (900, [])
    (tmp_path / f"a.jsonl.{ending}").write_bytes(whole[: len(whole) * 3 // 4])
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    assert 500 <= len(raws) < 900
    assert [(one.path, one.reason) for one in excluded] == [(f"a.jsonl.{ending}", "unreadable")]


def test_a_bad_element_costs_only_itself_and_is_named_by_its_number(tmp_path: Path) -> None:
    elements = ['{"text": "a"}', "7", '{"text": bad}', '{"text": "b"} x', '[{"text": "c"}]', "{}", '{"text": "d"']
    (tmp_path / "a.json").write_text("[" + ", ".join(elements))
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    assert [(raw.data, raw.path) for raw in raws] == [("a", "a.json:1"), ("b", "a.json:4")]
    assert [(one.reason, one.detail.split(":")[0].split(" (")[0]) for one in excluded] == [
        ("bad JSON line", "element 2"),
        ("bad JSON line", "element 3"),
        ("bad JSON line", "element 5"),
        ("bad JSON line", "element 6"),
        ("no text", "no column of text"),
        ("bad JSON line", "element 8"),
    ]


json_objects = st.dictionaries(
    st.text(max_size=4),
    st.recursive(st.none() | st.text() | st.integers(), lambda one: st.lists(one, max_size=3)),
    max_size=3,
)


@given(st.lists(json_objects, max_size=8), st.integers(1, 20), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=100)
def test_values_are_cut_as_a_parser_reads_them_whatever_the_portions(
    rows: list[dict[str, Any]], size: int, indent: int | None, array: bool
) -> None:
    text = json.dumps(rows, indent=indent) if array else " ".join(json.dumps(row, indent=indent) for row in rows)
    data = text.encode()
    values = Splitter()
    found = [one for start in range(0, len(data), size) for one in values.feed(data[start : start + size])]
    found += list(values.rest())
    assert [object_of(one or b"") for one in found] == rows


@given(st.text('[]{}",:\\ab1 \n', max_size=60), st.integers(1, 9))
@settings(max_examples=150)
def test_any_text_is_cut_the_same_whatever_the_portions(text: str, size: int) -> None:
    def cut(size: int) -> list[bytes | None]:
        values, data = Splitter(), text.encode()
        found = [one for start in range(0, len(data), size) for one in values.feed(data[start : start + size])]
        return found + list(values.rest())

    assert cut(size) == cut(1000)


@pytest.mark.parametrize("depth", [500, 5_000, 200_000])
def test_deep_nesting_costs_only_its_row(depth: int, tmp_path: Path) -> None:
    deep = '{"text": "deep", "license": ' + "[" * depth + "]" * depth + "}"
    for name, text in (("a.jsonl", f'{deep}\n{{"text": "b"}}\n'), ("b.json", f'[{deep}, {{"text": "b"}}]')):
        (tmp_path / name).write_text(text)
        raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path / name))
        assert [raw.data for raw in raws][-1] == "b"
        assert len(raws) + len(excluded) == 2


def test_what_is_no_json_at_all_is_said_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    with pytest.raises(ValueError, match="it is a Parquet file"):
        read_source(kind="jsonl", path=str(tmp_path))


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_of_bad_lines_is_left_soon_and_its_faults_are_listed_in_few_lines(tmp_path: Path, ending: str) -> None:
    data = (json.dumps({"text": "good"}) + "\n" + "no JSON\n" * 50_000).encode()
    (tmp_path / f"a.jsonl{ending}").write_bytes(gzip.compress(data) if ending else data)
    (tmp_path / "b.jsonl").write_text('{"text": "good too"}\n')
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    assert [raw.data for raw in raws] == ["good", "good too"]
    assert len(excluded) == LISTED + 2
    assert sum(one.count for one in excluded if one.reason == "bad JSON line") == LEAST_SEEN - 1
    (stop,) = [one for one in excluded if one.reason == "mostly broken"]
    assert stop.detail.startswith(f"{LEAST_SEEN - 1} of the first {LEAST_SEEN} rows of a.jsonl{ending}")
    assert stop.detail.endswith(f"(to line {LEAST_SEEN})")


def test_faults_among_good_rows_are_all_counted_and_few_are_listed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "good"}\n{"none": 1}\n{"text": "good"}\nbad\n' * 3000)
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    assert len(raws) == 6000
    for reason in ("no text", "bad JSON line"):
        counts = [one.count for one in excluded if one.reason == reason]
        assert counts == [1] * LISTED + [COUNTED, COUNTED, 3000 - LISTED - 2 * COUNTED]


HOSTILE = {
    "an array on one line": lambda size: b"[" + b'{"text": "x"},' * (size // 14) + b"{}]",
    "bad lines": lambda size: b'{"text": 1,\n' * (size // 12),
    "bad and good lines": lambda size: b'{"text": "x"}\n{"text": 1,\n{"text": "y"}\n' * (size // 40),
    "brackets": lambda size: b"[[{" * (size // 3),
    "an escape in a string": lambda size: b'["' + b"\\" * size,
    "quotes": lambda size: b'["' + b'"",' * (size // 3),
    "objects one after another": lambda size: b'{"text": "x"}' * (size // 13),
    "objects without text": lambda size: b"{}\n" * (size // 3),
    "line ends": lambda size: b"\n" * size,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("task_bytes", [10**9, 20_000])
def test_time_is_linear_in_any_input(name: str, task_bytes: int, tmp_path: Path) -> None:
    seconds = []
    for size in (20_000, 160_000):
        (tmp_path / "a.json").write_bytes(HOSTILE[name](size))
        trials = []
        for _ in range(2):
            started = time.process_time()
            read_source(task_bytes, kind="jsonl", path=str(tmp_path))
            trials.append(time.process_time() - started)
        seconds.append(min(trials))
    assert seconds[1] < 8 * 2.5 * max(seconds[0], 0.01)


def test_an_element_too_large_to_hold_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("midspan.corpus.sources.values.MAX_LINE_BYTES", 200_000)
    (tmp_path / "a.json").write_text(json.dumps([{"text": "a"}, {"text": "x" * 300_000}, {"text": "b"}]))
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path))
    assert [raw.data for raw in raws] == ["a", "b"]
    assert [(one.reason, one.detail) for one in excluded] == [("too large", "element 2: over 200000 bytes")]


def test_an_unreadable_error_tells_its_reason_and_detail() -> None:
    found = object_of(b"[1]")
    assert isinstance(found, UnreadableError)
    assert (found.reason, found.detail) == ("bad JSON line", "not an object")
