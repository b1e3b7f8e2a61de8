"""Broken input and a full disk: a clear message, and nothing half-written is taken for whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from planted import corpus_hashes, plant
from small_corpus import module_text

from midspan.corpus.documents import read_documents
from midspan.corpus.stages import build_corpus
from midspan.files import read_json
from midspan.recipe import Corpus, FolderSource, GitSource, Source, TableSource


def recipe_of(place: Path, sources: list[Source]) -> Path:
    recipe = place / "recipe.json"  # JSON is YAML
    corpus = {"sources": [source.model_dump() for source in sources], "licences": ["unknown"], "heldout": {"files": 0}}
    fields = {"name": "bad", "corpus": corpus}
    recipe.write_text(json.dumps(fields))
    return recipe


def command(recipe: Path, run: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from midspan.cli import main; main()", "corpus", "build", str(recipe)]
    return subprocess.run([*program, "--run", str(run)], capture_output=True, text=True, timeout=240)


def excluded(corpus: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in (corpus / "excluded.jsonl").read_text().splitlines()]
    return {row["path"]: row["reason"] for row in rows}


def test_broken_files_among_good_ones_are_excluded_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = plant(tmp_path / "source", repositories=1, files=3) / "repository0"
    (folder / "loop").symlink_to(folder)
    (folder / "self.py").symlink_to("self.py")
    with (folder / "huge.py").open("wb") as huge:
        huge.truncate(2 << 30)  # sparse: it takes no room
    tables = tmp_path / "tables"
    tables.mkdir()
    rows = pa.table({"content": [module_text(n) for n in range(500, 503)], "path": [f"t{n}.py" for n in range(3)]})
    pq.write_table(rows, tables / "good.parquet")
    (tables / "truncated.parquet").write_bytes((tables / "good.parquet").read_bytes()[:-100])
    sources = [
        FolderSource(path=str(tmp_path / "source"), name="files"),
        TableSource(kind="parquet", path=str(tables), name="tables"),
    ]
    done = command(recipe_of(tmp_path, sources), tmp_path / "run")
    assert done.returncode == 0, done.stderr
    corpus = tmp_path / "run" / "corpus"
    paths = {one.path for one in read_documents(corpus / "train")}
    assert paths == {"module0.py", "module1.py", "module2.py", "t0.py", "t1.py", "t2.py"}
    reasons = excluded(corpus)
    assert reasons["huge.py"] == "too large"
    assert reasons["loop"] == reasons["self.py"] == "symbolic link"
    (broken,) = [path for path in reasons if "truncated.parquet" in path]
    assert "unreadable" in reasons[broken] or "broken" in reasons[broken]


@pytest.mark.skipif(shutil.which("git") is None, reason="makes a repository with git")
def test_a_git_repository_with_missing_objects_gives_what_it_has(tmp_path: Path) -> None:
    folder = plant(tmp_path, repositories=1, files=4) / "repository0"
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    listed = subprocess.run(["git", "rev-parse", "HEAD:module1.py"], cwd=folder, check=True, capture_output=True)
    missing = listed.stdout.decode().strip()
    (folder / ".git" / "objects" / missing[:2] / missing[2:]).unlink()
    source = GitSource(path=str(folder))
    build_corpus(Corpus(sources=[source], licences=["unknown"], heldout={"files": 0}), tmp_path / "corpus")
    found = [one.path for one in read_documents(tmp_path / "corpus" / "train")]
    assert sorted(found) == ["module0.py", "module2.py", "module3.py"]
    assert "module1.py" in excluded(tmp_path / "corpus")


def test_where_nothing_can_be_read_the_command_says_so_and_leaves_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "broken.parquet").write_bytes(b"PAR1 and nonsense")
    source = TableSource(kind="parquet", path=str(tmp_path / "tables"))
    done = command(recipe_of(tmp_path, [source]), tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("midspan: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run" / "corpus" / "statistics.json").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_and_folders_are_excluded(tmp_path: Path) -> None:
    folder = plant(tmp_path / "source", repositories=1, files=3) / "repository0"
    (folder / "nested").mkdir()
    (folder / "nested" / "module.py").write_text(module_text(9))
    (folder / "module1.py").chmod(0)
    (folder / "nested").chmod(0)
    try:
        build_corpus(Corpus(source=str(tmp_path / "source"), licences=["unknown"]), tmp_path / "corpus")
    finally:
        (folder / "nested").chmod(0o755)
    reasons = excluded(tmp_path / "corpus")
    assert reasons["module1.py"] == "unreadable"
    assert "unreadable" in {reasons.get("nested"), reasons.get("nested/")}


FULL = """
import resource, signal, sys
from midspan.cli import main
if __name__ == "__main__":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
    main()
"""


@pytest.mark.parametrize("limit", [2_000, 12_000])
def test_on_a_full_disk_the_build_stops_with_a_message_and_goes_on_when_there_is_room(
    tmp_path: Path, limit: int
) -> None:
    source = plant(tmp_path / "source", repositories=2, files=20)
    recipe = recipe_of(tmp_path, [FolderSource(path=str(source))])
    (tmp_path / "full.py").write_text(FULL)
    program = [sys.executable, str(tmp_path / "full.py"), str(limit), "corpus", "build", str(recipe)]
    run = subprocess.run([*program, "--run", str(tmp_path / "run")], capture_output=True, text=True, timeout=240)
    assert run.returncode == 2, run.stderr
    assert "no space left" in run.stderr.splitlines()[-1]
    assert not (tmp_path / "run" / "corpus" / "statistics.json").exists()
    again = command(recipe, tmp_path / "run")
    assert again.returncode == 0, again.stderr
    elsewhere = command(recipe, tmp_path / "other")
    assert elsewhere.returncode == 0, elsewhere.stderr
    assert corpus_hashes(tmp_path / "run" / "corpus") == corpus_hashes(tmp_path / "other" / "corpus")
    assert read_json(tmp_path / "run" / "corpus" / "statistics.json")["documents"] > 20
