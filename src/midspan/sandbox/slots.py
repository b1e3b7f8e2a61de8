"""Places for programs that run at the same moment: each its own user number and control group."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from midspan.sandbox.cgroup import Cgroup, Parents, find_parents, remove_leftovers

FIRST_USER, USERS = 20_000, 40_000  # user numbers that only root can take, and that rootless containers map too


@dataclass(frozen=True)
class Slot:
    """What no two programs share while they run."""

    number: int
    user: int  # root becomes this user, so that the limit on processes counts one program's alone
    cgroup: Cgroup | None


class Slots:
    """Hands out the lowest free slot; a run that wants the machine for itself waits for the others to end."""

    def __init__(self) -> None:
        self.parents: Parents | None = find_parents()
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._taken: set[int] = set()
        self._alone = False
        self._slots: list[Slot] = []
        if self.parents:
            remove_leftovers(self.parents)
        atexit.register(self._remove)

    @contextmanager
    def take(self, alone: bool = False) -> Iterator[Slot]:
        """Hold a slot while the block runs; `alone`: while no other program of this process runs."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = alone  # from here on nobody else may start
        slot = None
        try:
            with self._changed:
                self._changed.wait_for(lambda: not (alone and self._taken))
                slot = self._lowest_free()
                self._taken.add(slot.number)
            yield slot
        finally:
            with self._changed:
                if slot:
                    self._taken.remove(slot.number)
                if alone:
                    self._alone = False
                self._changed.notify_all()

    def _lowest_free(self) -> Slot:
        number = next(n for n in range(len(self._taken) + 1) if n not in self._taken)
        if number == len(self._slots):
            user = FIRST_USER + (self._process * 64 + number) % USERS
            self._slots.append(Slot(number, user, Cgroup(self.parents, number) if self.parents else None))
        return self._slots[number]

    def _remove(self) -> None:
        if os.getpid() == self._process:  # not in a fork of it
            for slot in self._slots:
                if slot.cgroup:
                    slot.cgroup.remove()


@cache
def _slots_of(process: int) -> Slots:
    return Slots()


def slots() -> Slots:
    """The slots of this process; a forked one has its own."""
    return _slots_of(os.getpid())
