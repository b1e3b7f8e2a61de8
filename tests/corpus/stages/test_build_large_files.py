"""One large file: its task writes bounded parts, and neither memory nor the list of what is left out grows with it."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from small_corpus import module_text

from midspan.corpus.documents import read_documents
from midspan.corpus.sources import Excluded, Raw, SourceTask, plan_source
from midspan.corpus.stages import build_corpus, read
from midspan.corpus.stages.guard import Guard
from midspan.corpus.stages.read import PART_SHARDS, ReadTask
from midspan.engines import EngineChoice
from midspan.files import read_json
from midspan.recipe import Corpus, TableSource

SHARD = 100_000


def rows_of(count: int) -> Iterator[dict[str, str]]:
    for number in range(count):
        yield {
            "content": f"x = {number}\n" + "".join(f"y{i} = {number * i}\n" for i in range(100)),
            "path": f"{number}.py",
        }


def write(file: Path, count: int) -> Path:
    lines = (json.dumps(row) for row in rows_of(count))
    with gzip.open(file, "wt", compresslevel=1) as out:
        out.write("[" + ",\n".join(lines) + "]" if ".json." in file.name else "".join(f"{line}\n" for line in lines))
    return file


def read_it(file: Path, folder: Path) -> dict[str, Any]:
    (task,) = plan_source(TableSource(kind="jsonl", path=str(file)), SHARD).tasks
    folder.mkdir()
    return read.read(ReadTask(task, None, frozenset({"unknown"}), SHARD), folder, Guard(folder.parent / "mark", {}))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.json.gz"])
def test_the_memory_of_a_task_does_not_grow_with_its_file(name: str, tmp_path: Path) -> None:
    peaks = []
    for number, count in enumerate((300, 2400)):
        file = write(tmp_path / name, count)
        tracemalloc.start()
        found = read_it(file, tmp_path / f"{number}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sum(found["parts"]) == count
    assert peaks[1] < 1.5 * peaks[0]


def test_the_parts_of_a_task_hold_its_documents_in_order_and_are_bounded(tmp_path: Path) -> None:
    found = read_it(write(tmp_path / "a.jsonl.gz", 1500), tmp_path / "out")
    parts = [pq.read_table(file) for file in sorted((tmp_path / "out").glob("documents-*.parquet"))]
    assert [len(part) for part in parts] == found["parts"]
    assert [path for part in parts for path in part["path"].to_pylist()] == [f"{n}.py" for n in range(1500)]
    sizes = [sum(part["size"].to_pylist()) for part in parts]
    assert len(parts) > 5
    assert max(sizes) <= 2 * PART_SHARDS * SHARD
    assert found["out"] == {"documents": 1500, "bytes": sum(sizes)}
    assert sum(size for *_, size in found["samples"]) == sum(sizes)


def test_a_build_of_one_packed_file_equals_that_of_the_same_rows_unpacked(tmp_path: Path) -> None:
    rows = [{"content": module_text(n), "path": f"{n:03d}.py"} for n in range(100)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "plain.jsonl").write_text(text)
    with gzip.open(tmp_path / "packed.jsonl.gz", "wt") as file:
        file.write(text)
    for number, name in enumerate(("plain.jsonl", "packed.jsonl.gz")):
        source = TableSource(kind="jsonl", path=str(tmp_path / name), name="rows")
        recipe = Corpus(sources=[source], licences=["unknown"], shard_bytes=20_000)
        build_corpus(recipe, tmp_path / f"{number}", EngineChoice(workers=1 + number))
    documents = [
        sorted((one.path, one.id) for side in ("train", "heldout") for one in read_documents(tmp_path / run / side))
        for run in ("0", "1")
    ]
    assert documents[0] == documents[1]
    assert len(documents[0]) > 80
    judged = [stage for stage in read_json(tmp_path / "1" / "statistics.json")["stages"] if stage["stage"] == "judge"]
    assert judged[0]["tasks"] > 3


def test_faults_that_are_counted_are_counted_in_the_statistics_too(tmp_path: Path) -> None:
    good = [json.dumps({"content": module_text(n), "path": f"{n}.py"}) for n in range(5)]
    (tmp_path / "rows.jsonl").write_text("\n".join([*good, *["{}"] * 3000]))
    source = TableSource(kind="jsonl", path=str(tmp_path / "rows.jsonl"))
    recipe = Corpus(sources=[source], licences=["unknown"], heldout={"files": 0})  # type: ignore[arg-type]
    build_corpus(recipe, tmp_path / "corpus")
    assert read_json(tmp_path / "corpus" / "statistics.json")["by_reason"] == {"no text": 3000}
    assert len((tmp_path / "corpus" / "excluded.jsonl").read_text().splitlines()) < 110


def fail(work: ReadTask, folder: Path, guard: Guard) -> dict[str, Any]:
    def items(task: SourceTask) -> Iterator[Raw | Excluded]:
        raise KeyError("a mistake of ours")
        yield

    real, read.read_items = read.read_items, items
    try:
        return read.read(work, folder, guard)
    finally:
        read.read_items = real


def test_what_a_task_raises_names_its_source_and_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n")
    monkeypatch.setattr("midspan.corpus.stages.pipeline.read", fail)
    source = TableSource(kind="jsonl", path=str(tmp_path / "rows.jsonl"), name="mine")
    with pytest.raises(KeyError) as caught:
        build_corpus(Corpus(sources=[source]), tmp_path / "corpus")
    named = "task 0 of the stage read (source mine: rows.jsonl, bytes 0 to 2)"
    assert f"corpus: {named} fails: KeyError" in "".join(capsys.readouterr())
    (note,) = caught.value.__notes__
    assert note.startswith(named)
    assert "in items" in note


def test_what_a_card_shows_of_an_address_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec", reason="the extra remote is not installed")
    with fsspec.filesystem("memory").open("/rows.jsonl", "wb") as file:
        file.write(b"".join(json.dumps({"content": module_text(n)}).encode() + b"\n" for n in range(4)))
    source = TableSource(kind="jsonl", path="memory://rows.jsonl", language="python")
    recipe = Corpus(sources=[source], licences=["unknown"], heldout={"files": 0})  # type: ignore[arg-type]
    from midspan.corpus.stages.plan import planned
    from midspan.corpus.stages.result import _shown_settings

    hidden = source.model_copy(update={"path": "https://user:s3cr3t@host/rows.jsonl?signature=s3cr3t"})
    with planned(recipe, 0) as plan:
        pass
    object.__setattr__(plan, "settings", plan.settings.model_copy(update={"sources": [hidden]}))
    assert hidden.label == "rows.jsonl"
    assert _shown_settings(plan)["sources"][0]["path"] == "https://host/rows.jsonl"
