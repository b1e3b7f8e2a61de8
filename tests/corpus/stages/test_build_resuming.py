"""`midspan corpus build`, killed with SIGKILL at random moments, ends with the corpus of an uninterrupted build."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from planted import corpus_hashes, plant
from small_corpus import module_text

from midspan.corpus.stages import build_corpus
from midspan.corpus.stages.manifest import Row
from midspan.corpus.stages.workplace import Workplace
from midspan.errors import UserError
from midspan.files import read_json
from midspan.recipe import Corpus

KILLS = int(os.environ.get("MIDSPAN_KILLS", "4"))
RECIPE = """
name: planted
corpus: {{source: {source}, licences: [unknown], heldout: {{files: 0.2}}, shard_bytes: 20000}}
runtime: {{workers: 2}}
"""


def start(recipe: Path, run: Path) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-c", "from midspan.cli import main; main()"]
    command = [*program, "corpus", "build", str(recipe), "--run", str(run)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)


@pytest.mark.timeout(1800)
def test_killed_at_random_moments_the_build_goes_on_to_the_same_corpus(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(source=plant(tmp_path / "source", repositories=3, files=10)))
    started = time.monotonic()
    process = start(recipe, tmp_path / "whole")
    assert process.wait() == 0, process.stderr.read() if process.stderr else ""
    seconds = time.monotonic() - started
    draw = random.Random()  # other moments in every run of this test: the property holds at all of them
    moments = []
    for _ in range(KILLS):
        moments.append(draw.uniform(0.2, 1.0) * seconds)
        process = start(recipe, tmp_path / "killed")
        try:
            process.wait(timeout=moments[-1])
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert start(recipe, tmp_path / "killed").wait() == 0
    corpora = [tmp_path / name / "corpus" for name in ("whole", "killed")]
    assert corpus_hashes(corpora[0]) == corpus_hashes(corpora[1]), f"kills at {moments} s"
    whole, killed = (read_json(corpus / "statistics.json") for corpus in corpora)
    for changing in ("seconds", "stages"):
        del whole[changing], killed[changing]
    assert whole == killed
    assert not list(corpora[1].glob(".*"))


def test_killed_after_its_last_word_it_leaves_no_work_behind(tmp_path: Path) -> None:
    settings = Corpus(source=str(plant(tmp_path / "source", repositories=2, files=6)), licences=["unknown"])
    build_corpus(settings, tmp_path / "corpus")
    before = corpus_hashes(tmp_path / "corpus")
    (tmp_path / "corpus" / ".work" / "gather").mkdir(parents=True)
    build_corpus(settings, tmp_path / "corpus")
    assert not list((tmp_path / "corpus").glob(".*"))
    assert corpus_hashes(tmp_path / "corpus") == before


class StoppedError(Exception):
    """Stands in for a kill after a stage."""


def test_what_is_done_is_looked_up_and_what_a_change_makes_stale_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = plant(tmp_path / "source", repositories=2, files=6)
    settings = Corpus(source=str(source), licences=["unknown"], shard_bytes=10_000)
    times: dict[str, int] = {}
    stop = [True]
    original = Workplace.run

    def run(self: Workplace, stage: str, *rest: Any) -> list[Row]:
        rows = original(self, stage, *rest)
        if stage != "list":  # the sources may have changed: they are listed each time
            times[stage] = self.task_folder(stage, 0).stat().st_mtime_ns
        if stage == "gather" and stop[0]:
            raise StoppedError
        return rows

    monkeypatch.setattr(Workplace, "run", run)
    with pytest.raises(StoppedError):
        build_corpus(settings, tmp_path / "corpus")
    first = dict(times)
    with pytest.raises(StoppedError):
        build_corpus(settings, tmp_path / "corpus")
    assert times == first
    with pytest.raises(StoppedError):
        build_corpus(settings.model_copy(update={"quality": {"too short": 60.0}}), tmp_path / "corpus")
    assert times["read"] == first["read"]
    assert times["judge"] != first["judge"]
    stop.clear()
    stop.append(False)
    build_corpus(settings, tmp_path / "corpus")
    build_corpus(settings, tmp_path / "whole")
    assert corpus_hashes(tmp_path / "corpus") == corpus_hashes(tmp_path / "whole")


def test_a_whole_corpus_is_left_alone_until_its_source_or_settings_change(tmp_path: Path) -> None:
    source = plant(tmp_path / "source", repositories=1, files=4)
    settings = Corpus(source=str(source), licences=["unknown"])
    corpus = tmp_path / "corpus"
    build_corpus(settings, corpus)
    first = (corpus / "statistics.json").stat().st_mtime_ns
    build_corpus(settings, corpus)
    assert (corpus / "statistics.json").stat().st_mtime_ns == first
    (source / "repository0" / "new.py").write_text(module_text(77))
    build_corpus(settings, corpus)
    assert read_json(corpus / "statistics.json")["documents"] == 5
    build_corpus(settings.model_copy(update={"languages": ["python"]}), corpus)
    assert read_json(corpus / "statistics.json")["settings"]["languages"] == ["python"]


def test_two_builds_in_one_place_are_refused(tmp_path: Path) -> None:
    import fcntl

    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(source=plant(tmp_path / "source", repositories=1, files=2)))
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = start(recipe, tmp_path / "run")
        assert process.wait() == 2
        assert process.stderr
        assert b"another midspan run is at work" in process.stderr.read()
    with pytest.raises(UserError, match="/no/such"):
        build_corpus(Corpus(source="/no/such"), tmp_path / "other")
