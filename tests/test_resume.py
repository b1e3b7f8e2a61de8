"""`midspan run`, killed with SIGKILL at random moments, ends with the weights of an uninterrupted run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from midspan.files import hash_path, read_json

TINY = Path(__file__).parent / "tiny.yaml"
KILLS = int(os.environ.get("MIDSPAN_KILLS", "2"))


def start(directory: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from midspan.cli import main; main()", "run", str(TINY), "--run", str(directory)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


def weights(directory: Path) -> dict[str, str]:
    return {file.parent.name: hash_path(file) for file in sorted(directory.glob("models/*/model.safetensors"))}


@pytest.mark.timeout(1800)  # `make soak` kills many times
def test_killed_at_random_moments_the_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    started = time.monotonic()
    assert start(tmp_path / "whole").wait() == 0
    seconds = time.monotonic() - started
    draw = random.Random()  # other moments in every run of this test: the property holds at all of them
    kills = 0
    moments = []
    while True:
        # Early kills hit the start; late ones the steps that an attempt reaches first.
        moment = draw.uniform(0.1, 0.6) * seconds if kills < KILLS else 600
        moments.append(round(moment, 2))
        process = start(tmp_path / "killed")
        try:
            code = process.wait(timeout=moment)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert code == 0, f"failed after kills at {moments} s"
    assert kills > 0
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole"), f"kills at {moments} s"
    results = [
        {str(file.relative_to(run)): read_json(file) for file in sorted(run.glob("evaluation/*/*.json"))}
        for run in (tmp_path / "whole", tmp_path / "killed")
    ]
    assert results[0] == results[1]
    assert len(results[0]) == 20
    leftovers = [file for file in (tmp_path / "killed").rglob(".*") if file.suffix in (".part", ".old")]
    assert not leftovers
