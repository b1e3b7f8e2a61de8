"""A source of the recipe to a plan of bounded tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from midspan.corpus.sources.columns import overrides_of
from midspan.corpus.sources.folders import plan_folder, plan_standard_library
from midspan.corpus.sources.git import plan_git
from midspan.corpus.sources.hub import plan_hub
from midspan.corpus.sources.items import Excluded, Fragment, HubShard, Repository, SourcePlan, SourceTask
from midspan.corpus.sources.tables import plan_tables
from midspan.files import hash_text

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import Source

MAX_FRAGMENTS_OF_TASK = 1_000
MAX_REVISIONS = 1_000  # that the data card lists


def plan_source(source: Source, task_bytes: int) -> SourcePlan:
    """Cut a source into tasks of about `task_bytes` of input; the cuts depend on the source's content alone.

    UserError if the source is missing, or is not what the recipe says.
    """
    fragments: Sequence[Fragment]
    excluded: list[Excluded] = []
    facts: dict[str, Any] = {"name": source.label, "kind": source.kind, "content": source.content}
    if source.kind == "stdlib":
        fragments, excluded, fingerprint = plan_standard_library(task_bytes)
        facts["revision"] = fragments[0].repository.revision if fragments else ""
    elif source.kind == "folder":
        fragments, excluded, fingerprint = plan_folder(source.path or "", source.content, task_bytes)
        facts |= _revisions(fragment.repository for fragment in fragments)
    elif source.kind == "git":
        fragments, excluded, repositories = plan_git(source, task_bytes)
        fingerprint = hash_text("\n".join(f"{one.name}\0{one.revision}" for one in repositories))
        facts |= _revisions(repositories)
    elif source.kind == "hub":
        fragments, fingerprint, more = plan_hub(source)
        facts |= more
    else:
        fragments, excluded, fingerprint = plan_tables(source, task_bytes)
        facts["files"] = len({fragment.file for fragment in fragments})
    empty = SourceTask(source.label, source.content, (), overrides_of(source), source.licence or "")
    return SourcePlan(
        tasks=[replace(empty, fragments=joined) for joined in _join(fragments, task_bytes)],
        excluded=sorted(excluded, key=lambda entry: (entry.repository, entry.path)),
        fingerprint=fingerprint,
        facts=facts,
    )


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
