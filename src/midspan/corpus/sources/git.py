"""Git repositories at a revision, read from their object store: no checkout, nothing of theirs is run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from midspan.corpus.sources.commits import (
    Commit,
    GitFolders,
    find_commit,
    git_folders,
    is_checkout,
    left_out_by,
    stands_for,
)
from midspan.corpus.sources.history import Moment, Parting, part
from midspan.corpus.sources.items import MAX_FILE_BYTES, Entry, Excluded, Repository, UnreadableError
from midspan.corpus.sources.licence_evidence import add_evidence, linked_objects
from midspan.corpus.sources.listings import Listing
from midspan.corpus.sources.objects import ObjectStore
from midspan.corpus.sources.roots import Root, printable
from midspan.corpus.sources.trees import VIRTUAL_ENVIRONMENT, Tree, fragments_of, why_not_entered
from midspan.errors import UserError
from midspan.files import hash_text

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import GitSource

LEFT_OUT, MISSING = "left out of the clone", "missing object"
MOST_NAMED = 20  # files that a clone's filter left out; more are told as one
REFETCH = f"git fetch --refetch --filter=blob:limit={MAX_FILE_BYTES + 1} brings them, or clone without --filter"
MOST_WHYS = 3  # that are told
MAX_TREE_BYTES = 32_000_000  # of one tree object: a folder of half a million files
MAX_TREE_FILES = 2_000_000  # of one repository: a few hundred bytes of trees can stand for 10^10 files ("git bomb")
MAX_LINK_BYTES = 4_096  # of the path to which a link leads
_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"


def list_git(root: Root, source: GitSource, place: str, task_bytes: int) -> Iterator[Listing]:
    """A repository at a revision (None: HEAD), and each one that is checked out inside it by itself.

    UserError if the repository is all that there is and has no such revision, or none of its files.
    """
    waiting = [(root.place, root.name)]
    while waiting:
        folder, name = waiting.pop()
        if main := stands_for(folder, place, bare=True):
            detail = f"of {os.path.relpath(main, place)}, which is read"
            yield Listing(excluded=[Excluded(name, ".", "linked worktree", detail)])
            continue
        folders = GitFolders(Path(folder), Path(folder)) if root.revision else git_folders(Path(folder))
        if folders is None:
            yield Listing(excluded=[Excluded(name, ".", "unreadable", "its .git leads to no repository")])
            continue
        nested = checkouts_below(folder)
        inside = [f"{name}/{printable(path)}" for path in nested]
        try:
            listing = _listed(name, folders, source, root.revision, dict(zip(nested, inside, strict=True)), task_bytes)
            if root.alone and folder == root.place and not (listing.fragments or nested or root.revision):
                _check_filter(name, folders, listing)
            yield listing
        except UnreadableError as error:
            if root.alone and folder == root.place and not nested:
                wanted = source.revision or "HEAD"
                raise UserError(f"corpus.sources: {name} has no commit {wanted!r}: {error.detail}") from None
            yield Listing(excluded=[Excluded(name, ".", error.reason, error.detail)])
        waiting += [(os.path.join(folder, path), own) for path, own in reversed(list(zip(nested, inside, strict=True)))]


def _check_filter(name: str, folders: GitFolders, listing: Listing) -> None:
    """UserError where all that there is was left out of the clone."""
    filter_ = left_out_by(folders)
    if filter_ and any(one.reason in (LEFT_OUT, MISSING) for one in listing.excluded):
        raise UserError(f"corpus.sources: {name} is a partial clone without its files (filter {filter_}): {REFETCH}")


def checkouts_below(folder: str) -> list[str]:
    """The repositories that are checked out below a folder, but not those in one of them: paths, in order."""
    found: list[str] = []
    waiting = [""] if is_checkout(folder) else []  # a bare repository has no files, and a .git folder none of its own
    while waiting:
        prefix = waiting.pop()
        with suppress(OSError), os.scandir(os.path.join(folder, prefix)) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False) and not why_not_entered(path):
                    if is_checkout(entry.path):
                        found.append(path)
                    else:
                        waiting.append(f"{path}/")
    return sorted(found)


def _listed(
    name: str, folders: GitFolders, source: GitSource, fetched: str | None, nested: dict[str, str], task_bytes: int
) -> Listing:
    """The files of a repository up to the parting of its history, and those whose content comes after it."""
    objects = str(folders.common / "objects")
    listing = Listing()
    earlier, newest = Tree(name, source.content), Tree(name, source.content)
    missing = Missing(fetched is not None, "" if fetched else left_out_by(folders), nested)
    with ObjectStore(objects) as store:
        parting = parting_of(folders, fetched or source.revision or "HEAD", source.heldout_after, store)
        if parting.base is not None:
            repository = Repository(name, objects, "git", parting.base.object_id, parting.base.date)
            walk(parting.base, store, earlier, missing)
            listing.fragments.extend(fragments_of(repository, earlier, task_bytes))
            listing.excluded.extend(earlier.excluded)
            listing.repositories.append(repository)
        if parting.later:
            repository = Repository(name, objects, "git", parting.head.object_id, parting.head.date)
            walk(parting.head, store, newest, missing)
            known = {entry.object_id for entry, _ in earlier.files}
            newest.files = [(entry, size) for entry, size in newest.files if entry.object_id not in known]
            listing.later.extend(fragments_of(repository, newest, task_bytes))
            listing.newest.append(repository)
    if parting.why:
        listing.whys.append(f"{name} {parting.why}")
    both = [*listing.repositories, *listing.newest]
    listing.stamp = hash_text("\n".join(f"{one.name}\0{one.revision}" for one in both))
    return listing


def parting_of(folders: GitFolders, revision: str, after: Moment | None, store: ObjectStore) -> Parting:
    """Where a repository's history is parted; without a moment, all of it is trained on."""
    if after is not None:
        return part(folders, revision, after, store)
    head = find_commit(folders, revision, store)
    return Parting(head, head, 0)


def check_sides(repositories: int, newest: int, whys: Sequence[str]) -> None:
    """UserError where no repository has anything later, or none has anything before."""
    why = "; ".join(whys)
    advice = "choose another corpus.heldout.after, or hold out files (corpus.heldout.files) without it"
    if not newest:
        raise UserError(f"corpus.heldout.after: nothing is later: {why}; {advice}")
    if not repositories:
        raise UserError(f"corpus.heldout.after: nothing is left to train on: {why}; {advice}")


@dataclass(frozen=True)
class Missing:
    """What to say of an object that is not there."""

    partial: bool  # fetched by us, without the files that are too large
    filter: str  # by which the user's clone left out objects
    nested: dict[str, str]  # what is checked out inside, by path: its name

    def exclude(self, tree: Tree, files: Sequence[Entry], found: int) -> None:
        """Leave out files; many at once where a filter is the reason."""
        if self.filter and len(files) > MOST_NAMED:
            told = f"{len(files)} of {found} files and folders, by its filter {self.filter}: {REFETCH}"
            tree.exclude(".", LEFT_OUT, told)
            return
        for entry in files:
            if self.partial:
                tree.exclude(entry.path, "too large", f"over {MAX_FILE_BYTES} bytes, not fetched")
            else:
                by = f", perhaps left out by the clone's filter {self.filter}: {REFETCH}" if self.filter else ""
                tree.exclude(entry.path, MISSING, entry.object_id + by)

    def submodule(self, path: str) -> str:
        """Where the files of a submodule are."""
        return f"read as {self.nested[path]}" if path in self.nested else "not checked out"


def walk(commit: Commit, store: ObjectStore, tree: Tree, missing: Missing) -> Tree:
    """Fill `tree` with the files of a commit; what is missing or damaged is excluded, alone."""
    found: list[Entry] = []
    absent: list[Entry] = []
    links: dict[str, str] = {}  # path to object
    waiting = [("", commit.tree)]  # folders, with "/" at their end
    while waiting:
        prefix, object_id = waiting.pop()
        try:
            children = list(parse_tree(store.read(object_id, "tree", MAX_TREE_BYTES), len(object_id) // 2))
        except UnreadableError as error:
            if missing.filter and error.reason == MISSING:
                absent.append(Entry(prefix or ".", object_id))
            else:
                tree.exclude(prefix or ".", error.reason, error.detail)
            continue
        if any(child == VIRTUAL_ENVIRONMENT.encode() for _, child, _ in children):
            tree.exclude(prefix or ".", "skipped folder", "virtual environment")
            continue
        names = set[bytes]()
        for mode, child, child_id in children:
            path = prefix + child.decode("utf-8", "backslashreplace")
            if child in names:
                tree.exclude(path, "name that stands twice", child_id)
            elif why := _why_no_file(mode, child):
                tree.exclude(path, why, missing.submodule(path) if mode == _SUBMODULE else "")
                if mode == _LINK:
                    links[path] = child_id
            elif mode != _FOLDER:
                found.append(Entry(path, child_id))
            elif skip := why_not_entered(path):
                tree.exclude(f"{path}/", "skipped folder", skip)
            else:
                waiting.append((f"{path}/", child_id))
            names.add(child)
        if len(found) > MAX_TREE_FILES:
            tree.exclude(".", "too many files", f"read the first {len(found)}")
            break
    for entry, size in zip(found, store.sizes([entry.object_id for entry in found]), strict=True):
        if size is not None:
            tree.add(entry, size)
        else:
            absent.append(entry)
    missing.exclude(tree, absent, len(found) + len(absent))
    objects_of = {entry.path: entry.object_id for entry in found} if links else {}
    for linked in linked_objects(links, objects_of, lambda link: store.read(link, "blob", MAX_LINK_BYTES)):
        add_evidence(tree.licences, linked)
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
