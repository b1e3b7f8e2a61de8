"""Threads are as many as are asked for, or as the machine has to spare."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import torch

from midspan.compute.threads import busy_elsewhere, free_threads, use_threads


@pytest.fixture
def busy() -> Iterator[None]:
    """As many endless loops beside this process as there are cores."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    time.sleep(0.5)
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


@pytest.mark.usefixtures("busy")
def test_a_busy_machine_is_seen_and_the_remedy_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert busy_elsewhere() >= (os.cpu_count() or 1)
    assert free_threads() == 1
    before = torch.get_num_threads()
    use_threads(2)
    torch.set_num_threads(before)
    said = capsys.readouterr().err
    assert "busy" in said
    assert "--threads 1" in said


@pytest.mark.usefixtures("busy")
def test_one_thread_needs_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    before = torch.get_num_threads()
    use_threads(1)
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
    assert "busy" not in capsys.readouterr().err


def test_how_threads_wait_is_settled_before_torch_is_loaded() -> None:
    program = "import midspan, os, sys; assert 'torch' not in sys.modules; print(os.environ['OMP_WAIT_POLICY'])"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    for given, expected in ({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE"):
        done = subprocess.run([sys.executable, "-c", program], env=environment | given, capture_output=True, text=True)
        assert done.stdout.strip() == expected, done.stderr
