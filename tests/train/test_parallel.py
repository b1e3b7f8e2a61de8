"""Several processes train as one does: the same losses, and a killed one goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from midspan.files import hash_path, read_json

RECIPE = """
extends: {tiny}
name: parallel
stages: [{{name: base, tokens: 10240}}]
evaluate: {{likelihood: false, infilling: false, exercises: false, preferences: false, completions: false}}
runtime: {{precision: fp32}}
"""


def command(folder: Path, run: str, *settings: str) -> list[str]:
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(tiny=Path(__file__).parent.parent / "tiny.yaml"))
    changes = [argument for setting in settings for argument in ("--set", setting)]
    return [sys.executable, "-m", "midspan", "run", str(recipe), "--run", str(folder / run), *changes]


def losses(run: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (run / "stages" / "base" / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parallel")
    subprocess.run(command(folder, "alone"), check=True, capture_output=True)
    return folder / "alone"


@pytest.mark.parametrize("zero", [1, 3])
@pytest.mark.parametrize("recompute", ["false", "true"])
def test_two_processes_give_one_process_losses(alone: Path, zero: int, recompute: str) -> None:
    name = f"zero-{zero}-{recompute}"
    settings = ("runtime.parallel.processes=2", f"runtime.parallel.zero={zero}", f"runtime.recompute={recompute}")
    subprocess.run(command(alone.parent, name, *settings), check=True, capture_output=True)
    one, two = losses(alone), losses(alone.parent / name)
    assert len(one) == 20
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) < 1e-5
    assert read_json(alone.parent / name / "stages" / "base" / "summary.json")["processes"] == 2


def test_a_killed_run_of_two_processes_goes_on_to_the_same_bits(alone: Path) -> None:
    settings = ("runtime.parallel.processes=2", "runtime.checkpoint_seconds=0")
    subprocess.run(command(alone.parent, "whole", *settings), check=True, capture_output=True)
    killed = alone.parent / "killed"
    metrics = killed / "stages" / "base" / "metrics.jsonl"
    process = subprocess.Popen(command(alone.parent, "killed", *settings), start_new_session=True)
    while not metrics.exists() or len(metrics.read_text().splitlines()) < 5:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed / "models" / "base").exists()
    subprocess.run(command(alone.parent, "killed", *settings), check=True, capture_output=True)
    assert losses(killed) == losses(alone.parent / "whole")
    bits = [hash_path(run / "models" / "base" / "model.safetensors") for run in (killed, alone.parent / "whole")]
    assert bits[0] == bits[1]
