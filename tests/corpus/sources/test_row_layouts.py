"""Rows of The Stack v1 and v2, StarCoderData, github-code and plain text are recognised by their columns."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_sources import read_source

from midspan.corpus.sources import Excluded, Raw, SourceTask
from midspan.corpus.sources.columns import item_of_row, needed_columns


def item(row: dict[str, Any], **task: Any) -> Raw | Excluded:
    return item_of_row(row, "part:0", SourceTask("set", task.pop("content", "code"), (), **task))


THE_STACK_V1 = {
    "hexsha": "b1",
    "size": 12,
    "ext": "py",
    "lang": "Python",
    "max_stars_repo_path": "src/a.py",
    "max_stars_repo_name": "owner/starred",
    "max_stars_repo_head_hexsha": "c1",
    "max_stars_repo_licenses": ["MIT", "Apache-2.0"],
    "max_stars_count": 12.0,
    "max_issues_repo_path": "other/a.py",
    "max_issues_repo_name": "other/issues",
    "max_issues_repo_licenses": ["GPL-3.0"],
    "max_forks_repo_name": "other/forks",
    "content": "print('v1')\n",
}
THE_STACK_V2 = {
    "blob_id": "b2",
    "path": "/lib/b.rs",
    "content_id": "x",
    "detected_licenses": ["MIT"],
    "license_type": "permissive",
    "repo_name": "owner/two",
    "snapshot_id": "s",
    "revision_id": "c2",
    "revision_date": datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC),
    "star_events_count": 7,
    "gha_license_id": "MIT",
    "src_encoding": "ISO-8859-1",
    "language": "Rust",
    "content": "fn é() {}\n",
}


def test_the_stack_v1() -> None:
    assert item(THE_STACK_V1) == Raw(
        data="print('v1')\n",
        path="src/a.py",
        repository="owner/starred",
        revision="c1",
        language="Python",
        declared_licence="MIT AND Apache-2.0",
        declared_evidence="column max_stars_repo_licenses",
        stars=12,
    )


def test_the_stack_v2_with_text_and_with_bytes() -> None:
    expected = Raw(
        data="fn é() {}\n",
        path="/lib/b.rs",
        repository="owner/two",
        revision="c2",
        date="2021-03-04T05:06:07+00:00",
        language="Rust",
        declared_licence="MIT",
        declared_evidence="column detected_licenses",
        stars=7,
    )
    assert item(THE_STACK_V2) == expected
    blob = {name: value for name, value in THE_STACK_V2.items() if name != "content"}
    assert item({**blob, "blob": "fn é() {}\n".encode("latin-1")}) == expected


@pytest.mark.parametrize("encoding", ["no-such", "utf-8", "", None, "hex"])
def test_bytes_that_do_not_fit_their_encoding_stay_bytes(encoding: str | None) -> None:
    outcome = item({"content": b"\xff\xfe\xff", "src_encoding": encoding})
    assert isinstance(outcome, Raw)
    assert outcome.data == b"\xff\xfe\xff"


def test_a_repository_with_its_files_in_one_row(tmp_path: Path) -> None:
    file = {
        "path": "a.py",
        "content": "a",
        "language": "Python",
        "detected_licenses": ["MIT"],
        "license_type": "permissive",
    }
    row = {"repo_name": "o/r", "star_events_count": 3, "revision_id": "c", "files": [file, {**file, "path": "b.py"}]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    for kind in ("jsonl", "parquet"):
        raws, excluded, _ = read_source(kind=kind, path=str(tmp_path / f"a.{kind}"))
        assert excluded == []
        assert [(raw.repository, raw.path, raw.stars, raw.declared_licence) for raw in raws] == [
            ("o/r", "a.py", 3, "MIT"),
            ("o/r", "b.py", 3, "MIT"),
        ]


@pytest.mark.parametrize(
    ("prefix", "repository", "path", "stars"),
    [
        ("<reponame>o/r<filename>x/y.py<gh_stars>10-100\n", "o/r", "x/y.py", 10),
        ("<reponame>o/r\n", "o/r", "part:0", 0),
        ("<filename>x.py\n", "set", "x.py", 0),
        ("<gh_stars>1000+\n", "set", "part:0", 1000),
        ("<reponame>o/r<gh_stars>0\n", "o/r", "part:0", 0),
        ("", "set", "part:0", 0),
    ],
)
def test_starcoderdatas_prefix_is_read_and_removed(prefix: str, repository: str, path: str, stars: int) -> None:
    outcome = item({"content": f"{prefix}import os\n<filename>kept\n"})
    assert isinstance(outcome, Raw)
    assert outcome.data == "import os\n<filename>kept\n"
    assert (outcome.repository, outcome.path, outcome.stars) == (repository, path, stars)


def test_starcoderdatas_columns_come_before_its_prefix() -> None:
    row = {"max_stars_repo_path": "a.py", "max_stars_repo_name": "o/r", "max_stars_count": 5, "id": "1"}
    outcome = item({**row, "content": "<reponame>no/no<filename>no.py<gh_stars>100-1000\nx\n"})
    assert outcome == Raw("x\n", "a.py", "o/r", stars=5)


@pytest.mark.parametrize("text", ["<html>\n", "<reponame>without an end", "<!-- <reponame>x\n"])
def test_other_beginnings_are_kept(text: str) -> None:
    outcome = item({"content": text})
    assert isinstance(outcome, Raw)
    assert outcome.data == text


def test_github_code_and_plain_text() -> None:
    outcome = item({"code": "x", "repo_name": "o/r", "path": "a.go", "language": "Go", "license": "mit", "size": 1})
    assert isinstance(outcome, Raw)
    assert (outcome.path, outcome.language, outcome.declared_evidence) == ("a.go", "Go", "column license")
    web = {"text": "Über <reponame>", "url": "https://a.b/c", "language": "en", "timestamp": datetime(2020, 1, 2)}
    outcome = item(web, content="text")
    assert outcome == Raw("Über <reponame>", "https://a.b/c", "set", date="2020-01-02T00:00:00", kind="text")


def test_text_of_tables_is_prose_unless_its_path_says_markup(tmp_path: Path) -> None:
    lines = [{"text": "a theorem", "path": path} for path in ("x.md", "paper.tex", "https://a.b/c", "")]
    (tmp_path / "math.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    raws, _, _ = read_source(kind="jsonl", path=str(tmp_path / "math.jsonl"), content="text", licence="CC-BY-4.0")
    assert [raw.language for raw in raws] == [None, None, "prose", "prose"]
    assert raws[3].path == "math.jsonl@128"
    assert {(raw.declared_licence, raw.declared_evidence, raw.kind) for raw in raws} == {
        ("CC-BY-4.0", "the recipe", "text")
    }


def test_the_recipe_may_name_the_columns() -> None:
    row = {"body": "x", "content": "not this", "place": "a/b.py", "spdx": ["BSD-3-Clause"], "license": "GPL-3.0"}
    outcome = item(row, columns={"text": "body", "path": "place", "licences": "spdx"})
    assert outcome == Raw("x", "a/b.py", "set", declared_licence="BSD-3-Clause", declared_evidence="column spdx")


@pytest.mark.parametrize("stars", [None, math.nan, math.inf, -3, "many", [1], 2.0, "7", True])
def test_odd_counts_of_stars_are_none(stars: Any) -> None:
    outcome = item({"content": "x", "max_stars_count": stars})
    assert isinstance(outcome, Raw)
    assert outcome.stars == {2.0: 2, "7": 7, True: 1}.get(stars if isinstance(stars, float | str | bool) else None, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"content": None}, "no text"),
        ({"content": 5}, "no text"),
        ({"path": "a.py"}, "no text"),
        ({}, "no text"),
        ({"content": "a \ud800 b"}, "not text"),
        ({"content": "é" * 4_000_001}, "too large"),
        ({"content": b"x" * 8_000_001}, "too large"),
    ],
)
def test_a_row_without_a_fit_text_is_excluded(row: dict[str, Any], reason: str) -> None:
    outcome = item(row)
    assert isinstance(outcome, Excluded)
    assert outcome.reason == reason


def test_columns_of_unexpected_types_are_as_if_they_were_not_there() -> None:
    row = {"content": "x", "path": 3, "repo_name": None, "lang": ["c"], "licenses": 4, "revision_date": 5, "commit": {}}
    assert item(row) == Raw("x", "part:0", "set")


def test_only_the_columns_that_are_needed_are_read() -> None:
    names = [*THE_STACK_V2, "alphanum_fraction", "visit_date"]
    needed = needed_columns(names, {}, "code")
    assert {"content", "path", "repo_name", "detected_licenses", "license_type", "gha_license_id"} <= set(needed)
    assert not {"alphanum_fraction", "visit_date", "blob_id", "snapshot_id"} & set(needed)
    assert needed_columns(names, {}, "issues") == names
