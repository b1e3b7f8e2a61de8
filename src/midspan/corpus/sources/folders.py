"""Files on disk: a folder of repositories, or the standard library of this Python."""

from __future__ import annotations

import os
import platform
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from midspan.corpus.sources.items import Content, Entry, Excluded, Files, Repository
from midspan.corpus.sources.licence_evidence import add_evidence, linked_file
from midspan.corpus.sources.trees import (
    SKIPPED_FOLDERS,
    VIRTUAL_ENVIRONMENT,
    Tree,
    fragments_of,
    marks_a_repository,
    why_not_entered,
)
from midspan.errors import UserError
from midspan.files import hash_text

STANDARD_LIBRARY_TESTS = frozenset({"test", "tests", "idle_test"})


def plan_folder(path: str, content: Content, task_bytes: int) -> tuple[list[Files], list[Excluded], str]:
    """The fragments of a folder of repositories, what is left out, a fingerprint; UserError if there is no folder."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise UserError(f"corpus.source: {path} is no folder; give one with repositories in it, or 'stdlib'")
    fragments: list[Files] = []
    roots, excluded = _repositories(folder.resolve(), content)
    stamps: list[str] = []
    for root in roots:
        tree = Tree(root.name, content)
        stamps += _walk(tree, root, SKIPPED_FOLDERS)
        fragments += fragments_of(Repository(root.name, str(root), "folder", git_revision(root)), tree, task_bytes)
        excluded += tree.excluded
    return fragments, excluded, hash_text("\n".join(stamps))


def plan_standard_library(task_bytes: int) -> tuple[list[Files], list[Excluded], str]:
    """The same of the standard library without its tests; a repository is a top-level package or module."""
    root = Path(sysconfig.get_paths()["stdlib"])
    whole = Tree("stdlib", "code")
    stamps = list(_walk(whole, root, SKIPPED_FOLDERS | STANDARD_LIBRARY_TESTS))
    packages: dict[str, Tree] = {}
    for entry, size in whole.files:
        name = entry.path.split("/")[0].removesuffix(".py")
        packages.setdefault(name, Tree(name, "code")).files.append((entry, size))
    fragments: list[Files] = []
    for name, tree in sorted(packages.items()):
        repository = Repository(
            name,
            str(root),
            "folder",
            revision=f"Python {platform.python_version()}",
            declared_licence="PSF-2.0",
            declared_evidence="standard library of Python",
        )
        fragments += fragments_of(repository, tree, task_bytes)
    return fragments, whole.excluded, hash_text("\n".join(stamps))


def _repositories(folder: Path, content: Content) -> tuple[list[Path], list[Excluded]]:
    """The repositories of a folder (itself if it is one, otherwise its sub-folders), and what else lies in it."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"corpus.source: cannot read {folder}: {error.strerror}") from error
    files = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]  # a link may lead in a circle
    if (folder / ".git").exists() or any(marks_a_repository(name, content) for name in files):
        return [folder], []
    roots: list[Path] = []
    beside = Tree(folder.name, content)
    for entry in entries:
        if entry.is_symlink():
            beside.exclude(_printable(entry.name), "symbolic link")
        elif not entry.is_dir():
            beside.exclude(_printable(entry.name), "outside any repository")
        elif why := why_not_entered(entry.name):
            beside.exclude(f"{_printable(entry.name)}/", "skipped folder", why)
        else:
            roots.append(Path(entry.path))
    return roots, beside.excluded


def _walk(tree: Tree, root: Path, skipped: frozenset[str]) -> Iterator[str]:
    """Fill `tree` with what is below `root` and yield name, size and time of each file it takes.

    Links are not followed, so there are no loops and no way out.
    """
    waiting = [""]  # folders, with "/" at their end
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(root / prefix) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            tree.exclude(prefix or ".", "unreadable", error.strerror or "")
            continue
        if any(entry.name == VIRTUAL_ENVIRONMENT for entry in entries):
            tree.exclude(prefix or ".", "skipped folder", "virtual environment")
            continue
        for entry in entries:
            path = _printable(f"{prefix}{entry.name}")
            if entry.is_symlink():
                tree.exclude(path, "symbolic link")
                if linked := linked_file(root, path):
                    add_evidence(tree.licences, linked)
            elif path != f"{prefix}{entry.name}":
                tree.exclude(path, "file name is not UTF-8")
            elif entry.is_dir(follow_symlinks=False):
                if why := why_not_entered(path, skipped):
                    tree.exclude(f"{path}/", "skipped folder", why)
                else:
                    waiting.append(f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                yield from _take(tree, entry, path)
            else:
                tree.exclude(path, "not a regular file")


def _take(tree: Tree, entry: os.DirEntry[str], path: str) -> Iterator[str]:
    """Add one regular file to `tree` and yield its stamp."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        tree.exclude(path, "unreadable", error.strerror or "")
        return
    tree.add(Entry(path), status.st_size)
    yield f"{tree.repository}\0{path}\0{status.st_size}\0{status.st_mtime_ns}"


def _printable(name: str) -> str:
    """A file name whose bytes are not UTF-8 with those bytes spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def git_revision(repository: Path) -> str:
    """The commit that is checked out in a folder, "" if that cannot be told.

    Read from the files: running git in a stranger's repository would run what its configuration says.
    """
    git = repository / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if head.startswith("ref: "):
            reference = head.removeprefix("ref: ")
            loose = git / reference
            if loose.is_file() and loose.resolve().is_relative_to(git.resolve()):
                head = loose.read_text(encoding="ascii").strip()
            else:
                packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
                head = next((line.split()[0] for line in packed if line.endswith(f" {reference}")), "")
    except (OSError, UnicodeError):
        return ""
    return head if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", head) else ""
