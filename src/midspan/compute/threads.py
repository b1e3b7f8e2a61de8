"""How many threads compute, and what is done about a machine that computes for others too.

How threads wait for each other is settled before torch is loaded, in `midspan/__init__.py`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch

from midspan.progress import say

LOOKS, SECONDS = 4, 0.002  # at the machine, and between two of them


def use_threads(count: int | None) -> None:
    """Compute on `count` threads; None: one for each core. Says so where others need those cores."""
    torch.set_flush_denormal(True)  # AdamW's moments fall so low, where every operation takes many times as long
    if count is not None:
        torch.set_num_threads(count)
    busy, cores = busy_elsewhere(), os.cpu_count() or 1
    if torch.get_num_threads() > 1 and busy + torch.get_num_threads() > cores:
        say(
            f"{busy} other processes are busy on this machine of {cores} cores, and threads wait for each other: "
            f"stop them, or try --threads {max(1, cores - busy)}"
        )


def free_threads() -> int:
    """One for each core that no other process is busy on, at least 1: what answers fastest right now."""
    return max(1, (os.cpu_count() or 1) - busy_elsewhere())


def busy_elsewhere() -> int:
    """How many other threads of this machine compute all the time, at each of a few looks; 0 if unknown."""
    try:
        found = []
        for _ in range(LOOKS):
            lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
            found.append(next(int(line.split()[1]) for line in lines if line.startswith("procs_running")))
            time.sleep(SECONDS)
        return max(0, min(found) - 1)  # this process is one of them
    except (OSError, StopIteration, ValueError):
        return 0
