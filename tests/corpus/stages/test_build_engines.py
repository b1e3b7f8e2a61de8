"""The same corpus on every engine and for any number of workers, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from planted import corpus_hashes, plant

from midspan.corpus.stages import build_corpus
from midspan.engines import EngineChoice
from midspan.files import read_json
from midspan.recipe import Corpus


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("planted") / "source", repositories=4, files=12)


def settings(source: Path) -> Corpus:
    return Corpus(source=str(source), licences=["unknown"], heldout={"files": 0.2}, shard_bytes=20_000)


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The hashes with one worker."""
    output = tmp_path_factory.mktemp("expected")
    build_corpus(settings(source), output, EngineChoice(workers=1))
    statistics = read_json(output / "statistics.json")
    assert statistics["by_reason"] == {"exact copy": 3, "near copy": 3}
    assert all(stage["tasks"] > 2 for stage in statistics["stages"] if stage["stage"] in ("read", "judge", "write"))
    return corpus_hashes(output)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_same_corpus(
    source: Path, expected: dict[str, str], tmp_path: Path, workers: int
) -> None:
    build_corpus(settings(source), tmp_path, EngineChoice(workers=workers))
    assert corpus_hashes(tmp_path) == expected


def test_another_place_and_hash_seed_give_the_same_corpus(
    source: Path, expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")  # of the workers
    monkeypatch.chdir(source.parent)
    build_corpus(settings(Path("source")), tmp_path, EngineChoice(workers=2))
    assert corpus_hashes(tmp_path) == expected


def ray_workers() -> Iterator[int]:
    """The processes of this machine that Ray has at a task of ours."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::_attempt"):
                yield int(process.name)
        except OSError:
            continue


def test_ray_gives_the_hashes_of_local_processes_though_a_worker_is_killed(
    source: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="the extra cluster is not installed")
    killed: list[int] = []

    def kill_one() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            for process in ray_workers():
                os.kill(process, signal.SIGKILL)
                killed.append(process)
                return
            time.sleep(0.001)

    killer = threading.Thread(target=kill_one)
    killer.start()
    build_corpus(settings(source), tmp_path, EngineChoice("ray", workers=2))
    killer.join()
    assert killed
    assert corpus_hashes(tmp_path) == expected
