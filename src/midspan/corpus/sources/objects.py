"""Git objects read by git itself, but never by a stranger's settings.

A repository's own configuration can make git run programs (hooks, filters, a remote to fetch missing objects from). So
git is pointed at an empty repository of ours whose object folder is the stranger's: of that, only objects are read.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

from midspan.corpus.sources.items import UnreadableError
from midspan.errors import UserError

ObjectKind = Literal["blob", "tree", "commit"]


def git_environment(**more: str) -> dict[str, str]:
    """The environment of a git that asks nobody, fetches nothing, and follows only the settings given here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    ours = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",  # a git too old for the line above may fetch, but over nothing
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return {**kept, **ours, **more}


def start_git(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start git with pipes for input and output; UserError where there is no git."""
    try:
        return subprocess.Popen(
            ["git", *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if "--batch" not in arguments else subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise UserError("git is not installed: it is needed for corpus sources of kind git") from None


def empty_repository(folder: Path, sha256: bool) -> None:
    """Make `folder` the least that git takes for a repository."""
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    version, extension = (1, "[extensions]\n\tobjectformat = sha256\n") if sha256 else (0, "")
    (folder / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n{extension}")


class ObjectStore:
    """The objects of one repository, read through one `git cat-file --batch`, which is started when first needed."""

    def __init__(self, objects: str) -> None:
        self._objects = objects
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ObjectStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._scratch is not None:
            self._scratch.cleanup()

    def read(self, object_id: str, kind: ObjectKind, limit: int) -> bytes:
        """The content of an object; UnreadableError if it is missing, corrupt, no `kind`, or beyond `limit` bytes."""
        process = self._process = self._process or start_git(["cat-file", "--batch"], self._environment(object_id))
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{object_id}\n".encode())
            process.stdin.flush()
            header = process.stdout.readline().decode().split()
        except BrokenPipeError:
            header = []
        if header[1:] == ["missing"]:
            raise UnreadableError("missing object", object_id)
        if len(header) != 3:  # git gives up on an object that is damaged
            self._stop()
            raise UnreadableError("corrupt object", object_id)
        size = int(header[2])
        if size > limit:
            self._stop()  # rather than have it all sent
            raise UnreadableError("too large", f"{size} bytes")
        data = process.stdout.read(size + 1)[:-1]
        if len(data) < size or _hash(header[1], data, len(object_id)) != object_id:
            self._stop()
            raise UnreadableError("corrupt object", object_id)
        if header[1] != kind:
            raise UnreadableError("corrupt object", f"{object_id} is a {header[1]}, not a {kind}")
        return data

    def sizes(self, object_ids: Sequence[str]) -> list[int | None]:
        """The size in bytes of each object, None for one that is missing or whose header is damaged."""
        if not object_ids:
            return []
        command = ["cat-file", "--batch-check=%(objectsize)", "--buffer"]
        sizes: list[int | None] = []
        while len(sizes) < len(object_ids):
            rest = object_ids[len(sizes) :]
            output, _ = start_git(command, self._environment(rest[0])).communicate(_lines(rest))
            answers = output.decode().splitlines()
            sizes += [int(answer) if answer.isdigit() else None for answer in answers]
            if len(answers) < len(rest):  # git gave up on the next one
                sizes.append(None)
        return sizes

    def _environment(self, object_id: str) -> dict[str, str]:
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="midspan-git-")
            empty_repository(Path(self._scratch.name), sha256=len(object_id) == 64)
        return git_environment(GIT_DIR=self._scratch.name, GIT_OBJECT_DIRECTORY=self._objects)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _lines(object_ids: Iterable[str]) -> bytes:
    return "".join(f"{one}\n" for one in object_ids).encode()


def _hash(kind: str, data: bytes, digits: int) -> str:
    """The object id that `data` should have: git itself does not check it."""
    digest = hashlib.sha256() if digits == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(f"{kind} {len(data)}\0".encode())
    digest.update(data)
    return digest.hexdigest()


def last_line(complaint: bytes) -> str:
    """The last line of what git said, such as "bad object HEAD"."""
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("fatal: ") if lines else ""
