"""A source of the recipe to roots, a root to what is listed there, and all of it to a plan of bounded tasks."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from midspan.corpus.licences import canonical, is_known
from midspan.corpus.sources.columns import columns_of, given_of
from midspan.corpus.sources.folders import list_bare, list_beside, list_folder, list_standard_library
from midspan.corpus.sources.git import MOST_WHYS, check_sides, list_git
from midspan.corpus.sources.history import check_moment
from midspan.corpus.sources.hub import plan_hub
from midspan.corpus.sources.items import Excluded, Repository, SourcePlan, SourceTask
from midspan.corpus.sources.listings import Listing, files_of, grouped
from midspan.corpus.sources.packed import list_archive
from midspan.corpus.sources.remote import fetch, repository_name
from midspan.corpus.sources.roots import Root, folder_roots, git_roots
from midspan.corpus.sources.tables import plan_tables
from midspan.errors import UserError
from midspan.files import hash_text

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import GitSource, HubSource, Source, TableSource

ROOTS_OF_PORTION = 500  # that one task lists
MAX_REVISIONS = 1_000  # that the data card lists


def roots_of(source: Source) -> Iterator[Root]:
    """Where the repositories of a source lie, in order; of one that has none by itself, one root for all.

    UserError if the source is missing, or is not what the recipe says, or the recipe gives it a licence that is none.
    """
    if source.kind == "folder":
        yield from folder_roots(source.path, source.content)
    elif source.kind == "git":
        yield from _git_roots(source)
    else:
        yield Root("all", sysconfig.get_paths()["stdlib"] if source.kind == "stdlib" else "")


def _git_roots(source: GitSource) -> Iterator[Root]:
    after, address = source.heldout_after, source.url or ""
    check_moment(after, "corpus.heldout.after:")
    if address and not address.startswith("file://"):
        place, revision = fetch(address, source.revision, history=after is not None)
        yield Root("git", str(place), repository_name(address), alone=True, revision=revision)
    else:
        yield from git_roots(source.path or urlsplit(address).path)


def portions(roots: Iterable[Root]) -> Iterator[tuple[Root, ...]]:
    """Roots as tasks list them."""
    remaining = iter(roots)
    while portion := tuple(islice(remaining, ROOTS_OF_PORTION)):
        yield portion


def list_roots(source: Source, roots: Iterable[Root], task_bytes: int) -> Iterator[Listing]:
    """What there is at some roots of a source, repository by repository; `task_bytes`: of a fragment, at most."""
    place = ""
    if source.kind in ("folder", "git"):
        place = str(Path(source.place.removeprefix("file://")).expanduser().resolve())
    for root in roots:
        yield from _list_root(source, root, place, task_bytes)


def _list_root(source: Any, root: Root, place: str, task_bytes: int) -> Iterator[Listing]:
    if root.kind == "git":
        yield from list_git(root, source, place, task_bytes)
    elif root.kind in ("whole", "loose"):
        yield from list_folder(root, place, source.content, task_bytes)
    elif root.kind == "archive":
        yield list_archive(root, source.content, task_bytes)
    elif root.kind == "beside":
        yield list_beside(root, archives_are_read=source.kind == "folder")
    elif root.kind == "bare":
        yield list_bare(root)
    elif source.kind == "stdlib":
        yield list_standard_library(root.place, task_bytes)
    else:
        yield TABLES[source.kind](source, task_bytes)


def _tables(source: TableSource, task_bytes: int) -> Listing:
    fragments, excluded, stamp = plan_tables(source, task_bytes)
    facts = {"files": len({fragment.file for fragment in fragments})}
    return Listing(stamp, list(fragments), list(excluded), facts=facts)


def _hub(source: HubSource, task_bytes: int) -> Listing:
    fragments, stamp, facts = plan_hub(source)
    return Listing(stamp, list(fragments), facts=facts)


TABLES: dict[str, Callable[[Any, int], Listing]] = {"jsonl": _tables, "parquet": _tables, "hub": _hub}


@dataclass
class Summary:
    """What is known of a source, or of a portion of it, beside its fragments."""

    stamps: list[str] = field(default_factory=list)
    repositories: int = 0
    newest: int = 0  # repositories in which something was written later
    revisions: list[dict[str, str]] = field(default_factory=list)  # of the first repositories
    newest_revisions: list[dict[str, str]] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """Changes when what is read does."""
        return hash_text("\n".join(self.stamps))

    def add(self, listing: Listing) -> None:
        """Count what was listed."""
        self.stamps.append(listing.stamp)
        self._count(len(listing.repositories), len(listing.newest), listing.whys, listing.facts)
        self._name(map(_revision, listing.repositories), map(_revision, listing.newest))

    def join(self, portion: Summary) -> None:
        """Count what is known of a portion."""
        self.stamps.append(portion.stamp)
        self._count(portion.repositories, portion.newest, portion.whys, portion.facts)
        self._name(portion.revisions, portion.newest_revisions)

    def _count(self, repositories: int, newest: int, whys: list[str], facts: dict[str, Any]) -> None:
        self.repositories += repositories
        self.newest += newest
        self.whys += whys[: MOST_WHYS - len(self.whys)]
        self.facts |= facts

    def _name(self, revisions: Iterable[dict[str, str]], newest: Iterable[dict[str, str]]) -> None:
        self.revisions += islice(revisions, MAX_REVISIONS - len(self.revisions))
        self.newest_revisions += islice(newest, MAX_REVISIONS - len(self.newest_revisions))

    def facts_of(self, source: Source) -> dict[str, Any]:
        """What the data card says of the source.

        UserError where nothing is later than the moment after which commits are held out, or nothing earlier.
        """
        facts: dict[str, Any] = {"name": source.label, "kind": source.kind, "content": source.content}
        if source.kind in ("folder", "git"):
            facts |= {"repositories": self.repositories, "revisions": self.revisions}
        if source.kind == "git" and source.heldout_after is not None:
            check_sides(self.repositories, self.newest, self.whys)
            facts |= {"heldout_after": str(source.heldout_after), "newest": self.newest_revisions}
        return facts | self.facts


def _revision(one: Repository) -> dict[str, str]:
    return {"name": one.name, "revision": one.revision, "date": one.date}


def task_of(source: Source) -> SourceTask:
    """A task of a source, with nothing to read as yet; UserError for a licence in the recipe that is none."""
    declared = _expression(source, "licence", source.licence) if source.licence else ""
    overrides = tuple(
        (glob, _expression(source, f"licence_override of {glob}", licence))
        for glob, licence in source.licence_override.items()
    )
    return SourceTask(
        source.label, source.content, (), columns_of(source), declared, given=given_of(source), overrides=overrides
    )


def _expression(source: Source, field: str, licence: str) -> str:
    """A licence of the recipe as SPDX spells it; UserError if there is no such one."""
    expression = canonical(licence)
    if not is_known(expression):
        advice = "give an SPDX expression such as MIT OR Apache-2.0, or a name of your own that begins with LicenseRef-"
        raise UserError(f"corpus.sources: {source.label}: {field}: no licence is called {licence!r}; {advice}")
    return expression


def plan_source(source: Source, task_bytes: int) -> SourcePlan:
    """A whole source in tasks of about `task_bytes` of input, held in memory: for looking at a small one.

    The build lists a source by tasks (`stages.list`). UserError if it is missing, or is not what the recipe says.
    """
    summary, listings = Summary(), list[Listing]()
    for portion in portions(roots_of(source)):
        part = Summary()
        for listing in list_roots(source, portion, task_bytes):
            part.add(listing)
            listings.append(listing)
        summary.join(part)
    tasks = [
        [
            replace(task_of(source), fragments=tuple(group))
            for group in grouped(((one, one.size, files_of(one)) for one in fragments), task_bytes)
        ]
        for fragments in (
            [one for listing in listings for one in listing.fragments],
            [one for listing in listings for one in listing.later],
        )
    ]
    excluded = [entry for listing in listings for entry in in_order(listing.excluded)]
    return SourcePlan(tasks[0], excluded, summary.stamp, summary.facts_of(source), tasks[1])


def in_order(excluded: Iterable[Excluded]) -> list[Excluded]:
    """What is passed over, in the order in which it is written down."""
    return sorted(excluded, key=lambda entry: (entry.repository, entry.path))
