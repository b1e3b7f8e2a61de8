"""What is to be built: the recipe's settings checked, every source listed and cut into tasks."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midspan.corpus.languages import check_languages
from midspan.corpus.quality import check_overrides
from midspan.corpus.scorer import OwnJudge
from midspan.corpus.sources import SourceTask, has_history, repositories_in
from midspan.corpus.sources.plan import task_of
from midspan.corpus.stages.list import LATER, list_sources
from midspan.corpus.stages.manifest import Row
from midspan.corpus.stages.view import View
from midspan.corpus.stages.workplace import Workplace
from midspan.engines import FewHere, LocalEngine
from midspan.errors import UserError
from midspan.files import hash_path, hash_text

if TYPE_CHECKING:
    from midspan.recipe import Corpus

LEAST_SHARD = 2_000_000
LARGEST_SHARD = 128 * LEAST_SHARD
MOST_TASKS = 2_000  # every shard is read from every task's output: their number counts twice
FORMAT = 3  # of what stages leave for each other: another one makes an interrupted build begin anew


@dataclass(frozen=True)
class Plan:
    """A corpus before it is built. Two plans of the same fingerprint give the same corpus."""

    settings: Corpus  # with every source written out
    seed: int
    tasks: list[tuple[SourceTask, int, str]]  # with its number within the source, and the source's fingerprint
    listed: list[Row]  # of the tasks that listed the sources
    facts: list[dict[str, Any]]  # of each source: for the data card
    languages: dict[str, frozenset[str] | None]  # source → what is kept of it
    decontaminate: list[Path]
    sets: str  # hash of the evaluation sets, and of the scorer
    fingerprint: str  # hash of settings and sources
    later: list[SourceTask]  # what is held out because it was written later

    def configuration(self, *fields: str) -> str:
        """A hash of some of the settings: what a stage depends on beside its inputs."""
        values = self.settings.model_dump(mode="json")
        return hash_text(f"{FORMAT} {self.seed} {self.sets} {json.dumps([values[field] for field in fields])}")

    @property
    def scorer(self) -> OwnJudge | None:
        """What judges beside the rules."""
        return OwnJudge.of(self.settings)

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


def check_settings(settings: Corpus) -> None:
    """UserError for what is missing or unknown, before any work; what of the sources is, listing them says."""
    check_overrides(settings.quality)
    for chosen in (settings, *settings.all_sources):
        if chosen.languages is not None:
            check_languages(chosen.languages)
    for source in settings.all_sources:
        task_of(source)
    OwnJudge.of(settings)
    for name in settings.decontaminate:
        if not Path(name).expanduser().is_file():
            raise UserError(f"corpus.decontaminate: no file {Path(name).expanduser()}")


def plan_corpus(settings: Corpus, seed: int, workplace: Workplace) -> Plan:
    """Check the settings and list the sources; UserError for what is missing or unknown."""
    check_settings(settings)
    settings = written_out(settings)
    chosen = None if settings.languages is None else check_languages(settings.languages)
    sources = settings.all_sources
    sources_listed, rows = list_sources(sources, min(settings.shard_bytes or LEAST_SHARD, LEAST_SHARD), workplace)
    shard_bytes = settings.shard_bytes or shard_bytes_for(sum(one.size for one in sources_listed))
    settings = settings.model_copy(update={"shard_bytes": shard_bytes})
    tasks = [
        (task, number, one.fingerprint) for one in sources_listed for number, task in enumerate(one.tasks(shard_bytes))
    ]
    facts = [{**one.facts, "fingerprint": one.fingerprint} for one in sources_listed]
    languages = {
        source.label: chosen if source.languages is None else check_languages(source.languages) for source in sources
    }
    files = [Path(name).expanduser() for name in settings.decontaminate]
    scorer = OwnJudge.of(settings)
    sets = " ".join(hash_path(file) for file in [*files, *([scorer.folder] if scorer else [])])
    prints = [one.fingerprint for one in sources_listed]
    fingerprint = hash_text(f"{FORMAT} {seed} {settings.model_dump_json()} {sets} {prints}")
    later = [task for one in sources_listed for task in one.tasks(shard_bytes, LATER)]
    return Plan(settings, seed, tasks, rows, facts, languages, files, sets, fingerprint, later)


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


def shard_bytes_for(size: int) -> int:
    """About how many bytes a task reads, such that MOST_TASKS are enough for `size` bytes of input."""
    shard_bytes = LEAST_SHARD
    while size > MOST_TASKS * shard_bytes and shard_bytes < LARGEST_SHARD:
        shard_bytes *= 2
    return shard_bytes


@contextmanager
def planned(settings: Corpus, seed: int) -> Iterator[Plan]:
    """A plan to look at, whose listings are gone after the block; nothing is written where a corpus would be.

    The sources are listed by processes of this machine, or where there is little to do by this one. UserError as
    `plan_corpus`.
    """
    check_settings(settings)
    with tempfile.TemporaryDirectory(prefix="midspan-list-") as scratch, LocalEngine(os.cpu_count() or 1) as processes:
        yield plan_corpus(settings, seed, Workplace(Path(scratch), FewHere(processes), View(shown=False)))


def corpus_fingerprint(settings: Corpus, seed: int) -> str:
    """A hash that changes with the settings, with a file of a source, and with an evaluation set."""
    with planned(settings, seed) as plan:
        return plan.fingerprint
