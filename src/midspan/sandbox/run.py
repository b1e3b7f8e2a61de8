"""Run one untrusted program in isolation and say what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from midspan.sandbox.layout import interpreter
from midspan.sandbox.policy import STANDARD, Outcome, Policy
from midspan.sandbox.probe import choose
from midspan.sandbox.slots import slots
from midspan.sandbox.toolchain import SYSTEM, Toolchain

PATIENCE = 3  # times the wall time for a second try; the CPU time stays as it is


class Sandbox:
    """Runs programs that see no network, no home, no environment, and of the host's files only the system's.

    The isolation is that of the kernel's namespaces, system call filter and limits, not of a virtual machine.
    `description` says which tool isolates and how memory is limited. Safe to use from several threads.
    """

    def __init__(self, backend: str | None = None) -> None:
        """Choose "bwrap" or "nsjail", by default the first that holds here; UserError where none does."""
        self._backend = choose(backend)
        self.backend = self._backend.name
        rights = "root's mounts" if self._backend.as_root else "a user namespace"
        memory = (
            "for all processes together"
            if slots().parents
            else "for all processes, as seen every tenth of a second (no control groups)"
        )
        self.description = f"{self.backend} with {rights}, memory limited {memory}"

    def run(
        self,
        files: Mapping[str, str | bytes],
        argv: Sequence[str],
        stdin: str = "",
        policy: Policy = STANDARD,
        toolchain: Toolchain = SYSTEM,
    ) -> Outcome:
        """Put `files` (relative name: content) into an empty work directory and run `argv` there.

        The files are read-only, the directory is writable and vanishes; nothing comes back but the two pipes.
        A program that ran out of wall time while it waited for the processor is run once more, while no other
        program of this process runs; if that fails too, the status is "infra". One that slept through its wall
        time is at its limit at once.
        """
        outcome = self._backend.attempt(files, argv, stdin, policy, toolchain)
        if outcome.status == "infra":
            patient = replace(policy, wall_seconds=PATIENCE * policy.wall_seconds)
            outcome = self._backend.attempt(files, argv, stdin, patient, toolchain, alone=True)
        return outcome

    def run_python(self, source: str, policy: Policy = STANDARD) -> Outcome:
        """Run Python source with the interpreter that runs Midspan, the standard library and nothing else.

        Without the `site` module: `exit` and `quit` do not exist, `sys.exit` does.
        """
        return self.run({"main.py": source}, [interpreter(), "-P", "-s", "-S", "-B", "main.py"], "", policy)
