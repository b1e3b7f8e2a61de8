"""Git repositories at a revision, read from their object store: no checkout, nothing of theirs is run."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from midspan.corpus.sources.items import MAX_FILE_BYTES, Entry, Excluded, Files, Repository, UnreadableError
from midspan.corpus.sources.objects import ObjectStore, empty_repository, git_environment, last_line, start_git
from midspan.corpus.sources.remote import fetch, repository_name
from midspan.corpus.sources.trees import VIRTUAL_ENVIRONMENT, Tree, fragments_of, why_not_entered
from midspan.errors import UserError

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import GitSource

MAX_TREE_BYTES = 32_000_000  # of one tree object: a folder of half a million files
MAX_TREE_FILES = 2_000_000  # of one repository: a few hundred bytes of trees can stand for 10^10 files ("git bomb")
_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"


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


def plan_git(source: GitSource, task_bytes: int) -> tuple[list[Files], list[Excluded], list[Repository]]:
    """The fragments of a repository at a revision (None: HEAD), or of each one in a folder of repositories.

    UserError if there is none, it has no such revision, or it cannot be fetched.
    """
    address = source.url or ""
    remote = bool(address) and not address.startswith("file://")
    if remote:
        place, revision = fetch(address, source.revision)
        repositories = [(repository_name(address), GitFolders(place, place))]
    else:
        revision = source.revision or "HEAD"
        repositories = find_repositories(Path(source.path or urlsplit(address).path).expanduser())
    fragments: list[Files] = []
    excluded: list[Excluded] = []
    read: list[Repository] = []
    for name, folders in repositories:
        objects = str(folders.common / "objects")
        try:
            commit = find_commit(folders, revision)
        except UnreadableError as error:
            if len(repositories) == 1:
                wanted = source.revision or "HEAD"
                raise UserError(f"corpus.sources: {name} has no commit {wanted!r}: {error.detail}") from None
            excluded.append(Excluded(name, ".", error.reason, error.detail))
            continue
        repository = Repository(name, objects, "git", commit.object_id, commit.date)
        tree = walk(commit, objects, Tree(name, source.content), partial=remote)
        fragments += fragments_of(repository, tree, task_bytes)
        excluded += tree.excluded
        read.append(repository)
    return fragments, excluded, read


def find_repositories(place: Path) -> list[tuple[str, GitFolders]]:
    """(name, folders) of the repository at `place`, or of those directly in it; UserError if there is none."""
    if folders := git_folders(place):
        place = place.resolve()
        named = place.parent if place.name == ".git" else place
        return [(named.name.removesuffix(".git"), folders)]
    inside = [entry for entry in sorted(place.iterdir()) if not entry.is_symlink()] if place.is_dir() else []
    found = [(entry.name.removesuffix(".git"), folders) for entry in inside if (folders := git_folders(entry))]
    if not found:
        raise UserError(f"corpus.sources: no git repository at {place}; give a clone, a bare one, or a folder of them")
    return found


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


def find_commit(folders: GitFolders, revision: str) -> Commit:
    """The commit that `revision` names, as `git rev-parse` understands it; UnreadableError if there is none.

    The repository's references are looked up with none of its settings.
    """
    with tempfile.TemporaryDirectory(prefix="midspan-git-") as scratch:
        ours = Path(scratch)
        empty_repository(ours, _uses_sha256(folders))
        (ours / "refs").rmdir()
        (ours / "refs").symlink_to(folders.common / "refs")
        (ours / "packed-refs").symlink_to(folders.common / "packed-refs")
        (ours / "HEAD").write_bytes((folders.own / "HEAD").read_bytes()[:1000])
        objects = str(folders.common / "objects")
        environment = git_environment(GIT_DIR=scratch, GIT_OBJECT_DIRECTORY=objects)
        arguments = ["rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"]
        output, complaint = start_git(arguments, environment).communicate()
        object_id = output.decode().strip()
        if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", object_id):
            raise UnreadableError("no such revision", last_line(complaint) or "name a branch, a tag or a commit")
        with ObjectStore(objects) as store:
            header = store.read(object_id, "commit", MAX_TREE_BYTES).partition(b"\n\n")[0].decode("utf-8", "replace")
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


def walk(commit: Commit, objects: str, tree: Tree, partial: bool) -> Tree:
    """Fill `tree` with the files of a commit; a folder or file whose object is missing or damaged is excluded, alone.

    `partial`: the objects were fetched without the files that are too large.
    """
    found: list[Entry] = []
    waiting = [("", commit.tree)]  # folders, with "/" at their end
    with ObjectStore(objects) as store:
        while waiting:
            prefix, object_id = waiting.pop()
            try:
                children = list(parse_tree(store.read(object_id, "tree", MAX_TREE_BYTES), len(object_id) // 2))
            except UnreadableError as error:
                tree.exclude(prefix or ".", error.reason, error.detail)
                continue
            if any(child == VIRTUAL_ENVIRONMENT.encode() for _, child, _ in children):
                tree.exclude(prefix or ".", "skipped folder", "virtual environment")
                continue
            for mode, child, child_id in children:
                path = prefix + child.decode("utf-8", "backslashreplace")
                if why := _why_no_file(mode, child):
                    tree.exclude(path, why)
                elif mode != _FOLDER:
                    found.append(Entry(path, child_id))
                elif skip := why_not_entered(path):
                    tree.exclude(f"{path}/", "skipped folder", skip)
                else:
                    waiting.append((f"{path}/", child_id))
            if len(found) > MAX_TREE_FILES:
                tree.exclude(".", "too many files", f"read the first {len(found)}")
                break
        for entry, size in zip(found, store.sizes([entry.object_id for entry in found]), strict=True):
            if size is not None:
                tree.add(entry, size)
            elif partial:
                tree.exclude(entry.path, "too large", f"over {MAX_FILE_BYTES} bytes, not fetched")
            else:
                tree.exclude(entry.path, "missing object", entry.object_id)
    return tree


def parse_tree(data: bytes, id_bytes: int) -> Iterator[tuple[str, bytes, str]]:
    """(mode, name, object id) of the entries of a tree object; UnreadableError if it is malformed.

    Format: gitformat "mode SP name NUL id", the id in binary (git-scm.com/book, 10.2 Git Objects).
    """
    position = 0
    while position < len(data):
        end = data.find(b"\0", position)
        mode, space, name = data[position:end].partition(b" ")
        position = end + 1 + id_bytes
        if end < 0 or not space or not mode.isdigit() or position > len(data):
            raise UnreadableError("corrupt object", "malformed tree")
        yield mode.decode().lstrip("0"), name, data[end + 1 : position].hex()


def _why_no_file(mode: str, name: bytes) -> str | None:
    """Why an entry of a tree is neither a file nor a folder that can be read."""
    if mode in (_LINK, _SUBMODULE):
        return "symbolic link" if mode == _LINK else "submodule"
    if mode != _FOLDER and not mode.startswith("100"):
        return "not a regular file"
    if name in (b"", b".", b"..") or b"/" in name:
        return "malformed file name"
    try:
        name.decode()
    except UnicodeDecodeError:
        return "file name is not UTF-8"
    return None
