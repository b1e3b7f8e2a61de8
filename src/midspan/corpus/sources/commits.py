"""Where a git repository keeps its commits, and how one is found by name, with none of the repository's settings."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.objects import ObjectStore, empty_repository, git_environment, last_line, start_git
from midspan.errors import UserError

MAX_COMMIT_BYTES = 32_000_000


@dataclass(frozen=True)
class GitFolders:
    """Where a repository keeps its HEAD, and where its references and objects (elsewhere for a linked worktree)."""

    own: Path
    common: Path


@dataclass(frozen=True)
class Commit:
    """A commit's id, root tree, and date."""

    object_id: str
    tree: str
    date: str  # of the commit, UTC


def find_repositories(place: Path) -> list[tuple[str, GitFolders]]:
    """(name, folders) of the repository at `place`, or of those directly in it; UserError if there is none."""
    if folders := git_folders(place):
        place = place.resolve()
        named = place.parent if place.name == ".git" else place
        return [(named.name.removesuffix(".git"), folders)]
    found = [(entry.name.removesuffix(".git"), folders) for entry in _inside(place) if (folders := git_folders(entry))]
    if not found:
        raise UserError(f"corpus.sources: no git repository at {place}; give a clone, a bare one, or a folder of them")
    return found


def has_history(place: Path) -> bool:
    """Whether `place` is a git repository, or a folder that holds nothing but such."""
    if git_folders(place):
        return True
    inside = [entry for entry in _inside(place) if not entry.name.startswith(".")]
    return bool(inside) and all(git_folders(entry) for entry in inside)


def repositories_in(place: Path) -> list[str]:
    """The names of the git repositories that `find_repositories` finds, of which there may be none."""
    if git_folders(place):
        return [place.resolve().name]
    return [entry.name for entry in _inside(place) if git_folders(entry)]


def _inside(place: Path) -> list[Path]:
    return [entry for entry in sorted(place.iterdir()) if not entry.is_symlink()] if place.is_dir() else []


def git_folders(place: Path) -> GitFolders | None:
    """The folders of the repository at `place`: a clone, a linked worktree or a bare repository; None if it is none."""
    try:
        own = place / ".git" if (place / ".git").exists() else place
        if own.is_file():  # "gitdir: …" of a worktree or submodule
            own = (place / own.read_text().removeprefix("gitdir:").strip()).resolve()
        common = own
        if (own / "commondir").is_file():
            common = (own / (own / "commondir").read_text().strip()).resolve()
        if (own / "HEAD").is_file() and (common / "objects").is_dir() and (common / "refs").is_dir():
            return GitFolders(own.resolve(), common.resolve())
    except (OSError, UnicodeError):
        pass
    return None


@contextmanager
def references(folders: GitFolders) -> Iterator[dict[str, str]]:
    """The environment of a git that knows the repository's references and objects, and none of its settings."""
    with tempfile.TemporaryDirectory(prefix="midspan-git-") as scratch:
        ours = Path(scratch)
        empty_repository(ours, _uses_sha256(folders))
        (ours / "refs").rmdir()
        for name in ("refs", "packed-refs", "shallow"):
            (ours / name).symlink_to(folders.common / name)
        (ours / "HEAD").write_bytes((folders.own / "HEAD").read_bytes()[:1000])
        yield git_environment(GIT_DIR=scratch, GIT_OBJECT_DIRECTORY=str(folders.common / "objects"))


def find_commit(folders: GitFolders, revision: str) -> Commit:
    """The commit that `revision` names, as `git rev-parse` understands it; UnreadableError if there is none."""
    arguments = ["rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"]
    with references(folders) as environment:
        output, complaint = start_git(arguments, environment).communicate()
    object_id = output.decode().strip()
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", object_id):
        raise UnreadableError("no such revision", last_line(complaint) or "name a branch, a tag or a commit")
    with ObjectStore(str(folders.common / "objects")) as store:
        header = store.read(object_id, "commit", MAX_COMMIT_BYTES).partition(b"\n\n")[0].decode("utf-8", "replace")
    tree = re.search(r"^tree ([0-9a-f]+)$", header, re.MULTILINE)
    when = re.search(r"^committer .* (\d{1,11}) [+-]\d{4}$", header, re.MULTILINE)
    if tree is None:
        raise UnreadableError("corrupt object", object_id)
    return Commit(object_id, tree.group(1), utc(int(when.group(1))) if when else "")


def utc(seconds: int) -> str:
    """A Unix time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _uses_sha256(folders: GitFolders) -> bool:
    """Whether object ids have 64 digits: the one thing that the repository's settings are asked."""
    config = (folders.common / "config").read_text(errors="replace") if (folders.common / "config").is_file() else ""
    return re.search(r"^\s*objectformat\s*=\s*sha256\s*$", config, re.MULTILINE | re.IGNORECASE) is not None
