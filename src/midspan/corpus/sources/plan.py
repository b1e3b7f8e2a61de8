"""A source of the recipe to a plan of bounded tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from midspan.corpus.licences import canonical, is_known
from midspan.corpus.sources.columns import columns_of, given_of
from midspan.corpus.sources.folders import plan_folder, plan_standard_library
from midspan.corpus.sources.git import plan_git
from midspan.corpus.sources.hub import plan_hub
from midspan.corpus.sources.items import Excluded, Fragment, HubShard, Repository, SourcePlan, SourceTask
from midspan.corpus.sources.tables import plan_tables
from midspan.errors import UserError
from midspan.files import hash_text

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import FolderSource, GitSource, HubSource, Source, StdlibSource, TableSource

MAX_FRAGMENTS_OF_TASK = 1_000
MAX_REVISIONS = 1_000  # that the data card lists


def plan_source(source: Source, task_bytes: int) -> SourcePlan:
    """Cut a source into tasks of about `task_bytes` of input; the cuts depend on the source's content alone.

    UserError if the source is missing, or is not what the recipe says, or the recipe gives it a licence that is none.
    """
    declared = _expression(source, "licence", source.licence) if source.licence else ""
    overrides = tuple(
        (glob, _expression(source, f"licence_override of {glob}", licence))
        for glob, licence in source.licence_override.items()
    )
    cut = PLANNERS[source.kind](source, task_bytes)
    given = (columns_of(source), declared, given_of(source), overrides)
    empty = SourceTask(source.label, source.content, (), *given)
    return SourcePlan(
        tasks=[replace(empty, fragments=joined) for joined in _join(cut.fragments, task_bytes)],
        excluded=sorted(cut.excluded, key=lambda entry: (entry.repository, entry.path)),
        fingerprint=cut.fingerprint,
        facts={"name": source.label, "kind": source.kind, "content": source.content, **cut.facts},
        later=[replace(empty, fragments=joined) for joined in _join(cut.later, task_bytes)],
    )


def _expression(source: Source, field: str, licence: str) -> str:
    """A licence of the recipe as SPDX spells it; UserError if there is no such one."""
    expression = canonical(licence)
    if not is_known(expression):
        advice = "give an SPDX expression such as MIT OR Apache-2.0, or a name of your own that begins with LicenseRef-"
        raise UserError(f"corpus.sources: {source.label}: {field}: no licence is called {licence!r}; {advice}")
    return expression


class Cut(NamedTuple):
    """A source in fragments, with what is left out, and what the data card says."""

    fragments: Sequence[Fragment]
    excluded: list[Excluded]
    fingerprint: str
    facts: dict[str, Any]
    later: Sequence[Fragment] = ()


def _standard_library(source: StdlibSource, task_bytes: int) -> Cut:
    fragments, excluded, fingerprint = plan_standard_library(task_bytes)
    revision = fragments[0].repository.revision if fragments else ""
    return Cut(fragments, excluded, fingerprint, {"revision": revision})


def _folder(source: FolderSource, task_bytes: int) -> Cut:
    fragments, excluded, fingerprint = plan_folder(source.path, source.content, task_bytes)
    return Cut(fragments, excluded, fingerprint, _revisions(fragment.repository for fragment in fragments))


def _git(source: GitSource, task_bytes: int) -> Cut:
    plan = plan_git(source, task_bytes)
    everything = [*plan.repositories, *plan.newest]
    fingerprint = hash_text("\n".join(f"{one.name}\0{one.revision}" for one in everything))
    facts = _revisions(plan.repositories)
    if source.heldout_after is not None:
        facts |= {"heldout_after": str(source.heldout_after), "newest": _revisions(plan.newest)["revisions"]}
    return Cut(plan.fragments, plan.excluded, fingerprint, facts, plan.later)


def _tables(source: TableSource, task_bytes: int) -> Cut:
    fragments, excluded, fingerprint = plan_tables(source, task_bytes)
    return Cut(fragments, excluded, fingerprint, {"files": len({fragment.file for fragment in fragments})})


def _hub(source: HubSource, task_bytes: int) -> Cut:
    fragments, fingerprint, facts = plan_hub(source)
    return Cut(fragments, [], fingerprint, facts)


PLANNERS: dict[str, Callable[[Any, int], Cut]] = {
    "stdlib": _standard_library,
    "folder": _folder,
    "git": _git,
    "jsonl": _tables,
    "parquet": _tables,
    "hub": _hub,
}


def _join(fragments: Iterable[Fragment], task_bytes: int) -> Iterator[tuple[Fragment, ...]]:
    """Put small fragments together, in their order, until they are about `task_bytes`; shards of the hub stay alone."""
    joined: list[Fragment] = []
    size = 0
    for fragment in fragments:
        joined.append(fragment)
        size += fragment.size
        if size >= task_bytes or len(joined) >= MAX_FRAGMENTS_OF_TASK or isinstance(fragment, HubShard):
            yield tuple(joined)
            joined, size = [], 0
    if joined:
        yield tuple(joined)


def _revisions(repositories: Iterable[Repository]) -> dict[str, Any]:
    """How many repositories there are, and the revision and date of the first ones."""
    distinct = list({(one.name, one.place): one for one in repositories}.values())
    listed = [{"name": one.name, "revision": one.revision, "date": one.date} for one in distinct[:MAX_REVISIONS]]
    return {"repositories": len(distinct), "revisions": listed}
