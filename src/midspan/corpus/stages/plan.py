"""What is to be built: the recipe's settings checked, every source cut into tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midspan.corpus.languages import check_languages
from midspan.corpus.quality import check_overrides
from midspan.corpus.sources import Excluded, SourcePlan, SourceTask, has_history, plan_source, repositories_in
from midspan.errors import UserError
from midspan.files import hash_path, hash_text

if TYPE_CHECKING:
    from midspan.recipe import Corpus

LEAST_SHARD = 2_000_000
LARGEST_SHARD = 128 * LEAST_SHARD
MOST_TASKS = 2_000  # every shard is read from every task's output: their number counts twice
FORMAT = 2  # of what stages leave for each other: another one makes an interrupted build begin anew


@dataclass(frozen=True)
class Plan:
    """A corpus before it is built. Two plans of the same fingerprint give the same corpus."""

    settings: Corpus  # with every source written out
    seed: int
    tasks: list[tuple[SourceTask, int, str]]  # with its number within the source, and the source's fingerprint
    excluded: list[tuple[str, Excluded]]  # source, and what it passes over
    facts: list[dict[str, Any]]  # of each source: for the data card
    languages: dict[str, frozenset[str] | None]  # source → what is kept of it
    decontaminate: list[Path]
    sets: str  # hash of the evaluation sets
    fingerprint: str  # hash of settings and sources
    later: list[SourceTask]  # what is held out because it was written later

    def configuration(self, *fields: str) -> str:
        """A hash of some of the settings: what a stage depends on beside its inputs."""
        values = self.settings.model_dump(mode="json")
        return hash_text(f"{FORMAT} {self.seed} {self.sets} {json.dumps([values[field] for field in fields])}")

    @property
    def by_repository(self) -> bool:
        """Whether near-copies are sought among whole repositories."""
        near = self.settings.near_duplicates
        return near is not None and near.level == "repository"

    @property
    def by_time(self) -> frozenset[str]:
        """The sources of which the later commits are held out, and no other files."""
        sources = self.settings.all_sources
        return frozenset(source.label for source in sources if getattr(source, "heldout_after", None) is not None)

    @property
    def prose(self) -> frozenset[str]:
        """The sources that hold no code."""
        return frozenset(source.label for source in self.settings.all_sources if source.content != "code")


def plan_corpus(settings: Corpus, seed: int) -> Plan:
    """Check the settings and list the sources; UserError for what is missing or unknown."""
    check_overrides(settings.quality)
    chosen = None if settings.languages is None else check_languages(settings.languages)
    files = [Path(name).expanduser() for name in settings.decontaminate]
    for file in files:
        if not file.is_file():
            raise UserError(f"corpus.decontaminate: no file {file}")
    tasks: list[tuple[SourceTask, int, str]] = []
    excluded: list[tuple[str, Excluded]] = []
    facts: list[dict[str, Any]] = []
    languages: dict[str, frozenset[str] | None] = {}
    settings = written_out(settings)
    shard_bytes, plans = _plan_sources(settings)
    settings = settings.model_copy(update={"shard_bytes": shard_bytes})
    for source, plan in zip(settings.all_sources, plans, strict=True):
        tasks += [(task, number, plan.fingerprint) for number, task in enumerate(plan.tasks)]
        excluded += [(source.label, entry) for entry in plan.excluded]
        facts.append({**plan.facts, "fingerprint": plan.fingerprint})
        languages[source.label] = chosen if source.languages is None else check_languages(source.languages)
    sets = " ".join(hash_path(file) for file in files)
    prints = [fact["fingerprint"] for fact in facts]
    fingerprint = hash_text(f"{FORMAT} {seed} {settings.model_dump_json()} {sets} {prints}")
    later = [task for plan in plans for task in plan.later]
    return Plan(settings, seed, tasks, excluded, facts, languages, files, sets, fingerprint, later)


def written_out(settings: Corpus) -> Corpus:
    """The settings with every source, and of git sources the moment after which their commits are held out.

    With such a moment, a repository that `source` names is one of git, where it has a history.
    """
    from midspan.recipe import GitSource  # worker processes have no need of pydantic

    after = settings.heldout.after
    if after is None:
        return settings
    sources = settings.all_sources
    if not settings.sources and settings.source != "stdlib" and has_history(Path(settings.source).expanduser()):
        sources = [GitSource(path=settings.source)]
    return settings.model_copy(
        update={
            "sources": [
                source.model_copy(update={"heldout_after": after})
                if isinstance(source, GitSource) and source.heldout_after is None
                else source
                for source in sources
            ]
        }
    )


def without_history(settings: Corpus) -> Iterator[str]:
    """Of which sources no later commits can be held out though the recipe asks for it, and what is done instead."""
    from midspan.recipe import FolderSource, GitSource

    if settings.heldout.after is None:
        return
    share = settings.heldout.files
    instead = f"a share of its files ({share:g}) is" if share else "nothing of it is"
    for source in settings.all_sources:
        if isinstance(source, GitSource):
            continue
        within = repositories_in(Path(source.path).expanduser()) if isinstance(source, FolderSource) else []
        names = ", ".join(within[:3]) + (", …" if len(within) > 3 else "")
        hint = f"; a source of kind git would hold out what the later commits of {names} wrote" if within else ""
        yield f"corpus.heldout.after: {source.label} is read without a history: {instead} held out{hint}"


def _plan_sources(settings: Corpus) -> tuple[int, list[SourcePlan]]:
    """The sources cut into tasks of about so many bytes: as the recipe says, or so that MOST_TASKS are enough."""
    shard_bytes = settings.shard_bytes or LEAST_SHARD
    while True:
        plans = [plan_source(source, shard_bytes) for source in settings.all_sources]
        size = sum(task.size for plan in plans for task in plan.tasks)
        if settings.shard_bytes or shard_bytes == LARGEST_SHARD or size <= MOST_TASKS * shard_bytes:
            return shard_bytes, plans
        while size > MOST_TASKS * shard_bytes and shard_bytes < LARGEST_SHARD:
            shard_bytes *= 2


def corpus_fingerprint(settings: Corpus, seed: int) -> str:
    """A hash that changes with the settings, with a file of a source, and with an evaluation set."""
    return plan_corpus(settings, seed).fingerprint
