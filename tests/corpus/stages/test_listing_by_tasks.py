"""Sources are listed by tasks: the same corpus for any cut, each file by a name of its own, nothing left behind."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from small_corpus import MIT, module_text

from midspan.corpus.documents import read_documents
from midspan.corpus.inspection import account_of
from midspan.corpus.sources import Raw, SourceTask, plan_source, read_items
from midspan.corpus.sources.listings import FragmentFile, cut_tasks
from midspan.corpus.stages import build_corpus, corpus_fingerprint
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.files import read_json
from midspan.recipe import Corpus, FolderSource


@pytest.fixture
def colliding(tmp_path: Path) -> dict[str, Any]:
    """Two folders and a table whose repositories and files have the same names, and one source named as another's."""
    for number, source in enumerate(("left", "right")):
        for repository, name in enumerate(("owner/name", "name", source)):
            folder = tmp_path / source / name
            folder.mkdir(parents=True)
            (folder / "LICENSE").write_text(MIT)
            for file in range(3):
                seed = 100 * number + 10 * repository + file
                (folder / f"m{file}.py").write_text(module_text(seed))
    rows = [
        {"content": module_text(10**6 + n), "path": "m0.py", "repo_name": "owner/name", "licenses": ["mit"]}
        for n in range(3)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sources = [{"kind": "folder", "path": str(tmp_path / source)} for source in ("left", "right")]
    return {"sources": [*sources, {"kind": "jsonl", "path": str(tmp_path / "rows.jsonl")}], "heldout": {"files": 0}}


@pytest.mark.parametrize("level", ["file", "repository"])
def test_source_repository_and_path_name_one_document(tmp_path: Path, colliding: dict[str, Any], level: str) -> None:
    settings = Corpus.model_validate({**colliding, "near_duplicates": {"level": level}, "shard_bytes": 3000})
    build_corpus(settings, tmp_path / "corpus", EngineChoice(workers=1))
    documents = list(read_documents(tmp_path / "corpus" / "train"))
    names = Counter((one.source, one.repository, one.path) for one in documents if one.path != "LICENSE")
    assert set(names.values()) == {1}
    assert len(names) == 2 * 3 * 3 + 3
    assert {path for source, _, path in names if source == "rows.jsonl"} == {"m0.py", "m0.py@2", "m0.py@3"}
    runs = [(one.repository, one.source) for one in documents]
    changes = [one for one, before in zip(runs, [None, *runs], strict=False) if one != before]
    assert len(changes) == len(set(changes))  # the files of a repository follow each other, apart from its namesake's
    counted = read_json(tmp_path / "corpus" / "statistics.json")["by_repository"]
    assert {"left: owner/name", "right: owner/name", "rows.jsonl: owner/name", "left", "right"} <= counted.keys()


def test_files_of_two_sources_are_told_apart_by_the_source(tmp_path: Path, colliding: dict[str, Any]) -> None:
    run = tmp_path / "run"
    build_corpus(Corpus.model_validate(colliding), run / "corpus", EngineChoice(workers=1))
    for name in ("right:owner/name/m1.py", "right:owner/name: m1.py"):
        lines = list(account_of(run, name))
        assert lines[0] == "owner/name: m1.py   (source right)"
        assert not any("the source has changed" in line for line in lines)
    with pytest.raises(UserError, match=r"2 files are called .*: left:owner/name/m1.py, right:owner/name/m1.py; give"):
        list(account_of(run, "owner/name/m1.py"))


def test_a_copy_in_another_source_is_no_copy_of_its_own_namesake(tmp_path: Path) -> None:
    for source in ("a", "b"):
        (tmp_path / source / "r").mkdir(parents=True)
        (tmp_path / source / "r" / "x.py").write_text(module_text(1))
        (tmp_path / source / "r" / "y.py").write_text(module_text(2 + ord(source)))
    sources = [{"kind": "folder", "path": str(tmp_path / source)} for source in "ab"]
    settings = Corpus.model_validate({"sources": sources, "licences": ["unknown"], "heldout": {"files": 0}})
    build_corpus(settings, tmp_path / "run" / "corpus", EngineChoice(workers=1))
    rows = [json.loads(line) for line in (tmp_path / "run" / "corpus" / "excluded.jsonl").read_text().splitlines()]
    assert [(row["source"], row["detail"]) for row in rows] == [("b", "of r: x.py (source a)")]
    kept = [line for line in account_of(tmp_path / "run", "a:r/x.py") if "copies" in line]
    assert kept == ["  copies       r: x.py (source b) was dropped in its favour (similarity 1.00)"]
    assert "the text is that of r: x.py (source a)" in "\n".join(account_of(tmp_path / "run", "b:r/x.py"))


def test_a_listing_on_disk_is_cut_into_tasks_that_read_everything_in_order(tmp_path: Path) -> None:
    for repository in range(7):
        (tmp_path / "all" / f"r{repository}").mkdir(parents=True)
        for file in range(repository + 1):
            (tmp_path / "all" / f"r{repository}" / f"f{file}.py").write_text("x" * 50 * (file + 1))
    plan = plan_source(FolderSource(path=str(tmp_path / "all")), 120)
    raws = [item for task in plan.tasks for item in read_items(task)]
    parts = [tmp_path / "one.jsonl", tmp_path / "absent.jsonl", tmp_path / "two.jsonl"]
    fragments = [one for task in plan.tasks for one in task.fragments]
    for part, own in ((parts[0], fragments[:5]), (parts[2], fragments[5:])):
        file = FragmentFile(part)
        file.add(own)
        file.close()
    for task_bytes in (1, 120, 1000, 10**6):
        tasks = list(cut_tasks(parts, task_bytes))
        assert sum(one.size for runs in tasks for one in runs) == sum(
            len(raw.data) for raw in raws if isinstance(raw, Raw)
        )
        read = [read_items(SourceTask("all", "code", runs)) for runs in tasks]
        assert [item for items in read for item in items] == raws
    assert len(list(cut_tasks(parts, 10**6))) == 1
    assert len(next(cut_tasks(parts, 10**6))) == 2  # one run of each file


def test_many_roots_are_listed_by_several_tasks_and_the_fingerprint_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for repository in range(20):
        (tmp_path / "all" / f"r{repository:02d}").mkdir(parents=True)
        (tmp_path / "all" / f"r{repository:02d}" / "m.py").write_text(module_text(repository))
    settings = Corpus(source=str(tmp_path / "all"), licences=["unknown"])
    monkeypatch.setattr("midspan.corpus.sources.plan.ROOTS_OF_PORTION", 3)
    build_corpus(settings, tmp_path / "corpus", EngineChoice(workers=2))
    statistics = read_json(tmp_path / "corpus" / "statistics.json")
    assert statistics["fingerprint"] == corpus_fingerprint(settings, 0)
    assert [one["tasks"] for one in statistics["stages"] if one["stage"] == "list"] == [7]
    assert statistics["sources"][0]["repositories"] == 20
    assert statistics["documents"] == 20
    (tmp_path / "all" / "r07" / "m.py").write_text(module_text(99))
    assert statistics["fingerprint"] != corpus_fingerprint(settings, 0)
    assert not list((tmp_path / "corpus").glob(".*"))


def test_a_source_that_is_gone_leaves_what_an_earlier_build_has_done_and_nothing_of_its_own(tmp_path: Path) -> None:
    settings = Corpus(source=str(tmp_path / "gone"))
    with pytest.raises(UserError, match="is no folder"):
        build_corpus(settings, tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()
    (tmp_path / "corpus" / ".work" / "read").mkdir(parents=True)
    with pytest.raises(UserError, match="is no folder"):
        build_corpus(settings, tmp_path / "corpus")
    assert [one.name for one in (tmp_path / "corpus" / ".work").iterdir()] == ["read"]
