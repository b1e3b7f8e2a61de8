"""A document that crashes, hangs, exhausts the memory or raises is quarantined alone, with its reason."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_corpus import module_text

from midspan.corpus.documents import read_documents
from midspan.corpus.sources import Excluded, Raw, SourceTask, read_items
from midspan.corpus.stages import build_corpus, guard, judge, read, write
from midspan.corpus.stages.guard import Guard
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.files import read_json
from midspan.recipe import Corpus

POISONS = ("crash", "hang", "memory", "error")
HANG_SECONDS = 3.0


def spring(text: str) -> None:
    """Do what the document says."""
    if "POISON = 'crash'" in text:
        os.abort()
    if "POISON = 'hang'" in text:
        time.sleep(600)
    if "POISON = 'memory'" in text:
        raise MemoryError
    if "POISON = 'error'" in text:
        raise KeyError("what it says")


# Stage functions whose kernels have a trap in them; worker processes import them from here.
def read_with_traps(work: Any, folder: Path, guard_: Guard) -> dict[str, Any]:
    real = read.decode

    def decode(data: bytes | str, path: str, detect: bool) -> Any:
        decoded = real(data, path, detect)
        spring(decoded.text)
        return decoded

    return _run_with(read, "decode", decode, read.read, work, folder, guard_)


def judge_with_traps(work: Any, folder: Path, guard_: Guard) -> dict[str, Any]:
    real = judge.why_not

    def why_not(text: str, *rest: Any) -> tuple[str, str] | None:
        spring(text)
        return real(text, *rest)

    return _run_with(judge, "why_not", why_not, judge.judge, work, folder, guard_)


def write_with_traps(work: Any, folder: Path, guard_: Guard) -> dict[str, Any]:
    real = write.redact

    def redact(text: str) -> Any:
        spring(text)
        return real(text)

    return _run_with(write, "redact", redact, write.write, work, folder, guard_)


def read_with_a_fatal_source(work: Any, folder: Path, guard_: Guard) -> dict[str, Any]:
    def items(task: SourceTask) -> Iterator[Raw | Excluded]:
        for item in read_items(task):
            if isinstance(item, Raw) and "crash" in item.path:
                os.abort()
            yield item

    return _run_with(read, "read_items", items, read.read, work, folder, guard_)


def lose_every_process(work: Any, folder: Path, guard_: Guard) -> dict[str, Any]:
    os.abort()


def _run_with(module: Any, name: str, trap: Any, stage: Any, *arguments: Any) -> dict[str, Any]:
    real = getattr(module, name)
    setattr(module, name, trap)
    guard.DOCUMENT_SECONDS = HANG_SECONDS
    try:
        found: dict[str, Any] = stage(*arguments)
        return found
    finally:
        setattr(module, name, real)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source" / "repository"
    folder.mkdir(parents=True)
    for number in range(6):
        (folder / f"good{number}.py").write_text(module_text(number))
    for number, poison in enumerate(POISONS):
        (folder / f"{poison}.py").write_text(f"POISON = '{poison}'\n" + module_text(100 + number))
    return tmp_path / "source"


def build(source: Path, output: Path) -> dict[str, str]:
    """Build with two workers; what is quarantined, and why."""
    settings = Corpus(source=str(source), licences=["unknown"], heldout={"files": 0}, shard_bytes=100_000)
    build_corpus(settings, output, EngineChoice(workers=2))
    rows = [json.loads(line) for line in (output / "excluded.jsonl").read_text().splitlines()]
    assert {row["reason"] for row in rows} <= {"quarantined"}
    return {row["path"]: row["detail"] for row in rows}


@pytest.mark.parametrize("stage", ["read", "judge", "write"])
def test_poisoned_documents_are_quarantined_one_by_one(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    trapped = {"read": read_with_traps, "judge": judge_with_traps, "write": write_with_traps}[stage]
    monkeypatch.setattr(f"midspan.corpus.stages.pipeline.{stage}", trapped)
    monkeypatch.setattr("midspan.corpus.stages.workplace.DOCUMENT_SECONDS", HANG_SECONDS)
    expected = {
        "crash.py": "ends its process",
        "hang.py": "takes longer than 3 seconds",
        "memory.py": "MemoryError: ",
        "error.py": "KeyError: 'what it says'",
    }
    if stage != "read":  # a hang is waited for four times: once is enough
        (source / "repository" / "hang.py").unlink()
        del expected["hang.py"]
    assert build(source, tmp_path / "corpus") == expected
    assert [one.path for one in read_documents(tmp_path / "corpus" / "train")] == [f"good{n}.py" for n in range(6)]
    assert read_json(tmp_path / "corpus" / "statistics.json")["by_reason"] == {"quarantined": len(expected)}


def test_where_reading_itself_ends_the_process_what_came_before_is_kept(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midspan.corpus.stages.pipeline.read", read_with_a_fatal_source)
    (source / "repository" / "a.py").write_text(module_text(50))
    quarantined = build(source, tmp_path / "corpus")
    assert [one.path for one in read_documents(tmp_path / "corpus" / "train")] == ["a.py"]
    assert "reading item 1" in quarantined[""]


def test_a_stage_that_no_document_explains_is_a_user_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midspan.corpus.stages.pipeline.gather", lose_every_process)
    with pytest.raises(UserError, match=r"task 0 of the stage gather .*no single document explains it"):
        build(source, tmp_path / "corpus")
    assert not (tmp_path / "corpus" / "statistics.json").exists()
    monkeypatch.undo()
    assert build(source, tmp_path / "corpus") == {}  # the same command goes on
