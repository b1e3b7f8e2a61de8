"""What a program finds inside: file system, environment, limits; the same for every backend."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from midspan.sandbox.policy import Policy
from midspan.sandbox.toolchain import Toolchain

BOX = "/box"  # the work directory: a tmpfs, the only place that can be written
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives")  # what the dynamic loader and Debian's tools read
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": BOX,
    "TMPDIR": BOX,
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # the same program prints its sets in the same order every time
}
STARTED = b"started\n"  # precedes the program's own standard error; without it the sandbox did not come about
# A program that is process 1 ignores the signals that end others. So this shell is, and says nothing of its own. The
# limits are in the units of ulimit, where the number of processes goes by -u in some shells, in others by -p. The soft
# limit of CPU time sends SIGXCPU, which says what ended the program.
SHELL = """echo started >&2; exec 3>&2 2>/dev/null
(ulimit -S -t $1 && ulimit -H -t $(($1 + 1)) && ulimit -f $2 && ulimit -v $4 || exit 126
ulimit -u $3 || ulimit -p $3 || exit 126
ulimit -n 256; ulimit -c 0; shift 4; exec "$@" 2>&3 3>&-)"""


@dataclass(frozen=True)
class Staging:
    """A directory of one run: `files/` appears in the work directory, the rest is between us and the backend."""

    folder: Path
    names: tuple[str, ...]

    @classmethod
    def write(cls, folder: Path, files: Mapping[str, str | bytes]) -> Staging:
        """Lay out `files`, relative names and what is in them, under `folder`."""
        for name, content in files.items():
            pure = PurePosixPath(name)
            assert not pure.is_absolute(), name
            assert ".." not in pure.parts, name
            path = folder / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
            path.chmod(0o644)
        return cls(folder, tuple(files))

    def mounts(self) -> list[tuple[str, str]]:
        """Each file's path on the host and inside."""
        return [(str(self.folder / "files" / name), f"{BOX}/{name}") for name in self.names]


@dataclass(frozen=True)
class Layout:
    """Host paths that appear read-only at their own place, and symbolic links as (target, path)."""

    readonly: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def interpreter() -> str:
    """The Python that runs Midspan, without its virtual environment."""
    return os.path.realpath(sys.executable)


@cache
def layout(toolchain: Toolchain) -> Layout:
    """The host's system directories, the interpreter's and the toolchain's, never a home or a whole /etc."""
    links = [(os.readlink(path), path) for path in SYSTEM if os.path.islink(path)]
    readonly = [path for path in (*SYSTEM, *SETTINGS) if os.path.exists(path) and not os.path.islink(path)]
    prefix = Path(interpreter()).parent.parent
    for name in ("bin", "lib", "lib64"):
        folder = prefix / name
        if folder.is_dir() and not folder.is_symlink() and not folder.is_relative_to("/usr"):
            readonly.append(str(folder))
    shown = [path for path in toolchain.readonly if os.path.exists(path) and not path.startswith("/usr/")]
    readonly += [path for path in shown if path not in readonly]
    if not any(Path(path).is_relative_to("/tmp") for path in (str(prefix), *shown)):
        links.append((BOX, "/tmp"))
    links += [("/proc/self/fd", "/dev/fd"), (BOX, "/dev/shm")]
    return Layout(tuple(readonly), tuple(links))


def shell(policy: Policy, address_space: bool) -> list[str]:
    """The command that limits each process and then becomes the program that follows it.

    `address_space`: hold every process to as much address space as it may have memory, for want of a control group.
    """
    addresses = str((policy.address_mb or policy.memory_mb) << 10) if address_space else "unlimited"  # kB
    limits = (
        math.ceil(policy.cpu_seconds),
        policy.file_mb << 11,
        policy.processes + 1,
    )  # blocks; with the shell itself
    return ["/bin/sh", "-c", SHELL, "sh", *map(str, limits), addresses]
