"""What is to be built: the recipe's settings checked, every source cut into tasks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midspan.corpus.languages import check_languages
from midspan.corpus.quality import check_overrides
from midspan.corpus.sources import Excluded, SourcePlan, SourceTask, plan_source
from midspan.errors import UserError
from midspan.files import hash_path, hash_text

if TYPE_CHECKING:
    from midspan.recipe import Corpus

LEAST_SHARD = 2_000_000
LARGEST_SHARD = 128 * LEAST_SHARD
MOST_TASKS = 2_000  # every shard is read from every task's output: their number counts twice
FORMAT = 1  # of what stages leave for each other: another one makes an interrupted build begin anew


@dataclass(frozen=True)
class Plan:
    """A corpus before it is built. Two plans of the same fingerprint give the same corpus."""

    settings: Corpus
    seed: int
    tasks: list[tuple[SourceTask, int, str]]  # with its number within the source, and the source's fingerprint
    excluded: list[tuple[str, Excluded]]  # source, and what it passes over
    facts: list[dict[str, Any]]  # of each source: for the data card
    languages: dict[str, frozenset[str] | None]  # source → what is kept of it
    decontaminate: list[Path]
    sets: str  # hash of the evaluation sets
    fingerprint: str  # hash of settings and sources

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
    return Plan(settings, seed, tasks, excluded, facts, languages, files, sets, fingerprint)


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
