"""What a program may use, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "nonzero", "signalled", "limit", "infra"]
Limit = Literal["cpu", "wall", "memory", "output", "files"]


@dataclass(frozen=True)
class Policy:
    """The limits of one run. CPU time decides; wall time is the backstop for programs that wait."""

    cpu_seconds: float = 5.0
    wall_seconds: float = 10.0
    memory_mb: int = 512
    address_mb: int | None = None  # of one process without control groups; None: as memory_mb
    processes: int = 32  # processes and threads together
    file_mb: int = 16  # one file, and the work directory as a whole
    files: int = 16_384  # in the work directory
    output_kb: int = 64  # standard output and standard error, each


STANDARD = Policy()


@dataclass(frozen=True)
class Outcome:
    """What one run came to.

    `status`: "ok" (exit code 0), "nonzero", "signalled" (died of a signal), "limit" (stopped by the limit
    named in `killed_by`), "infra" (the sandbox failed, the program is not to blame; `stderr` says how).
    """

    status: Status
    exit_code: int  # as a shell reports it: 128 + n for signal n
    killed_by: Limit | None
    cpu_seconds: float  # of all the program's processes
    wall_seconds: float
    stdout: str
    stderr: str
