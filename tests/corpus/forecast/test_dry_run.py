"""A dry run says what the build then finds, writes nothing, and reads no more than its sample."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from small_corpus import small_settings

from midspan.corpus.forecast import forecast
from midspan.corpus.forecast.sample import sampled
from midspan.corpus.sources import Raw, plan_source
from midspan.corpus.stages import build_corpus
from midspan.errors import UserError
from midspan.files import read_json
from midspan.recipe import Corpus, FolderSource


def test_it_foresees_what_the_build_keeps_and_drops(tmp_path: Path) -> None:
    settings = small_settings(tmp_path / "sources")
    before = sorted(tmp_path.rglob("*"))
    said = "\n".join(forecast(settings, tmp_path / "run", 2, 1))
    assert sorted(tmp_path.rglob("*")) == before  # nothing is written
    build_corpus(settings, tmp_path / "corpus", seed=1)
    statistics = read_json(tmp_path / "corpus" / "statistics.json")
    read = next(stage["in"]["documents"] for stage in statistics["stages"] if stage["stage"] == "read")
    assert f"Judged: {read} files, all of them" in said
    left_out = next(line for line in said.splitlines() if line.strip().startswith("left out"))
    for reason in statistics["dropped"].keys() - {"unknown language", "exact copy", "near copy"}:
        assert reason in left_out
    assert re.search(r"Time: about \d+ s on 2 cores", said)
    assert re.search(r"Disk: about [\d.]+ kB for the corpus", said)
    for language in statistics["by_language"]:
        assert language in said


def folder_of(tmp_path: Path, count: int) -> FolderSource:
    (tmp_path / "project").mkdir()
    for number in range(count):
        (tmp_path / "project" / f"module_{number:04d}.py").write_text(f"value_{number} = {number}\n" * 60)
    return FolderSource(path=str(tmp_path / "project"))


@pytest.mark.parametrize("sample", [1_000, 20_000, 10**9])
def test_the_sample_is_bounded_and_spread_over_all(tmp_path: Path, sample: int) -> None:
    plan = plan_source(folder_of(tmp_path, 300), 50_000)
    size = sum(task.size for task in plan.tasks)
    items = [item for _, item in sampled(plan.tasks, size, sample) if isinstance(item, Raw)]
    assert sum(len(item.data) for item in items) <= sample + 2_000
    numbers = [int(item.path[7:11]) for item in items]
    assert numbers == sorted(set(numbers))
    gaps = [right - left for left, right in pairwise(numbers)]
    assert len(set(gaps)) <= 1  # every n-th file, across tasks
    if sample == 10**9:
        assert len(items) == 300


def test_of_a_large_table_only_the_beginning_of_some_parts_is_read(tmp_path: Path) -> None:
    line = '{"content": "value = 1\\n", "path": "a.py"}\n'
    (tmp_path / "rows.jsonl").write_text(line * 40_000)
    source = Corpus.model_validate({"sources": [{"kind": "jsonl", "path": str(tmp_path / "rows.jsonl")}]}).sources[0]
    plan = plan_source(source, 200_000)
    size = sum(task.size for task in plan.tasks)
    items = list(sampled(plan.tasks, size, 300_000))
    assert 0 < len(items) < 30_000


def test_what_is_missing_is_refused_as_by_the_build(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        list(forecast(Corpus(source=str(tmp_path / "nowhere")), tmp_path, 1, 0))


def test_a_source_without_a_readable_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "project" / ".hidden").mkdir(parents=True)
    (tmp_path / "project" / "picture.png").write_bytes(b"png")
    said = list(forecast(Corpus(source=str(tmp_path)), tmp_path, 1, 0))
    assert said[-1].startswith("No file could be sampled")
