"""Datasets streamed through Hugging Face's `datasets`, here from a folder on this machine."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_sources import read_source

from midspan.corpus.sources import plan_source, read_items
from midspan.errors import UserError
from midspan.recipe import HubSource


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("datasets", reason="the extra hub is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "set"
    folder.mkdir()
    for part in range(3):
        rows = [
            {"content": f"<reponame>o/r\nx = {part}{i}\n", "max_stars_repo_path": f"{part}{i}.py", "max_stars_count": i}
            for i in range(4)
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"train-{part:05d}-of-00003.parquet")
    return folder


def test_a_dataset_is_streamed_shard_by_shard(dataset: Path) -> None:
    raws, excluded, plan = read_source(kind="hub", path=str(dataset))
    assert len(plan.tasks) == 3
    assert [raw.path for raw in raws] == [f"{part}{i}.py" for part in range(3) for i in range(4)]
    assert raws[5].data == "x = 11\n"
    assert (raws[5].repository, raws[5].stars) == ("o/r", 1)
    assert excluded == []
    assert plan.facts["split"] == "train"


def test_the_fingerprint_changes_with_the_dataset(dataset: Path) -> None:
    source = HubSource(path=str(dataset))
    before = plan_source(source, 1000).fingerprint
    assert before == plan_source(source, 1000).fingerprint
    pq.write_table(pa.table({"content": ["y"]}), dataset / "train-00003-of-00004.parquet")
    assert before != plan_source(source, 1000).fingerprint


def test_a_broken_shard_costs_only_itself(dataset: Path) -> None:
    plan = plan_source(HubSource(path=str(dataset)), 1000)
    (dataset / "train-00001-of-00003.parquet").write_bytes(b"no Parquet any more, but long enough for a footer")
    items = [list(read_items(task)) for task in plan.tasks]
    assert [len(shard) for shard in items] == [4, 1, 4]
    assert [getattr(item, "reason", "") for item in items[1]] == ["unreadable"]


@pytest.mark.parametrize("fields", [{"split": "no-such"}, {"subset": "no-such"}, {"path": "no/such-set"}])
def test_what_is_not_there_is_the_users_mistake(dataset: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"corpus.sources: (cannot open the dataset|no dataset)") as caught:
        read_source(**{"kind": "hub", "path": str(dataset), **fields})
    assert "\n" not in str(caught.value)


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without_datasets(name: str, package: str | None = None) -> Any:
        if name == "datasets":
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without_datasets)
    with pytest.raises(UserError, match=r"pip install 'midspan\[hub\]'"):
        read_source(kind="hub", path="owner/set")


SHARD_IN_A_WORKER = """
import sys
from midspan.corpus.sources import plan_source
from midspan.engines import LocalEngine
from midspan.recipe import HubSource

def shards(path):
    return len(plan_source(HubSource(path=path), 1000).tasks)

if __name__ == "__main__":
    with LocalEngine(1) as engine:
        print(engine.run_tasks(shards, [sys.argv[1]])[0].value)
"""


def test_a_worker_that_ends_leaves_no_semaphore_behind(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(SHARD_IN_A_WORKER)
    done = subprocess.run([sys.executable, str(tmp_path / "program.py"), str(dataset)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("3\n", "")
