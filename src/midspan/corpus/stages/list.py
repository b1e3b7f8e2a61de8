"""Before the first stage: what the sources hold, listed by tasks; the leader sees counts, sizes and hashes only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midspan.corpus.sources import SourceTask
from midspan.corpus.sources.listings import FragmentFile, cut_tasks
from midspan.corpus.sources.plan import Summary, in_order, list_roots, portions, roots_of, task_of
from midspan.corpus.sources.roots import Root
from midspan.corpus.stages.amounts import Amount, add, amount
from midspan.corpus.stages.exclusions import Exclusions
from midspan.corpus.stages.guard import Guard
from midspan.corpus.stages.manifest import Row
from midspan.corpus.stages.workplace import Workplace
from midspan.files import read_json, write_json

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import Source

STAGE, ROOTS = "list", "roots"
EARLIER, LATER, SUMMARY = "earlier.jsonl", "later.jsonl", "summary.json"


@dataclass(frozen=True)
class ListTask:
    """Some roots of a source: the lines of a file from byte `start` to `stop` - 1."""

    source: Source
    roots: Path
    start: int
    stop: int
    fragment_bytes: int


@dataclass(frozen=True)
class ListedSource:
    """A source that is listed: in which tasks, and what is known of it."""

    source: Source
    folders: Sequence[Path]
    size: int  # bytes of input
    fingerprint: str
    facts: dict[str, Any]

    def tasks(self, task_bytes: int, which: str = EARLIER) -> Iterator[SourceTask]:
        """What is read, or held out because it was written later, in tasks of about `task_bytes`."""
        empty = task_of(self.source)
        for fragments in cut_tasks((folder / which for folder in self.folders), task_bytes):
            yield replace(empty, fragments=fragments)


def list_sources(
    sources: Sequence[Source], fragment_bytes: int, workplace: Workplace
) -> tuple[list[ListedSource], list[Row]]:
    """List the sources anew, for they may have changed; UserError for one that is missing or not what it should be."""
    forget_listing(workplace)
    roots = workplace.folder / ROOTS
    roots.mkdir(parents=True, exist_ok=True)
    work = [list(_tasks(one, roots / f"{n}.jsonl", fragment_bytes)) for n, one in enumerate(sources)]
    rows = workplace.run(STAGE, list_files, "", [(task, "") for tasks in work for task in tasks])
    listed: list[ListedSource] = []
    done = 0
    for source, tasks in zip(sources, work, strict=True):
        folders = [workplace.task_folder(STAGE, number) for number in range(done, done + len(tasks))]
        size = sum(row.statistics["out"]["bytes"] for row in rows[done : done + len(tasks)])
        done += len(tasks)
        summary = Summary()
        for folder in folders:
            summary.join(Summary(**read_json(folder / SUMMARY)))
        listed.append(ListedSource(source, folders, size, summary.stamp, summary.facts_of(source)))
    return listed, rows


def forget_listing(workplace: Workplace) -> None:
    """Remove what an earlier listing left."""
    for name in (STAGE, ROOTS):
        shutil.rmtree(workplace.folder / name, ignore_errors=True)


def _tasks(source: Source, file: Path, fragment_bytes: int) -> Iterator[ListTask]:
    """Write down where the repositories of a source lie, and give each task its lines."""
    start = 0
    with file.open("wb") as stream:
        for portion in portions(roots_of(source)):
            stream.writelines(f"{json.dumps(vars(root))}\n".encode() for root in portion)
            yield ListTask(source, file, start, stream.tell(), fragment_bytes)
            start = stream.tell()


def list_files(task: ListTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write earlier.jsonl and later.jsonl with their sizes, excluded.jsonl and summary.json."""
    earlier, later = FragmentFile(folder / EARLIER), FragmentFile(folder / LATER)
    summary, dropped = Summary(), dict[str, Amount]()
    with (folder / "excluded.jsonl").open("w", encoding="utf-8") as lines:
        for listing in list_roots(task.source, _roots(task), task.fragment_bytes):
            earlier.add(listing.fragments)
            later.add(listing.later)
            summary.add(listing)
            exclusions = Exclusions(STAGE)
            for one in in_order(listing.excluded):
                exclusions.add(one.repository, one.path, one.reason, one.detail, source=task.source.label)
            lines.writelines(exclusions.lines)
            for reason, own in exclusions.dropped.items():
                add(dropped, reason, own["bytes"], own["documents"])
    earlier.close()
    later.close()
    write_json(folder / SUMMARY, vars(summary))
    found = amount(earlier.files, earlier.size)
    return {"in": found, "out": found, "dropped": dropped}


def _roots(task: ListTask) -> Iterator[Root]:
    with task.roots.open("rb") as stream:
        stream.seek(task.start)
        while stream.tell() < task.stop:
            yield Root(**json.loads(stream.readline()))
