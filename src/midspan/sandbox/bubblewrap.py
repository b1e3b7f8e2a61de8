"""Isolation by bubblewrap (https://github.com/containers/bubblewrap), a package of every distribution."""

from __future__ import annotations

import os
import shutil
from pathlib import PurePosixPath

from midspan.sandbox.layout import BOX, DEVICES, ENVIRONMENT, Staging, layout
from midspan.sandbox.policy import Policy
from midspan.sandbox.seccomp import bpf_filter
from midspan.sandbox.toolchain import Toolchain

# bubblewrap reads its arguments and the filter from descriptors: process 1 then shows no path of the host
SCRIPT = 'folder=$1; binary=$2; shift 2; exec "$binary" --args 8 -- "$@" 8<"$folder/arguments" 9<"$folder/filter"'
BECOME = ("--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")


def find_bubblewrap() -> str | None:
    """The path of the installed binary, or None."""
    return shutil.which("bwrap")


def bubblewrap_command(
    binary: str, staging: Staging, user: int | None, policy: Policy, toolchain: Toolchain, shell: list[str]
) -> list[str]:
    """The command that isolates the command that follows it, which `shell` limits.

    `user`: mount with root's own rights, so that an interpreter in a private home can be shown, and only then
    become this user; None: do everything in a user namespace, as an ordinary user can.
    """
    arguments = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    arguments += ["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    if user is None:
        arguments += ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    plan = layout(toolchain)
    places = [*plan.readonly, *DEVICES, *(path for _, path in plan.links)]
    arguments += _parents(places, apart_from={"/", *plan.readonly})
    for path in plan.readonly:
        arguments += ["--ro-bind", path, path]
    for path in DEVICES:
        arguments += ["--dev-bind", path, path]
    arguments += ["--proc", "/proc"]
    arguments += ["--perms", "1777", "--size", str(policy.file_mb << 20), "--tmpfs", BOX]
    arguments += _parents([path for _, path in staging.mounts()], apart_from={"/", BOX})
    for source, path in staging.mounts():
        arguments += ["--ro-bind", source, path]
    for target, path in plan.links:
        arguments += ["--symlink", target, path]
    for name, text in (*ENVIRONMENT.items(), *toolchain.environment):
        arguments += ["--setenv", name, text]
    arguments += ["--remount-ro", "/", "--chdir", BOX, "--seccomp", "9"]
    (staging.folder / "arguments").write_bytes(b"\0".join(map(os.fsencode, arguments)) + b"\0")
    (staging.folder / "filter").write_bytes(bpf_filter(os.uname().machine))
    command = ["/bin/sh", "-c", SCRIPT, "sh", str(staging.folder), binary, *shell]
    if user is not None:
        # Process 1 stays root's: bubblewrap, which has laid down its rights by then, could not kill another's.
        command += ["setpriv", f"--reuid={user}", f"--regid={user}", *BECOME, "--"]
    return command


def _parents(places: list[str], apart_from: set[str]) -> list[str]:
    """Arguments that create the parents of `places`: bubblewrap would make them private, out of the user's reach."""
    parents = {str(parent) for place in places for parent in PurePosixPath(place).parents}
    return [argument for folder in sorted(parents - apart_from) for argument in ("--perms", "0755", "--dir", folder)]
