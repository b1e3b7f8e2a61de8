"""How threads wait for each other: they spin where the processors are theirs, and sleep where others compute too.

A training step meets some thousand times a second at points where one thread waits for the other. A thread that sleeps
wakes late, which takes 40 % of the speed of a small model on an idle machine; a thread that spins keeps the processor
from the very thread that it waits for, which takes 85 % beside one busy process (docs/results/training.md).

GNU OpenMP, which torch brings on Linux, spins shortly while there are more OpenMP threads than processors (GCC's
manual, GOMP_SPINCOUNT). So while others are busy, this process holds that many threads, which do nothing.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import torch

LOOK_SECONDS = 0.25  # between two looks at the machine
ROOM = 0.3  # processors that others may take before threads sleep: a desktop is never quite idle
PARALLEL_SIZE = 2**20  # elements, enough that torch adds to them on all its threads


def watch(threads: int) -> None:
    """From now on let this process, which computes on so many threads, wait as suits the machine."""
    _Watch.threads = threads
    if Path("/proc/stat").exists() and not any(isinstance(thread, _Watch) for thread in threading.enumerate()):
        _Watch(daemon=True).start()


def elsewhere() -> float | None:
    """Processors that others took at the last look; None where nothing watches, or before its first look."""
    return _Watch.elsewhere


class Spare:
    """Threads of OpenMP that do nothing, as many as make more of them than there are processors."""

    def __init__(self, threads: int) -> None:
        self._leave = threading.Event()
        teams = -(-(processors() - threads + 1) // (threads - 1))  # rounded up: a team's first thread does not count
        self._threads = [threading.Thread(target=self._stay, daemon=True) for _ in range(teams)]
        for thread in self._threads:
            thread.start()

    def release(self) -> None:
        """Let them go."""
        self._leave.set()
        for thread in self._threads:
            thread.join()

    def _stay(self) -> None:
        torch.ones(PARALLEL_SIZE).add_(1)  # makes this thread's team, which ends with it
        self._leave.wait()


class _Watch(threading.Thread):
    threads = 1
    elsewhere: float | None = None

    def run(self) -> None:
        """Hold spare threads for as long as others are busy."""
        spare: Spare | None = None
        before = _seconds()
        while True:
            time.sleep(LOOK_SECONDS)
            after = _seconds()
            machine, own, clock = (now - then for now, then in zip(after, before, strict=True))
            before = after
            _Watch.elsewhere = max(0.0, (machine - own) / clock)
            crowded = self.threads > 1 and _Watch.elsewhere > processors() - self.threads + ROOM
            if crowded and spare is None:
                spare = Spare(self.threads)
            elif not crowded and spare is not None:
                spare.release()
                spare = None


def _seconds() -> tuple[float, float, float]:
    """Seconds that the processors which this process may use have worked, that it has itself, and the clock."""
    usable = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    ticks = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *counts = line.split()
        if name in usable:
            user, nice, system, _, _, hardware, software, stolen = (int(count) for count in counts[:8])
            ticks += user + nice + system + hardware + software + stolen
    return ticks / os.sysconf("SC_CLK_TCK"), time.process_time(), time.monotonic()


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
