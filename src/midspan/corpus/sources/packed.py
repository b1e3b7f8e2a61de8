"""The tree of files in an archive, as that of a folder: what is read of it, and what is passed over."""

from __future__ import annotations

import os
from collections.abc import Iterable

from midspan.corpus.sources.archives import MAX_MEMBERS, MOST_PASSES, Member, list_members, malformed, without_top
from midspan.corpus.sources.items import Content, Entry, Repository, UnreadableError
from midspan.corpus.sources.listings import Listing
from midspan.corpus.sources.roots import Root
from midspan.corpus.sources.trees import (
    MAX_FILES_OF_FRAGMENT,
    VIRTUAL_ENVIRONMENT,
    Tree,
    fragments_of,
    why_not_entered,
)
from midspan.files import hash_text


def list_archive(root: Root, content: Content, task_bytes: int) -> Listing:
    """The files of an archive; one that is damaged, or unpacks to too much, is listed as far as it can be read."""
    tree = Tree(root.name, content)
    try:
        status = os.stat(root.place)
    except OSError as error:
        tree.exclude(".", "unreadable", error.strerror or "")
        return Listing(excluded=tree.excluded)
    members: dict[str, Member] = {}  # of several of one name the last counts, as where they are unpacked
    try:
        for member in list_members(root.place):
            path = member.name.removeprefix("./").lstrip("/") if member.why else member.name.removeprefix("./")
            if path in members:
                tree.exclude(path, "unpacked over", "a later entry of the archive has its name")
            members[path] = member
            if len(members) > MAX_MEMBERS:
                raise UnreadableError("too many files", f"read the first {MAX_MEMBERS}")
    except UnreadableError as error:
        tree.exclude(".", error.reason, error.detail)
    _fill(tree, members)
    size = sum(size for _, size in tree.files)
    repository = Repository(root.name, root.place, "archive")
    fragments = fragments_of(
        repository,
        tree,
        max(task_bytes, size // MOST_PASSES),
        max(MAX_FILES_OF_FRAGMENT, len(tree.files) // MOST_PASSES),
    )
    stamp = hash_text(f"{root.name}\0{status.st_size}\0{status.st_mtime_ns}")
    return Listing(stamp, list(fragments), tree.excluded, [repository] if tree.files else [])


def _fill(tree: Tree, members: dict[str, Member]) -> None:
    """Add the members to a tree by their paths below the one folder in which all of them lie."""
    top = without_top(list(members))
    environments = {path.rpartition("/")[0] for path in members if path.endswith(f"/{VIRTUAL_ENVIRONMENT}")}
    passed_over: set[str] = set()
    for path, member in sorted(members.items()):
        shown = path.removeprefix(top)
        if malformed(path):
            tree.exclude(ascii(path)[1:-1], "malformed file name")
        elif folder := _skipped_above(shown, top, environments):
            if folder[0] not in passed_over:
                passed_over.add(folder[0])
                tree.exclude(f"{folder[0]}/", "skipped folder", folder[1])
        elif member.why:
            tree.exclude(shown, member.why)
        elif not _is_utf8(shown):
            tree.exclude(ascii(shown)[1:-1], "file name is not UTF-8")
        else:
            tree.add(Entry(shown, member.name), member.size)


def _skipped_above(path: str, top: str, environments: Iterable[str]) -> tuple[str, str] | None:
    """The first folder above a file that is not entered, and why."""
    parts = path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        folder = "/".join(parts[:depth])
        why = "virtual environment" if top + folder in environments else why_not_entered(folder)
        if why:
            return folder, why
    return None


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeError:
        return False
    return True
