"""Files that are either whole or absent: written aside, fsynced, renamed."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from midspan.errors import UserError


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Bring a directory and all that is in it to the disk."""
    for file in sorted(path.rglob("*")):
        _sync(file)
    _sync(path)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; on success it becomes `path`, on any error it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield aside
        _sync(aside)
        os.replace(aside, path)
        _sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory beside `path` to fill; on success it replaces `path`, on any error it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        yield aside
        sync_directory(aside)
        if path.exists():  # a directory cannot be replaced in one step: move the old one away first
            old = path.with_name(f".{path.name}.{os.getpid()}.old")
            os.replace(path, old)
            os.replace(aside, path)
            shutil.rmtree(old)
        else:
            os.replace(aside, path)
        _sync(path.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def require_space(directory: Path, needed: int) -> None:
    """Raise the OSError of a full disk now, rather than out of some library in the middle of writing `needed` bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(directory).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))


def remove_leftovers(directory: Path) -> None:
    """Remove what killed writers left behind in `directory` (its own entries only)."""
    for leftover in directory.glob(".*.part"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    for leftover in directory.glob(".*.old"):
        shutil.rmtree(leftover)


def cache_folder(name: str) -> Path:
    """Where what can be made or fetched again is kept: in the folder MIDSPAN_CACHE, or ~/.cache/midspan."""
    return Path(os.environ.get("MIDSPAN_CACHE") or Path.home() / ".cache" / "midspan").resolve() / name


def claim(folder: Path, key: str) -> None:
    """Make `folder` this key's: what another key left in it is removed, what this key left stays."""
    marker = folder / ".key"
    if marker.is_file() and marker.read_text(encoding="utf-8") == key:
        remove_leftovers(folder)
        return
    if folder.exists():
        shutil.rmtree(folder)
    write_text(marker, key)


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold the lock of a run directory; a killed process loses it by itself. UserError where another holds it."""
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another midspan run is at work in {directory}; wait for it or stop it") from None
        yield


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    with atomic_file(path) as aside:
        aside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read the JSON file at `path`."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write one JSON object per line to `path`, whole or not at all."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read a file of one JSON object per line."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


class Kept:
    """Values by name, each in a file of JSON lines as soon as it is known, so that a kill loses none.

    What another key left in the file is removed, and so is a last line that a kill cut short.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        if not lines or lines[0] != key.encode():
            lines = [key.encode()]
        for line in lines[1:]:
            name, value = json.loads(line)
            self.values[name] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        self._file = path.open("a", encoding="utf-8")

    def put(self, name: str, value: Any) -> None:
        """Keep one value; safe to call from several threads."""
        self.values[name] = value
        self._file.write(json.dumps([name, value]) + "\n")
        self._file.flush()

    def remove(self) -> None:
        """All is written elsewhere now."""
        self._file.close()
        self.path.unlink()


def hash_text(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def hash_path(path: Path) -> str:
    """The content hash of a file, or of a directory's files with their relative names."""
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(str(file.relative_to(path)).encode() + b"\0")
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]
