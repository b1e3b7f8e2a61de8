"""What is given instead of a recipe is read as what it is, under names that differ; what is unclear is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from midspan.corpus.sources.kinds import sources_at
from midspan.errors import UserError


def kinds(*paths: Path | str) -> list[tuple[str, str]]:
    return [(source["kind"], source["name"]) for source in sources_at([str(path) for path in paths])]


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x = 1\n")
    return folder


def test_folders_are_read_by_their_commits_where_they_have_any(tmp_path: Path) -> None:
    assert kinds(repository(tmp_path / "one")) == [("git", "one")]
    repository(tmp_path / "many" / "first")
    repository(tmp_path / "many" / "second")
    assert kinds(tmp_path / "many") == [("git", "many")]
    files(tmp_path / "many", "third/a.py")
    assert kinds(tmp_path / "many") == [("folder", "many")]
    assert kinds(files(tmp_path / "plain", "a.py", "data/rows.jsonl")) == [("folder", "plain")]


def test_tables_are_known_by_their_endings(tmp_path: Path) -> None:
    files(tmp_path, "a.parquet", "b.jsonl", "c.jsonl.gz", "d.ndjson.zst", "stack/x-0.parquet", "stack/README.md")
    assert kinds(tmp_path / "a.parquet") == [("parquet", "a.parquet")]
    assert [kind for kind, _ in kinds(tmp_path / "b.jsonl", tmp_path / "c.jsonl.gz", tmp_path / "d.ndjson.zst")] == [
        "jsonl"
    ] * 3
    assert kinds(tmp_path / "stack") == [("parquet", "stack")]
    assert kinds(tmp_path / "st*" / "*.parquet") == [("parquet", "st*")]


def test_what_the_shell_made_of_a_glob_is_one_source(tmp_path: Path) -> None:
    files(tmp_path, "data/one.jsonl", "data/two.jsonl")
    listed = sources_at([str(tmp_path / "data" / "one.jsonl"), str(tmp_path / "data" / "two.jsonl")])
    assert listed == [{"kind": "jsonl", "path": str(tmp_path / "data" / "*.jsonl"), "name": "data"}]
    files(tmp_path, "data/three.jsonl")
    assert len(sources_at([str(tmp_path / "data" / name) for name in ("one.jsonl", "two.jsonl")])) == 2


def test_names_differ_though_folders_are_called_alike(tmp_path: Path) -> None:
    files(tmp_path, "a/src/x.py", "b/src/x.py", "c/other/x.py")
    found = kinds(tmp_path / "a" / "src", tmp_path / "b" / "src", tmp_path / "c" / "other")
    assert [name for _, name in found] == ["a/src", "b/src", "other"]
    assert kinds(tmp_path / "a", f"{tmp_path}/a/", f"{tmp_path}/./a") == [("folder", "a")]


def test_archives_are_read_as_folders_are(tmp_path: Path) -> None:
    files(tmp_path, "code.zip", "project-1.0.tar.gz")
    found = kinds(tmp_path / "code.zip", tmp_path / "project-1.0.tar.gz")
    assert found == [("folder", "code.zip"), ("folder", "project-1.0.tar.gz")]


def test_addresses_are_cloned_or_read_as_tables() -> None:
    assert kinds("https://example.org/team/project.git") == [("git", "project")]
    assert kinds("git@example.org:team/project.git") == [("git", "project")]
    assert kinds("https://example.org/data/part-0.parquet?signature=x")[0][0] == "parquet"
    assert kinds("stdlib") == [("stdlib", "stdlib")]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "nothing is at"),
        ("absent.jsonl", "no file at"),
        ("main.py", "is one file: give the folder"),
        ("code.7z", "archive of a kind that is not read"),
        ("both", "Parquet and JSON"),
        ("empty", "holds no files"),
    ],
)
def test_what_is_not_clear_is_refused_in_one_line(tmp_path: Path, name: str, message: str) -> None:
    files(tmp_path, "main.py", "code.7z", "both/a.parquet", "both/a.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message) as error:
        sources_at([str(tmp_path / name)])
    assert "\n" not in str(error.value)


def test_a_folder_called_stdlib_is_not_taken_for_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files(tmp_path, "stdlib/a.py")
    with pytest.raises(UserError, match=r"give \./stdlib"):
        sources_at(["stdlib"])
    assert kinds("./stdlib") == [("folder", "stdlib")]
