"""Where a git repository keeps its commits, and how one is found by name, with none of the repository's settings."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.objects import ObjectStore, empty_repository, git_environment, last_line, start_git
from midspan.corpus.sources.remote import repository_name

MAX_COMMIT_BYTES = 32_000_000
MAX_CONFIG_BYTES = 1_000_000
MOST_BRANCHES = 8  # named where there is none of the name wanted
OBJECT_ID = r"[0-9a-f]{40}|[0-9a-f]{64}"
REMOTE_ADDRESS = re.compile(r"(?:https?|ssh|git|git\+ssh)://[^/]|[^/:\s]{2,}:(?!//)", re.IGNORECASE)


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


def is_checkout(folder: str) -> bool:
    """Whether a folder is the top of a clone, a submodule or a linked worktree: it has a .git that leads somewhere."""
    git = os.path.join(folder, ".git")
    try:
        if stat.S_ISREG(os.lstat(git).st_mode):
            with open(git, "rb") as stream:
                return stream.read(8) == b"gitdir: "
        return os.path.isfile(os.path.join(git, "HEAD")) and not os.path.islink(git)
    except OSError:
        return False


def is_bare(folder: str) -> bool:
    """Whether a folder is a bare repository."""
    return os.path.isfile(os.path.join(folder, "HEAD")) and all(
        os.path.isdir(os.path.join(folder, name)) for name in ("objects", "refs")
    )


def stands_for(folder: str, source: str, bare: bool) -> str | None:
    """The checkout below `source` that is read for the repository of the linked worktree `folder`; None: itself.

    It is the one that all others are linked to or, where that lies elsewhere, the first by path; `bare` ones count
    where objects are read.
    """
    if not os.path.isfile(os.path.join(folder, ".git")):
        return None
    linked = git_folders(Path(folder))
    if linked is None or linked.own == linked.common:
        return None
    main = linked.common.parent
    ours = git_folders(main) if is_checkout(str(main)) else None
    candidates: list[Path] = []
    if ours is not None and ours.common == linked.common and (bare or linked.common.name == ".git"):
        candidates.append(main)
    elif bare:
        candidates.append(linked.common)
    for file in sorted(linked.common.glob("worktrees/*/gitdir")):
        try:
            candidates.append(Path(file.read_text().strip()).parent)
        except (OSError, UnicodeError):
            continue
    seen = [str(one) for one in candidates if _is_seen(one, source)]
    first = seen[0] if candidates and seen[:1] == [str(candidates[0])] else min(seen, default=folder)
    return None if first == folder else first


def _is_seen(place: Path, source: str) -> bool:
    """Whether the walk over `source` comes by a place."""
    if not place.is_dir() or not place.is_relative_to(source):
        return False
    parts = place.relative_to(source).parts
    return not any(part.startswith(".") for part in parts)


def has_history(place: Path) -> bool:
    """Whether `place` is a git repository, or a folder that holds nothing but such."""
    if git_folders(place):
        return True
    inside = [entry for entry in _inside(place) if not entry.name.startswith(".")]
    return bool(inside) and all(git_folders(entry) or (entry.is_dir() and has_history(entry)) for entry in inside)


def _inside(place: Path) -> list[Path]:
    return [entry for entry in sorted(place.iterdir()) if not entry.is_symlink()] if place.is_dir() else []


def git_folders(place: Path) -> GitFolders | None:
    """The folders of the repository at `place`: a clone, a linked worktree or a bare repository; None if it is none."""
    try:
        found = _git_folders(place)
        if all((found.own / "HEAD").is_file() and (found.common / name).is_dir() for name in ("objects", "refs")):
            return GitFolders(found.own.resolve(), found.common.resolve())
    except (OSError, UnicodeError, ValueError):
        pass
    return None


def _git_folders(place: Path) -> GitFolders:
    """Where the folders are said to be."""
    own = place / ".git" if (place / ".git").exists() else place
    if own.is_file():  # "gitdir: …" of a worktree or submodule
        own = (place / own.read_text().removeprefix("gitdir:").strip()).resolve()
    if (own / "commondir").is_file():
        return GitFolders(own, (own / (own / "commondir").read_text().strip()).resolve())
    return GitFolders(own, own)


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


def find_commit(folders: GitFolders, revision: str, store: ObjectStore) -> Commit:
    """The commit that `revision` names, as `git rev-parse` understands it; UnreadableError if there is none."""
    object_id = (_head(folders) if revision == "HEAD" else None) or _parsed(folders, revision)
    header = store.read(object_id, "commit", MAX_COMMIT_BYTES).partition(b"\n\n")[0].decode("utf-8", "replace")
    tree = re.search(r"^tree ([0-9a-f]+)$", header, re.MULTILINE)
    when = re.search(r"^committer .* (\d{1,11}) [+-]\d{4}$", header, re.MULTILINE)
    if tree is None:
        raise UnreadableError("corrupt object", object_id)
    return Commit(object_id, tree.group(1), utc(int(when.group(1))) if when else "")


def _parsed(folders: GitFolders, revision: str) -> str:
    arguments = ["rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"]
    with references(folders) as environment:
        output, complaint = start_git(arguments, environment).communicate()
    object_id = output.decode().strip()
    if re.fullmatch(OBJECT_ID, object_id):
        return object_id
    if revision == "HEAD":
        raise UnreadableError("no such revision", why_no_head(folders) or last_line(complaint))
    raise UnreadableError("no such revision", last_line(complaint) or "name a branch, a tag or a commit")


def git_revision(checkout: Path) -> str:
    """The commit that is checked out in a folder, "" if that cannot be told.

    Read from the files: running git in a stranger's repository would run what its configuration says.
    """
    try:
        return _head(_git_folders(checkout)) or ""
    except (OSError, UnicodeError, ValueError):
        return ""


def _head(folders: GitFolders) -> str | None:
    """The commit that is checked out, as the files say; None where they do not, and git must be asked."""
    head = _first_line(folders.own / "HEAD")
    if head.startswith("ref: refs/") and ".." not in head:
        name = head.removeprefix("ref: ").strip()
        head = _first_line(folders.common / name) or _packed(folders).get(name, "")
    return head if re.fullmatch(OBJECT_ID, head) else None


def why_no_head(folders: GitFolders) -> str:
    """Why HEAD is no commit, and which branches there are instead."""
    head = _first_line(folders.own / "HEAD").removeprefix("ref: ").removeprefix("refs/heads/")
    names = set(_packed(folders))
    for kind in ("heads", "remotes"):
        place = folders.common / "refs" / kind
        names |= {file.relative_to(folders.common).as_posix() for file in place.rglob("*") if file.is_file()}
    short = (re.sub(r"^refs/(heads|remotes)/", "", name) for name in sorted(names) if "/tags/" not in name)
    branches = [name for name in short if not name.endswith("/HEAD")]
    if not branches:
        return f"HEAD is the branch {head!r}, and nothing is committed"
    listed = ", ".join(branches[:MOST_BRANCHES]) + (", …" if len(branches) > MOST_BRANCHES else "")
    return f"HEAD is the branch {head!r}, which does not exist; give one that does as the source's revision: {listed}"


def _packed(folders: GitFolders) -> dict[str, str]:
    """The references of packed-refs with their objects."""
    try:
        lines = (folders.common / "packed-refs").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.split(" ", 1) for line in lines if line[:1] not in ("#", "^") and " " in line)
    return {name: object_id for object_id, name in pairs}


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(1000).partition(b"\n")[0].decode("utf-8", "replace").strip()
    except OSError:
        return ""


def origin_name(checkout: str) -> str:
    """The "owner/name" of the address that a repository was cloned from, "" if that is none or a place on disk.

    Its configuration is read as text: git is not asked, which would do what it says.
    """
    folders = git_folders(Path(checkout))
    section = re.search(r'^\s*\[remote "origin"\][^\[]*', _config(folders) if folders else "", re.MULTILINE)
    url = re.search(
        r'^\s*url\s*=\s*"?([^"\n]+?)"?\s*$', section.group() if section else "", re.MULTILINE | re.IGNORECASE
    )
    if url is None or not REMOTE_ADDRESS.match(url.group(1)):
        return ""
    name = repository_name(re.sub(r"[?#].*", "", url.group(1)))
    return name if name.isprintable() else ""


def left_out_by(folders: GitFolders) -> str:
    """The filter by which a partial clone left out objects, such as "blob:none"; "" where there is none."""
    found = re.search(r"^\s*partialclonefilter\s*=\s*(\S+)", _config(folders), re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


def _config(folders: GitFolders) -> str:
    try:
        with (folders.common / "config").open("rb") as stream:
            return stream.read(MAX_CONFIG_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def utc(seconds: int) -> str:
    """A Unix time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _uses_sha256(folders: GitFolders) -> bool:
    """Whether object ids have 64 digits: the one thing that the repository's settings are asked."""
    return re.search(r"^\s*objectformat\s*=\s*sha256\s*$", _config(folders), re.MULTILINE | re.IGNORECASE) is not None
