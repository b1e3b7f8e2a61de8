"""Files on disk: a folder of repositories, or the standard library of this Python."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from midspan.corpus.sources.archives import archive_stem
from midspan.corpus.sources.commits import git_revision, is_bare, is_checkout, stands_for
from midspan.corpus.sources.items import Content, Entry, Excluded, Files, Repository
from midspan.corpus.sources.licence_evidence import add_evidence, linked_file
from midspan.corpus.sources.listings import Listing
from midspan.corpus.sources.roots import Root, printable, unique
from midspan.corpus.sources.trees import SKIPPED_FOLDERS, VIRTUAL_ENVIRONMENT, Tree, fragments_of, why_not_entered
from midspan.files import hash_text

STANDARD_LIBRARY_TESTS = frozenset({"test", "tests", "idle_test"})


def list_folder(root: Root, source: str, content: Content, task_bytes: int) -> Iterator[Listing]:
    """What lies at a root of a source, and each repository nested in it by itself: no file is of two."""
    waiting = [(root.place, root.name)]
    while waiting:
        place, name = waiting.pop()
        if main := stands_for(place, source, bare=False):
            detail = f"of {os.path.relpath(main, source)}, which is read"
            yield Listing(excluded=[Excluded(name, ".", "linked worktree", detail)])
            continue
        tree, nested = Tree(name, content), list[str]()
        stamp = hashlib.sha256()
        for line in _walk(tree, Path(place), SKIPPED_FOLDERS, nested, flat=root.kind == "loose"):
            stamp.update(f"{line}\n".encode())
        prefix = root.prefix if name == root.name else f"{name}/"
        inner = [(path, unique(f"{prefix}{printable(path)}", "" if prefix else name)) for path in nested]
        for path, own in inner:
            tree.exclude(f"{printable(path)}/", "nested repository", f"read as {own}")
        repository = Repository(name, place, "folder", git_revision(Path(place)))
        yield Listing(
            stamp.hexdigest()[:16],
            list(fragments_of(repository, tree, task_bytes)),
            tree.excluded,
            [repository] if tree.files else [],
        )
        waiting += [(os.path.join(place, path), own) for path, own in reversed(inner)]


def list_bare(root: Root) -> Listing:
    """A bare repository where files are read: there are none."""
    return Listing(excluded=[Excluded(root.name, ".", "bare repository", "a source of kind git reads it")])


def list_beside(root: Root, archives_are_read: bool) -> Listing:
    """What lies beside repositories in a folder that is none, and is passed over."""
    tree = Tree(root.name, "code")
    try:
        with os.scandir(root.place) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        tree.exclude(root.prefix or ".", "unreadable", error.strerror or "")
        return Listing(excluded=tree.excluded)
    for entry in entries:
        name = root.prefix + printable(entry.name)
        if entry.is_symlink():
            tree.exclude(name, "symbolic link")
        elif entry.is_dir(follow_symlinks=False):
            if why := why_not_entered(name):
                tree.exclude(f"{name}/", "skipped folder", why)
        elif not (archives_are_read and archive_stem(entry.name)):
            tree.exclude(name, "outside any repository")
    return Listing(excluded=tree.excluded)


def list_standard_library(place: str, task_bytes: int) -> Listing:
    """The standard library without its tests; a repository is a top-level package or module."""
    root = Path(place)
    whole = Tree("stdlib", "code")
    stamps = list(_walk(whole, root, SKIPPED_FOLDERS | STANDARD_LIBRARY_TESTS, []))
    packages: dict[str, Tree] = {}
    for entry, size in whole.files:
        name = entry.path.split("/")[0].removesuffix(".py")
        packages.setdefault(name, Tree(name, "code")).files.append((entry, size))
    fragments: list[Files] = []
    revision = f"Python {platform.python_version()}"
    for name, tree in sorted(packages.items()):
        repository = Repository(
            name,
            str(root),
            "folder",
            revision=revision,
            declared_licence="PSF-2.0",
            declared_evidence="standard library of Python",
        )
        fragments += fragments_of(repository, tree, task_bytes)
    facts = {"revision": revision if fragments else ""}
    return Listing(hash_text("\n".join(stamps)), list(fragments), whole.excluded, facts=facts)


def _walk(tree: Tree, root: Path, skipped: frozenset[str], nested: list[str], flat: bool = False) -> Iterator[str]:
    """Fill `tree` with what is below `root` and yield name, size and time of each file it takes.

    Links are not followed, so there are no loops and no way out. Folders that are repositories are noted as `nested`;
    of a `flat` one only the files are taken.
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
            path = printable(f"{prefix}{entry.name}")
            if entry.is_symlink():
                tree.exclude(path, "symbolic link")
                if linked := linked_file(root, path):
                    add_evidence(tree.licences, linked)
            elif path != f"{prefix}{entry.name}":
                tree.exclude(path, "file name is not UTF-8")
            elif entry.is_dir(follow_symlinks=False):
                if why := why_not_entered(path, skipped):
                    tree.exclude(f"{path}/", "skipped folder", why)
                elif flat:
                    continue  # a root of its own
                elif is_checkout(entry.path):
                    nested.append(path)
                elif path.endswith(".git") and is_bare(entry.path):
                    tree.exclude(f"{path}/", "bare repository", "a source of kind git reads it")
                else:
                    waiting.append(f"{path}/")
            elif entry.name == ".git":
                tree.exclude(path, "git's own file")  # of a linked worktree or a submodule: it says where the rest is
            elif entry.is_file(follow_symlinks=False):
                if not (flat and archive_stem(entry.name)):
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
