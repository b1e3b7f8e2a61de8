"""What no kernel limit holds a program to: how many files it makes and, without control groups, its memory as a whole.

Looked at every tenth of a second, which programs that end sooner never notice.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from midspan.sandbox.layout import BOX
from midspan.sandbox.policy import Limit, Policy

EVERY = 0.1  # seconds
MEMORY = re.compile(r"^(?:Pss|SwapPss):\s+(\d+) kB", re.MULTILINE)


class Watch:
    """Looks at one program. `whole_memory`: at the memory of all its processes together, too."""

    def __init__(self, policy: Policy, whole_memory: bool) -> None:
        self.policy, self.whole_memory = policy, whole_memory
        self._box: int | None = None  # the work directory, once it is there

    def overstepped(self, command: int) -> Limit | None:
        """Which limit the processes that `command` isolates are beyond."""
        found = [process for child in children(command) for process in family(child)]
        if found and self._box is None:
            with suppress(OSError):
                self._box = os.open(f"/proc/{found[0]}/root{BOX}", os.O_PATH | os.O_DIRECTORY)
        used = 0
        if self._box is not None:
            room = os.statvfs(f"/proc/self/fd/{self._box}")
            if room.f_files - room.f_ffree > self.policy.files:
                return "files"
            used = (room.f_blocks - room.f_bfree) * room.f_frsize
        if self.whole_memory and used + sum(map(memory_of, found)) > self.policy.memory_mb << 20:
            return "memory"
        return None

    def close(self) -> None:
        """Let go of the work directory."""
        if self._box is not None:
            os.close(self._box)


def children(process: int) -> list[int]:
    """The children of all threads of a process; none of one that has ended."""
    try:
        lists = [(thread / "children").read_text() for thread in Path(f"/proc/{process}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for text in lists for child in text.split()]


def family(process: int) -> list[int]:
    """A process and all that descend from it."""
    return [process, *(one for child in children(process) for one in family(child))]


def memory_of(process: int) -> int:
    """The bytes of memory that a process holds, its part of what it shares with others; proc(5), smaps_rollup."""
    try:
        return sum(int(kb) << 10 for kb in MEMORY.findall(Path(f"/proc/{process}/smaps_rollup").read_text()))
    except PermissionError:  # a program may forbid that it is looked into: then all of it counts
        with suppress(OSError):
            return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    return 0
