"""How much memory there is left to use, and keeping what was used once."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

CGROUP = Path("/sys/fs/cgroup")
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT = 2**30  # bytes of freed memory that need not go back to the system
LARGEST_KEPT = 2**25  # bytes of one allocation: more is not allowed


def available_memory(device: torch.device) -> int:
    """Bytes that this process may still take on `device`: free on a GPU; on a CPU what the kernel calls available.

    The limit of a container (cgroup version 2) counts where it is lower.
    """
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    try:
        limit, used = ((CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return available
    return available if limit == "max" else min(available, int(limit) - int(used))


def keep_freed_memory() -> None:
    """Let this process keep memory that it frees (glibc's mallopt): a training step takes the same again and again.

    Else each step's tensors come from the system as pages yet to be zeroed, 10 % of a small model's step.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(MMAP_THRESHOLD, LARGEST_KEPT)
        set_option(TRIM_THRESHOLD, KEPT)
