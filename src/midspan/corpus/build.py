"""Building a corpus: list files, read them in shards, drop copies, split, write."""

from __future__ import annotations

import errno
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.choosing import cap_bytes, choose_heldout, drop_copies
from midspan.corpus.documents import DOCUMENT_SCHEMA
from midspan.corpus.languages import check_languages
from midspan.corpus.licences import licence_class
from midspan.corpus.listing import Excluded, SourceFile, list_source
from midspan.corpus.reading import Candidate, ReadingResult, ReadingTask, read_shard
from midspan.engines import TaskLostError, run_tasks
from midspan.errors import UserError
from midspan.files import atomic_file, write_json, write_jsonl

if TYPE_CHECKING:  # worker processes import this package, and have no need of pydantic
    from midspan.recipe import Corpus

SHARD_BYTES = 1_000_000  # of files in one task: a tenth of a second of work
TASK_SECONDS = 300.0


def build_corpus(settings: Corpus, output: Path, workers: int) -> None:
    """Write train.parquet, heldout.parquet, excluded.jsonl and statistics.json of `settings` into `output`.

    The parquet files are the same for any number of workers. statistics.json is written last: without it there is
    no corpus. UserError if the source is missing, if nothing in it is fit to keep, or if the disk is full.
    """
    started = time.monotonic()
    languages = None if settings.languages is None else check_languages(settings.languages)
    if not 0 <= settings.heldout_fraction < 1:
        raise UserError(f"corpus.heldout_fraction is {settings.heldout_fraction}: it must be at least 0 and below 1")
    with _user_errors_for_the_disk(output), _scratch(output) as scratch:
        listing = list_source(settings.source)
        listed = len(listing.files) + len(listing.excluded)
        shards = _read_all(listing.files, scratch, settings.source, languages, workers)
        candidates = [candidate for shard in shards for candidate in shard.candidates]
        excluded = listing.excluded + [entry for shard in shards for entry in shard.excluded]
        candidates, dropped = drop_copies(candidates)
        excluded += dropped
        if settings.max_bytes is not None:
            candidates, dropped = cap_bytes(candidates, settings.max_bytes)
            excluded += dropped
        if not candidates:
            raise _nothing_left(settings.source, excluded)
        heldout = choose_heldout(candidates, settings.heldout_fraction)
        _write_documents(shards, candidates, heldout, output)
        excluded.sort(key=lambda entry: (entry.repository, entry.path))
        write_jsonl(output / "excluded.jsonl", [asdict(entry) for entry in excluded])
        statistics = _statistics(candidates, heldout, excluded, listed, settings)
        statistics["seconds"] = round(time.monotonic() - started, 2)
        write_json(output / "statistics.json", statistics)


def _read_all(
    files: Sequence[SourceFile], scratch: Path, source: str, languages: frozenset[str] | None, workers: int
) -> list[ReadingResult]:
    """Read all files in tasks; a file that crashes or hangs its process is excluded, alone."""
    tasks = [
        ReadingTask(shard, scratch / f"{index:06d}.parquet", source, languages)
        for index, shard in enumerate(_shards(files))
    ]
    results: list[ReadingResult] = []
    for task, outcome in zip(tasks, run_tasks(read_shard, tasks, workers, TASK_SECONDS, "corpus"), strict=True):
        if outcome.value is not None:
            results.append(outcome.value)
        elif isinstance(outcome.error, TaskLostError):
            results += _read_singly(task, workers)
        else:
            assert outcome.error is not None
            raise outcome.error
    return results


def _read_singly(task: ReadingTask, workers: int) -> list[ReadingResult]:
    """Read the files of a lost task one by one, so that only the one at fault is excluded."""
    singles = [
        replace(task, files=[file], output=task.output.with_suffix(f".{index:06d}.parquet"))
        for index, file in enumerate(task.files)
    ]
    results: list[ReadingResult] = []
    timeout = max(TASK_SECONDS / 10, 1)
    for single, outcome in zip(singles, run_tasks(read_shard, singles, workers, timeout, "retry"), strict=True):
        if outcome.value is not None:
            results.append(outcome.value)
        elif isinstance(outcome.error, TaskLostError):
            file = single.files[0]
            results.append(
                ReadingResult(
                    single.output,
                    [],
                    [Excluded(file.repository, file.path, "broke its process", str(outcome.error))],
                )
            )
        else:
            assert outcome.error is not None
            raise outcome.error
    return results


def _shards(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Cut the files into runs of about SHARD_BYTES; the cuts depend on the files alone."""
    shard: list[SourceFile] = []
    size = 0
    for file in files:
        shard.append(file)
        size += file.size
        if size >= SHARD_BYTES:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _write_documents(
    shards: Sequence[ReadingResult], kept: Sequence[Candidate], heldout: set[str], output: Path
) -> None:
    """Copy the kept documents from the shards into the two files, a shard at a time."""
    places = {(one.repository, one.path) for one in kept}
    with (
        atomic_file(output / "train.parquet") as train_file,
        atomic_file(output / "heldout.parquet") as heldout_file,
        pq.ParquetWriter(train_file, DOCUMENT_SCHEMA, compression="zstd") as train,
        pq.ParquetWriter(heldout_file, DOCUMENT_SCHEMA, compression="zstd") as held,
    ):
        for shard in shards:
            keep = [(one.repository, one.path) in places for one in shard.candidates]
            if not any(keep):
                continue
            in_heldout = [one.id in heldout for one in shard.candidates]
            table = pq.read_table(shard.output, schema=DOCUMENT_SCHEMA)
            for writer, side in ((train, False), (held, True)):
                mask = [k and side == h for k, h in zip(keep, in_heldout, strict=True)]
                if any(mask):
                    writer.write_table(table.filter(pa.array(mask)))


def _statistics(
    kept: Sequence[Candidate], heldout: set[str], excluded: Sequence[Excluded], listed: int, settings: Corpus
) -> dict[str, Any]:
    """What the data card says: how much there is, of what, and what was left out for which reason."""

    def by(key: Callable[[Candidate], str]) -> dict[str, dict[str, int]]:
        groups: dict[str, list[Candidate]] = {}
        for one in kept:
            groups.setdefault(key(one), []).append(one)
        return {name: _amount(group) for name, group in sorted(groups.items(), key=lambda item: -_bytes(item[1]))}

    return {
        "source": settings.source,
        "listed": listed,
        **_amount(kept),
        "train": _amount([one for one in kept if one.id not in heldout]),
        "heldout": _amount([one for one in kept if one.id in heldout]),
        "max_bytes": settings.max_bytes,
        "by_reason": dict(Counter(entry.reason for entry in excluded).most_common()),
        "by_language": by(lambda one: one.language),
        "by_licence": by(lambda one: one.licence),
        "by_licence_class": by(lambda one: licence_class(one.licence)),
        "by_repository": by(lambda one: one.repository),
    }


def _bytes(candidates: Iterable[Candidate]) -> int:
    return sum(one.size for one in candidates)


def _amount(candidates: Sequence[Candidate]) -> dict[str, int]:
    return {"documents": len(candidates), "bytes": _bytes(candidates)}


def _nothing_left(source: str, excluded: Sequence[Excluded]) -> UserError:
    reasons = Counter(entry.reason for entry in excluded).most_common(4)
    why = ", ".join(f"{count} {reason}" for reason, count in reasons) or "it holds no files"
    return UserError(f"corpus.source: no file of {source} can be kept ({why}); check the source and corpus.languages")


@contextmanager
def _scratch(output: Path) -> Iterator[Path]:
    """A folder for the shards, removed at the end; the mark of an earlier corpus is removed first."""
    output.mkdir(parents=True, exist_ok=True)
    (output / "statistics.json").unlink(missing_ok=True)
    scratch = output / ".shards.part"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _user_errors_for_the_disk(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise UserError(f"no space left to write the corpus in {output}: free some, or choose another") from error
        raise
