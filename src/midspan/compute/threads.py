"""How many threads compute, and what is done about a machine that computes for others too."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from midspan.compute.memory import keep_freed_memory
from midspan.compute.wait_policy import elsewhere, processors, watch
from midspan.progress import say

LOOKS, SECONDS = 4, 0.002  # at the machine, and between two of them


def use_threads(count: int | None) -> None:
    """Compute on `count` threads; None: one for each core. Says so where others need those cores."""
    torch.set_flush_denormal(True)  # AdamW's moments fall so low, where every operation takes many times as long
    if count is not None:
        torch.set_num_threads(count)
    keep_freed_memory()
    watch(torch.get_num_threads())
    busy, cores = busy_elsewhere(), processors()
    if torch.get_num_threads() > 1 and busy + torch.get_num_threads() > cores:
        say(
            f"{busy} other processes are busy on this machine of {cores} cores, and threads wait for each other: "
            f"stop them, or try --threads {max(1, cores - busy)}"
        )


def free_threads() -> int:
    """One for each core that no other process is busy on, at least 1: what answers fastest right now."""
    return max(1, processors() - busy_elsewhere())


def busy_elsewhere() -> int:
    """How many other threads of this machine compute all the time, lately or at each of a few looks; 0 if unknown."""
    watched = elsewhere()
    if watched is not None:
        return round(watched)
    try:
        found = []
        for _ in range(LOOKS):
            lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
            found.append(next(int(line.split()[1]) for line in lines if line.startswith("procs_running")))
            time.sleep(SECONDS)
        return max(0, min(found) - 1)  # this process is one of them
    except (OSError, StopIteration, ValueError):
        return 0
