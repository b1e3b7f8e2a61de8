"""What a program sees: the file system and the environment inside, the same for every backend."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BOX = "/box"  # the work directory inside: a tmpfs, the only place that can be written
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


@dataclass(frozen=True)
class Layout:
    """Host paths that appear read-only at their own place, and symbolic links as (target, path)."""

    readonly: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def interpreter() -> str:
    """The Python that runs Midspan, without its virtual environment."""
    return os.path.realpath(sys.executable)


@cache
def layout() -> Layout:
    """The host's system directories and the interpreter's, never a home or a configuration directory."""
    links = [(os.readlink(path), path) for path in SYSTEM if os.path.islink(path)]
    readonly = [path for path in (*SYSTEM, *SETTINGS) if os.path.exists(path) and not os.path.islink(path)]
    prefix = Path(interpreter()).parent.parent
    for name in ("bin", "lib", "lib64"):
        folder = prefix / name
        if folder.is_dir() and not folder.is_symlink() and not folder.is_relative_to("/usr"):
            readonly.append(str(folder))
    if not prefix.is_relative_to("/tmp"):
        links.append((BOX, "/tmp"))
    links += [("/proc/self/fd", "/dev/fd"), (BOX, "/dev/shm")]
    return Layout(tuple(readonly), tuple(links))
