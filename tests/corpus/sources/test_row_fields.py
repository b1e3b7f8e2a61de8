"""No value of a row ends a build: what cannot be written is left out by name, and the other rows are kept."""

from __future__ import annotations

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading_sources import read_source, reasons
from small_corpus import module_text

from midspan.corpus.documents import read_documents
from midspan.corpus.sources import Excluded, Raw, SourceTask, plan_source
from midspan.corpus.sources.columns import item_of_row
from midspan.corpus.sources.issues import issue_of_row
from midspan.corpus.stages import build_corpus
from midspan.corpus.stages.guard import Guard
from midspan.corpus.stages.read import ReadTask, read
from midspan.corpus.writable import MAX_CHARACTERS, printable, why_unwritable
from midspan.errors import UserError
from midspan.recipe import Corpus, TableSource

ALL = frozenset({"permissive", "unknown", "non-permissive"})
GOOD = {"content": "def f():\n    return 1\n", "path": "a.py", "repo_name": "o/r", "license": "mit"}


def write_lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read_stage(place: Path, file: Path, **fields: Any) -> tuple[list[str], list[dict[str, Any]]]:
    """The paths that the first stage of a build keeps of a file, and the lines of what it leaves out."""
    plan = plan_source(TableSource.model_validate({"kind": "jsonl", "path": str(file), **fields}), 10**6)
    kept: list[str] = []
    lines: list[str] = []
    for number, task in enumerate(plan.tasks):
        folder = place / f"{number}"
        folder.mkdir()
        read(ReadTask(task, None, ALL, 10**6), folder, Guard(place / "mark", {}))
        for part in sorted(folder.glob("documents-*.parquet")):
            kept += pq.read_table(part)["path"].to_pylist()
        lines += (folder / "excluded.jsonl").read_text(encoding="utf-8").splitlines()
    return kept, [json.loads(line) for line in lines]


BAD: dict[str, tuple[str, Any, str]] = {
    "path": ("path", "a\udcffb.py", "path holds a lone surrogate"),
    "repository": ("repo_name", "o/\ud800", "repository holds a lone surrogate"),
    "revision": ("revision_id", "\udfff", "revision holds a lone surrogate"),
    "date": ("date", "2020\udc80", "date holds a lone surrogate"),
    "language": ("lang", "Py\udc80thon", "language holds a lone surrogate"),
    "a long path": ("path", "a/" * 500_000, "path has 1000000 characters"),
    "a NUL": ("path", "a\0.py", "path holds a NUL"),
    "stars": ("stars", 2**63, "stars is 2^63 or more"),
    "more stars": ("stars", 10**400, "stars is 2^63 or more"),
    "stars as a float": ("stars", 1e300, "stars is 2^63 or more"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_field_that_cannot_be_written_costs_its_row_which_is_named_with_file_and_line(
    name: str, tmp_path: Path
) -> None:
    column, value, why = BAD[name]
    file = write_lines(tmp_path / "rows.jsonl", [{**GOOD, "path": "0.py"}, {**GOOD, column: value}, GOOD])
    kept, excluded = read_stage(tmp_path, file)
    assert kept == ["0.py", "a.py"]
    assert [(one["reason"], one["detail"]) for one in excluded] == [("bad field", f"{why} (rows.jsonl, line 2)")]
    assert len(excluded[0]["path"]) <= MAX_CHARACTERS + 1


def test_a_build_keeps_the_rows_beside_a_bad_one_and_says_which_it_was(tmp_path: Path) -> None:
    rows = [{"content": module_text(n), "path": f"{n}.py", "repo_name": "o/r"} for n in range(4)]
    write_lines(
        tmp_path / "rows.jsonl", [rows[0], rows[1] | {"path": "a\udcffb.py"}, rows[2] | {"stars": 10**30}, rows[3]]
    )
    source = TableSource(kind="jsonl", path=str(tmp_path / "rows.jsonl"))
    recipe = Corpus(sources=[source], licences=["unknown"], heldout={"files": 0})  # type: ignore[arg-type]
    build_corpus(recipe, tmp_path / "corpus")
    assert [one.path for one in read_documents(tmp_path / "corpus" / "train")] == ["0.py", "3.py"]
    lines = [json.loads(line) for line in (tmp_path / "corpus" / "excluded.jsonl").read_text().splitlines()]
    assert {one["path"]: one["detail"] for one in lines} == {
        "a\\udcffb.py": "path holds a lone surrogate (rows.jsonl, line 2)",
        "2.py": "stars is 2^63 or more (rows.jsonl, line 3)",
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just(2**64),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
NAMES = (
    "content text path repo_name repository lang license detected_licenses license_type stars max_stars_count"
    " revision_id date src_encoding files blob_id url"
)
ISSUE_NAMES = (
    "title body comments events number user repository html_url created_at content text replies nodes login author"
    " pull_request type issue_number repository_url date"
)
names, issue_names = st.sampled_from(NAMES.split()), st.sampled_from(ISSUE_NAMES.split())
issue_values = st.recursive(
    json_values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(issue_names, inner, max_size=5),
    max_leaves=10,
)


@pytest.mark.parametrize("content", ["code", "documentation", "text", "issues"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_json_object_ends_a_build(
    tmp_path_factory: pytest.TempPathFactory, content: str, data: st.DataObject
) -> None:
    objects = st.dictionaries(issue_names, issue_values) if content == "issues" else st.dictionaries(names, json_values)
    rows = data.draw(st.lists(objects, max_size=6))
    place = tmp_path_factory.mktemp("rows")
    file = write_lines(place / "rows.jsonl", rows)
    if content != "issues" and rows and "blob_id" in rows[0] and not {"content", "text", "files"} & set(rows[0]):
        return  # refused: a test of its own
    kept, excluded = read_stage(place, file, content=content)
    files = sum(len(one["files"]) if _nested(one) and content != "issues" else 1 for one in rows)
    assert len(kept) + sum(one.get("count", 1) for one in excluded) == files


def _nested(row: dict[str, Any]) -> bool:
    files = row.get("files")
    return isinstance(files, list) and bool(files) and all(isinstance(file, dict) for file in files)


@given(st.dictionaries(names, json_values | st.binary() | st.decimals() | st.dates() | st.datetimes()))
@settings(max_examples=200)
def test_no_value_of_a_table_of_any_type_ends_a_build(row: dict[str, Any]) -> None:
    for item in (
        item_of_row(row, "part:0", SourceTask("set", "code", ())),
        issue_of_row(row, "part:0", SourceTask("set", "issues", ())),
    ):
        fields = {name: value for name, value in vars(item).items() if name not in ("data", "detail")}
        why = why_unwritable(fields)
        assert why is None or ("characters" in why and isinstance(item, Excluded))  # "…" behind a name cut short
        assert isinstance(item, Raw | Excluded)


@given(st.text(st.characters(), max_size=50))
def test_what_is_printable_is_written_and_good_text_stays_as_it_is(text: str) -> None:
    printable(text).encode()
    if why_unwritable({"text": text}) is None:
        assert printable(text) == text


def test_numbers_and_moments_of_every_type_are_read(tmp_path: Path) -> None:
    moment = datetime.datetime(2021, 3, 4, 5, 6, 7)
    east = datetime.timezone(datetime.timedelta(hours=2))
    types: list[tuple[Any, pa.DataType, str]] = [
        (moment, pa.timestamp("ns"), "2021-03-04T05:06:07"),
        (moment, pa.timestamp("s"), "2021-03-04T05:06:07"),
        (moment.replace(tzinfo=east), pa.timestamp("us", "+02:00"), "2021-03-04T03:06:07+00:00"),
        (moment.date(), pa.date32(), "2021-03-04"),
        (moment.date(), pa.date64(), "2021-03-04"),
        ("yesterday", pa.string(), "yesterday"),
        (5, pa.int64(), ""),
    ]
    for number, (value, type_, said) in enumerate(types):
        columns = {"content": pa.array(["x"]), "date": pa.array([value], type_)}
        columns["stars"] = pa.array([decimal.Decimal("7.00")], pa.decimal128(10, 2))
        pq.write_table(pa.table(columns), tmp_path / f"{number}.parquet")
        (raw,), excluded, _ = read_source(kind="parquet", path=str(tmp_path / f"{number}.parquet"))
        assert (raw.date, raw.stars) == (said, 7)
        assert excluded == []
    finest = pa.table(
        {"content": ["x"], "date": pa.array([1_600_000_000_000_000_001], pa.timestamp("ns", "Mars/Olympus"))}
    )
    pq.write_table(finest, tmp_path / "finest.parquet")
    (raw,), _, _ = read_source(kind="parquet", path=str(tmp_path / "finest.parquet"))
    assert raw.date == "2020-09-13T12:26:40+00:00"


STRINGS = {
    "string": pa.string(),
    "large": pa.large_string(),
    "view": pa.string_view(),
    "binary": pa.binary(),
    "large binary": pa.large_binary(),
    "dictionary": pa.dictionary(pa.int16(), pa.large_string()),
}


@pytest.mark.parametrize("kind", STRINGS)
def test_strings_stored_in_any_way_say_the_same(kind: str, tmp_path: Path) -> None:
    said = {
        "content": "x = 1\n",
        "path": "ä/b.py",
        "repo_name": "o/r",
        "lang": "Python",
        "commit": "c",
        "license": "MIT",
    }
    columns = {name: pa.array([value]).cast(STRINGS[kind]) for name, value in said.items()}
    with pa.ipc.new_file(tmp_path / "a.arrow", pa.table(columns).schema) as writer:
        writer.write_table(pa.table(columns))
    files = [tmp_path / "a.arrow"]
    if kind != "view":
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        files.append(tmp_path / "a.parquet")
    for file in files:
        (raw,), _, _ = read_source(kind="parquet", path=str(file))
        text = raw.data.decode() if isinstance(raw.data, bytes) else raw.data
        found = (text, raw.path, raw.repository, raw.language, raw.revision, raw.declared_licence)
        assert found == tuple(said.values())


def test_bytes_that_are_no_text_cost_their_row_but_an_object_id_is_spelled_out(tmp_path: Path) -> None:
    paths = [b"good.py", b"\xff.py", b"good too.py"]
    table = pa.table(
        {"content": ["a", "b", "c"], "path": pa.array(paths, pa.binary()), "commit": [bytes(range(20))] * 3}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert [(raw.path, raw.revision) for raw in raws] == [
        ("good.py", bytes(range(20)).hex()),
        ("good too.py", bytes(range(20)).hex()),
    ]
    assert reasons(excluded) == {"\\udcff.py": "bad field"}


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("venv/lib/python3.9/site-packages/requests/api.py", "venv"),
        ("web/node_modules/left-pad/index.js", "node_modules"),
        ("/src/.tox/py39/x.py", "hidden"),
        ("a\\site-packages\\b.py", "site-packages"),
        ("pkg/__pycache__/x.py", "__pycache__"),
        ("a/" * 70 + "x.py", "too deep"),
        ("./src/../src/a.py", ""),
        ("src/venv.py", ""),
        ("https://a.b/.well-known/x.py", ""),
        ("a.py", ""),
    ],
)
def test_code_of_others_is_left_out_by_its_path_as_it_is_in_folders(path: str, folder: str) -> None:
    item = item_of_row({**GOOD, "path": path}, "part:0", SourceTask("set", "code", ()))
    assert (item.detail if isinstance(item, Excluded) else "") == folder
    assert not isinstance(item, Excluded) or item.reason == "skipped folder"


def test_the_recipe_speaks_for_rows_without_a_column(tmp_path: Path) -> None:
    rows = {"content": pa.array(["ä = 1".encode("latin-1"), b"b = 2"]), "lang": pa.array([None, "Ruby"])}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    given_ = {"language": "python", "encoding": "latin-1", "repository": "o/r"}
    raws, _, _ = read_source(kind="parquet", path=str(tmp_path / "a.parquet"), **given_)
    assert [(raw.data, raw.language, raw.repository) for raw in raws] == [
        ("ä = 1", "python", "o/r"),
        ("b = 2", "Ruby", "o/r"),
    ]
    with pytest.raises(UserError, match="unknown language 'klingon'"):
        read_source(kind="parquet", path=str(tmp_path / "a.parquet"), language="klingon")
    with pytest.raises(UserError, match="there is no encoding 'latin-99'"):
        read_source(kind="parquet", path=str(tmp_path / "a.parquet"), encoding="latin-99")


def test_texts_alone_become_documents_of_the_language_that_the_recipe_names(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "rows.jsonl", [{"text": module_text(n)} for n in range(3)])
    kept, excluded = read_stage(tmp_path, file, language="Python")
    assert (len(kept), excluded) == (3, [])


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_rows_that_hold_ids_alone_are_refused_with_where_the_contents_are(tmp_path: Path, kind: str) -> None:
    row = {"blob_id": "0" * 40, "content_id": "1" * 40, "src_encoding": "UTF-8", "path": "/a.py", "language": "Python"}
    file = tmp_path / f"a.{kind}"
    write_lines(file, [row]) if kind == "jsonl" else pq.write_table(pa.Table.from_pylist([row]), file)
    with pytest.raises(UserError, match=r"s3://softwareheritage/content/<blob_id>") as caught:
        read_source(kind=kind, path=str(tmp_path))
    assert "\n" not in str(caught.value)
    mixed = [{**row, "content": "x"}, row]
    write_lines(tmp_path / "mixed.jsonl", mixed)
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path / "mixed.jsonl"))
    assert ([raw.data for raw in raws], [one.reason for one in excluded]) == (["x"], ["no text"])


def test_an_index_of_pandas_is_no_column(tmp_path: Path) -> None:
    table = pa.table({"content": ["x"], "path": ["a.py"], "__index_level_0__": [17]})
    pq.write_table(table, tmp_path / "a.parquet")
    (raw,), excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert (raw.data, raw.path, excluded) == ("x", "a.py", [])


@pytest.mark.parametrize("form", ["stream", "file"])
def test_a_folder_that_datasets_saved_is_read(tmp_path: Path, form: str) -> None:
    table = pa.table({"content": [f"text {n}" for n in range(1000)], "path": [f"{n}.py" for n in range(1000)]})
    new = pa.ipc.new_stream if form == "stream" else pa.ipc.new_file
    with new(tmp_path / "data-00000-of-00001.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=300)
    (tmp_path / "state.json").write_text("{}")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path))
    assert [raw.path for raw in raws] == table["path"].to_pylist()
    assert reasons(excluded) == {"state.json": "not parquet"}
    whole = (tmp_path / "data-00000-of-00001.arrow").read_bytes()
    (tmp_path / "cut.arrow").write_bytes(whole[: len(whole) // 2])
    _, excluded, _ = read_source(kind="parquet", path=str(tmp_path / "cut.arrow"))
    assert reasons(excluded) == {"cut.arrow": "broken Arrow file"}
