"""Git repositories at a revision, read from their object store: no checkout, nothing of theirs is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from midspan.corpus.sources.commits import Commit, GitFolders, find_commit, find_repositories
from midspan.corpus.sources.history import Moment, Parting, check_moment, part
from midspan.corpus.sources.items import MAX_FILE_BYTES, Entry, Excluded, Files, Repository, UnreadableError
from midspan.corpus.sources.licence_evidence import add_evidence, linked_objects
from midspan.corpus.sources.objects import ObjectStore
from midspan.corpus.sources.remote import fetch, repository_name
from midspan.corpus.sources.trees import VIRTUAL_ENVIRONMENT, Tree, fragments_of, why_not_entered
from midspan.errors import UserError

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import GitSource

MAX_TREE_BYTES = 32_000_000  # of one tree object: a folder of half a million files
MAX_TREE_FILES = 2_000_000  # of one repository: a few hundred bytes of trees can stand for 10^10 files ("git bomb")
MAX_LINK_BYTES = 4_096  # of the path to which a link leads
_FOLDER, _LINK, _SUBMODULE = "40000", "120000", "160000"


class GitPlan(NamedTuple):
    """The files of repositories to train on, and those that their later commits wrote."""

    fragments: list[Files]
    excluded: list[Excluded]
    repositories: list[Repository]  # as they are trained on
    later: list[Files]
    newest: list[Repository]  # as they are later on


def plan_git(source: GitSource, task_bytes: int) -> GitPlan:
    """The fragments of a repository at a revision (None: HEAD), or of each one in a folder of repositories.

    UserError if there is none, it has no such revision, it cannot be fetched, or its history cannot be parted.
    """
    after = source.heldout_after
    check_moment(after, "corpus.heldout.after:")
    address = source.url or ""
    remote = bool(address) and not address.startswith("file://")
    if remote:
        place, revision = fetch(address, source.revision, history=after is not None)
        repositories = [(repository_name(address), GitFolders(place, place))]
    else:
        revision = source.revision or "HEAD"
        repositories = find_repositories(Path(source.path or urlsplit(address).path).expanduser())
    plan = GitPlan([], [], [], [], [])
    parted: list[tuple[str, Parting]] = []
    for name, folders in repositories:
        try:
            parting = parting_of(folders, revision, after)
        except UnreadableError as error:
            if len(repositories) == 1:
                wanted = source.revision or "HEAD"
                raise UserError(f"corpus.sources: {name} has no commit {wanted!r}: {error.detail}") from None
            plan.excluded.append(Excluded(name, ".", error.reason, error.detail))
            continue
        parted.append((name, parting))
        _add(plan, Tree(name, source.content), Tree(name, source.content), parting, folders, task_bytes, remote)
    if after is not None:
        _check_sides(parted)
    return plan


def parting_of(folders: GitFolders, revision: str, after: Moment | None) -> Parting:
    """Where a repository's history is parted; without a moment, all of it is trained on."""
    if after is not None:
        return part(folders, revision, after)
    head = find_commit(folders, revision)
    return Parting(head, head, 0)


def _add(
    plan: GitPlan, earlier: Tree, newest: Tree, parting: Parting, folders: GitFolders, task_bytes: int, remote: bool
) -> None:
    """Add a repository to the plan: its files up to the parting, and those whose content comes after it."""
    objects = str(folders.common / "objects")
    if parting.base is not None:
        repository = Repository(earlier.repository, objects, "git", parting.base.object_id, parting.base.date)
        walk(parting.base, objects, earlier, partial=remote)
        plan.fragments.extend(fragments_of(repository, earlier, task_bytes))
        plan.excluded.extend(earlier.excluded)
        plan.repositories.append(repository)
    if parting.later:
        repository = Repository(newest.repository, objects, "git", parting.head.object_id, parting.head.date)
        walk(parting.head, objects, newest, partial=remote)
        known = {entry.object_id for entry, _ in earlier.files}
        newest.files = [(entry, size) for entry, size in newest.files if entry.object_id not in known]
        plan.later.extend(fragments_of(repository, newest, task_bytes))
        plan.newest.append(repository)


def _check_sides(parted: Sequence[tuple[str, Parting]]) -> None:
    """UserError where no repository has anything later, or none has anything before."""
    whys = "; ".join(f"{name} {parting.why}" for name, parting in parted[:3] if parting.why)
    advice = "choose another corpus.heldout.after, or hold out files (corpus.heldout.files) without it"
    if not any(parting.later for _, parting in parted):
        raise UserError(f"corpus.heldout.after: nothing is later: {whys}; {advice}")
    if not any(parting.base for _, parting in parted):
        raise UserError(f"corpus.heldout.after: nothing is left to train on: {whys}; {advice}")


def walk(commit: Commit, objects: str, tree: Tree, partial: bool) -> Tree:
    """Fill `tree` with the files of a commit; a folder or file whose object is missing or damaged is excluded, alone.

    `partial`: the objects were fetched without the files that are too large.
    """
    found: list[Entry] = []
    links: dict[str, str] = {}  # path to object
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
                    if mode == _LINK:
                        links[path] = child_id
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
