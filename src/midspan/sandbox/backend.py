"""One run of one program by one backend, from its files to its outcome."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from midspan.sandbox.bubblewrap import bubblewrap_command
from midspan.sandbox.layout import STARTED, Staging, shell
from midspan.sandbox.nsjail import nsjail_command
from midspan.sandbox.policy import Limit, Outcome, Policy, Status
from midspan.sandbox.process import Ending, supervise
from midspan.sandbox.slots import Slot, slots
from midspan.sandbox.toolchain import Toolchain
from midspan.sandbox.watch import Watch

JOIN = 'for group in $1; do echo 0 >"$group" || exit 1; done; shift; exec "$@"'
COUNTED_AHEAD = 0.3  # seconds
OWN_PROCESSES = 3  # of the backend, in the program's control group: the backend outside and inside, the shell


@dataclass(frozen=True)
class Backend:
    """A way to isolate: which tool, and whether root mounts for it or a user namespace is asked for."""

    name: Literal["bwrap", "nsjail"]
    binary: str
    as_root: bool

    def command(self, staging: Staging, slot: Slot, policy: Policy, toolchain: Toolchain) -> list[str]:
        """The command that runs, isolated and limited, the program whose arguments follow it."""
        build = bubblewrap_command if self.name == "bwrap" else nsjail_command
        limited = shell(policy, address_space=slot.cgroup is None)
        isolated = build(self.binary, staging, slot.user if self.as_root else None, policy, toolchain, limited)
        if slot.cgroup is None:
            return isolated
        slot.cgroup.limit(policy.memory_mb, policy.processes + OWN_PROCESSES)
        join = ["/bin/sh", "-c", JOIN, "sh", " ".join(slot.cgroup.members())]
        return join + isolated

    def attempt(
        self,
        files: Mapping[str, str | bytes],
        argv: Sequence[str],
        stdin: str,
        policy: Policy,
        toolchain: Toolchain,
        alone: bool = False,
    ) -> Outcome:
        """Run a program once. Status "infra" means that it did not start or did not get its processor time."""
        with slots().take(alone) as slot, tempfile.TemporaryDirectory(prefix="midspan-sandbox-") as folder:
            staging = Staging.write(Path(folder), files)
            command = self.command(staging, slot, policy, toolchain)
            killed_before = slot.cgroup.memory_kills() if slot.cgroup else 0
            room = (policy.output_kb << 10) + len(STARTED)
            with closing(Watch(policy, whole_memory=slot.cgroup is None)) as watch:
                ending = supervise([*command, *argv], stdin.encode(), policy.wall_seconds, room, watch)
            out_of_memory = slot.cgroup is not None and slot.cgroup.memory_kills() > killed_before
        return _outcome(ending, policy, out_of_memory)


def _outcome(ending: Ending, policy: Policy, out_of_memory: bool) -> Outcome:
    preface, started, errors = ending.stderr.partition(STARTED)
    stderr = _text(errors if started else preface, policy)
    if max(len(ending.stdout), len(errors)) > policy.output_kb << 10:
        ending.stopped_by = "output"
    killed_by = _limit(ending, policy, out_of_memory or _ends_in_memory_error(ending.exit_code, stderr))
    idle = ending.wall_seconds - ending.cpu_seconds
    starved = ending.stopped_by == "wall" and ending.cpu_seconds < idle and ending.queued_seconds > idle / 2
    status: Status
    if not started or (starved and killed_by == "wall"):
        status, killed_by = "infra", None
        stderr += "the machine was too busy to run the program\n" if started else ""
    elif killed_by:
        status = "limit"
    elif ending.exit_code == 0:
        status = "ok"
    else:
        # a shell stands between: n > 128 is its way to say "died of signal n - 128"
        status = "signalled" if 128 < ending.exit_code <= 128 + signal.SIGRTMAX else "nonzero"
    return Outcome(
        status=status,
        exit_code=ending.exit_code,
        killed_by=killed_by,
        cpu_seconds=ending.cpu_seconds,
        wall_seconds=ending.wall_seconds,
        stdout=_text(ending.stdout, policy),
        stderr=stderr,
    )


def _limit(ending: Ending, policy: Policy, out_of_memory: bool) -> Limit | None:
    """Which limit ended the program, or would have, had the kernel's limit on CPU time less than whole seconds."""
    if ending.stopped_by in ("output", "files", "memory"):
        return ending.stopped_by
    if out_of_memory:
        return "memory"
    # The kernel enforces this limit by counting clock ticks, which runs a little ahead of the true time. It may have
    # ended a child, whose parent then ends with a code of its own.
    early = COUNTED_AHEAD if ending.exit_code else 0.0
    if ending.exit_code == 128 + signal.SIGXCPU or ending.cpu_seconds > policy.cpu_seconds - early:
        return "cpu"
    return ending.stopped_by


def _ends_in_memory_error(exit_code: int, stderr: str) -> bool:
    """Whether Python gave up because it got no more address space."""
    return exit_code != 0 and stderr.rstrip().rpartition("\n")[2].startswith("MemoryError")


def _text(output: bytearray, policy: Policy) -> str:
    return output[: policy.output_kb << 10].decode("utf-8", "replace")
