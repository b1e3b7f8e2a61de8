"""Threads are as many as are asked for, or as the machine has to spare."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from midspan.compute.threads import busy_elsewhere, free_threads, use_threads
from midspan.compute.wait_policy import Spare, processors


@contextmanager
def endless_loops() -> Iterator[None]:
    """As many beside this process as there are cores."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@pytest.fixture
def busy() -> Iterator[None]:
    """Endless loops, well under way."""
    with endless_loops():
        time.sleep(1)
        yield


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


def until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`, not for ever."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="the machine is watched through /proc/stat")
def test_threads_wait_asleep_while_others_are_busy_and_spin_when_they_are_gone() -> None:
    program = """
import sys, threading, time, torch
from midspan.compute import use_threads
use_threads(2)
print("ready", flush=True)
for _ in sys.stdin:
    print(sum("_stay" in thread.name for thread in threading.enumerate()), flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ask, answers = process.stdin, process.stdout

        def spare() -> int:
            print(file=ask, flush=True)
            return int(answers.readline())

        assert answers.readline().strip() == "ready"
        with endless_loops():
            until(lambda: spare() > 0)
        if busy_elsewhere() == 0:  # the tests may have company
            until(lambda: spare() == 0)
        ask.close()


def test_spare_threads_are_more_than_there_are_processors_and_go_when_released() -> None:
    before = threading.active_count()
    spare = Spare(2)
    assert threading.active_count() - before >= processors() - 1
    spare.release()
    assert threading.active_count() == before
