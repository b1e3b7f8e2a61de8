"""Benchmarks are programs that are seldom run: here each is at least opened, and the one for a GPU is tried."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PEERS = ("datatrove", "datasketch", "scipy", "spacy", "xxhash")  # installed with the extra [bench] alone


@pytest.mark.parametrize("name", sorted(file.stem for file in BENCHMARKS.glob("*.py")))
def test_it_fits_the_house(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    assert spec
    assert spec.loader
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except ModuleNotFoundError as error:
        if error.name not in PEERS:
            raise
        pytest.skip(f"{error.name} is not installed")


def test_the_gpus_benchmark_runs_on_a_cpu_where_it_is_tiny(tmp_path: Path) -> None:
    words = ["--tiny", "--no-compile", "--steps", "1", "--variants", "midspan-recompute", "transformers", "--output"]
    command = [sys.executable, BENCHMARKS / "gpu.py", *words, tmp_path / "gpu.json"]
    table = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout
    ours, theirs = json.loads((tmp_path / "gpu.json").read_text())
    assert "failed" not in ours | theirs
    assert ours["mfu"] > 0
    assert abs(ours["loss"] - theirs["loss"]) < 1  # both have learnt nothing yet
    assert f"| {ours['tokens_per_second']:,.0f} |" in table
