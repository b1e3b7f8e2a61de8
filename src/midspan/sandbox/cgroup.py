"""Control groups: limits on the memory and the number of all of a program's processes together.

Speaks version 1 and version 2 (kernel documentation, admin-guide/cgroup-v1/ and cgroup-v2.rst). Where we may not
create a group, `find_parents` says None and the limits of each single process must do.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"midspan-(\d+)-\w+")


@dataclass(frozen=True)
class Parents:
    """The directories in which groups may be created: (memory, pids) in version 1, one in version 2."""

    version: int
    folders: tuple[Path, ...]


@dataclass(frozen=True)
class Mount:
    """One control group hierarchy: where it is mounted, and which of its groups is mounted there."""

    root: str
    point: Path
    controllers: frozenset[str]  # of version 1; empty for version 2

    def own(self, path: str) -> Path:
        """The directory of the group `path`, as /proc/self/cgroup names it."""
        inside = os.path.relpath(path, self.root)
        return self.point if inside.startswith("..") else self.point / inside


def find_parents(process: Path = Path("/proc/self")) -> Parents | None:
    """Where this process may create control groups that limit memory and processes."""
    mounts = _mounts(process / "mountinfo")
    groups = {}  # controllers, "" for version 2: path
    for line in (process / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        groups.update(dict.fromkeys(controllers.split(","), path))
    first = [
        mount.own(groups[name])
        for name in ("memory", "pids")
        for mount in mounts
        if name in mount.controllers and name in groups
    ]
    if len(first) == 2 and all(map(_may_create, first)):
        return Parents(1, tuple(first))
    for mount in mounts:
        if not mount.controllers and "" in groups:
            own = mount.own(groups[""])
            # A group with processes of its own hands no controllers down, but the root of all may: try both ends.
            for folder in (own.parent, mount.point):
                if folder.is_relative_to(mount.point) and _hands_down(folder) and _may_create(folder):
                    return Parents(2, (folder,))
    return None


def _mounts(mountinfo: Path) -> list[Mount]:
    mounts = []
    for line in mountinfo.read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            fields = before.split(" ")
            controllers = frozenset(options.split(",")) if kind == "cgroup" else frozenset()
            mounts.append(Mount(fields[3], Path(fields[4]), controllers))
    return mounts


def _hands_down(folder: Path) -> bool:
    try:
        return {"memory", "pids"} <= set((folder / "cgroup.subtree_control").read_text().split())
    except OSError:
        return False


def _may_create(folder: Path) -> bool:
    trial = folder / f"midspan-{os.getpid()}-trial"
    try:
        trial.mkdir(exist_ok=True)
        trial.rmdir()
    except OSError:
        return False
    return True


class Cgroup:
    """One control group, reused by run after run; its counters only grow."""

    def __init__(self, parents: Parents, number: int) -> None:
        self.version = parents.version
        self.folders = [folder / f"midspan-{os.getpid()}-{number}" for folder in parents.folders]
        self._limits = (0, 0)
        for folder in self.folders:
            folder.mkdir(exist_ok=True)

    def limit(self, memory_mb: int, processes: int) -> None:
        """Hold all members together to this much memory, tmpfs included, and this many processes and threads."""
        if (memory_mb, processes) == self._limits:
            return
        memory, pids = self.folders[0], self.folders[-1]
        size = memory_mb << 20
        if self.version == 1:
            both = memory / "memory.memsw.limit_in_bytes"  # memory and swap; never less than memory alone
            # what earlier programs left in the cache would stand in the way of a lower limit
            values = [
                (memory / "memory.force_empty", 0),
                (both, -1),
                (memory / "memory.limit_in_bytes", size),
                (both, size),
            ]
        else:
            values = [(memory / "memory.max", size), (memory / "memory.swap.max", 0)]
        for file, value in [*values, (pids / "pids.max", processes)]:
            if file.exists():  # there is none for swap where the kernel does not account for it
                file.write_text(str(value))
        self._limits = (memory_mb, processes)

    def members(self) -> list[str]:
        """The files to which a process of one thread writes 0 to become a member."""
        # "tasks" spares the kernel the lock, tens of milliseconds, that moving other processes takes
        name = "tasks" if self.version == 1 else "cgroup.procs"
        return [str(folder / name) for folder in self.folders]

    def memory_kills(self) -> int:
        """How many members the kernel has killed for want of memory so far."""
        events = self.folders[0] / ("memory.oom_control" if self.version == 1 else "memory.events")
        counts = dict(line.split() for line in events.read_text().splitlines())
        return int(counts.get("oom_kill", 0))

    def remove(self) -> None:
        """Remove the group; nothing happens while a process is still in it."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def remove_leftovers(parents: Parents) -> None:
    """Remove the groups that killed processes of Midspan left behind."""
    for folder in parents.folders:
        for child in folder.iterdir():
            name = NAME.fullmatch(child.name)
            if name and not os.path.exists(f"/proc/{name[1]}"):
                with contextlib.suppress(OSError):
                    child.rmdir()
