"""Near-deduplication through files: signatures, buckets, verified pairs, the greedy choice; in rounds until settled.

Every step is a bounded task from files to one file. Documents are numbered through the shards; the memory of the
process that leads is 20 bytes per document and 80 per pair of near-copies, that of a task is bounded by the settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.dedup.buckets import GroupTask, group_bands
from midspan.corpus.dedup.candidates import REACHES, THRESHOLD
from midspan.corpus.dedup.dropped import write_dropped
from midspan.corpus.dedup.keep import greedy_keep
from midspan.corpus.dedup.priority import PriorityTask, rank_documents, write_sort_keys
from midspan.corpus.dedup.shingles import Indices
from midspan.corpus.dedup.signature_files import SignatureTask, read_bands, write_signatures
from midspan.corpus.dedup.signatures import BANDS, SCHEME
from midspan.corpus.dedup.tasks import Run, claim, document_starts, run_here, run_missing
from midspan.corpus.dedup.verification import VerificationTask, verify_pairs
from midspan.files import atomic_file


@dataclass(frozen=True)
class NearSettings:
    """What decides the result (threshold, seed), and how much a task takes on (it changes nothing)."""

    threshold: float = THRESHOLD
    seed: int = 0
    group_documents: int = 8_000_000  # in one grouping task (times bands, where they are few): about 70 bytes each
    verify_documents: int = 200_000  # whose pairs one verification task takes
    verify_bytes: int = 64 << 20  # of text at a time in a verification task


@dataclass(frozen=True)
class DroppedTask:
    """The dropped documents among the verified pairs of one part, from all rounds."""

    verified: tuple[Path, ...]
    survivors: Path
    output: Path


def near_duplicates_in_files(
    shards: Sequence[Path],
    work: Path,
    settings: NearSettings | None = None,
    run: Run = run_here,
    fingerprint: str = "",
) -> Path:
    """Find near-copies among documents shards; returns the folder for `read_dropped`.

    The answer is that of `near_duplicates` on all the texts, for any sharding and any order of the tasks. `fingerprint`
    names the content of `shards`; `work` is this step's own folder: run again after a kill, it goes on.
    """
    settings = settings or NearSettings()
    starts = document_starts(shards)
    assert starts[-1] < 2**32, "a pair of documents is packed into 64 bits"
    plan = {"shards": [str(shard) for shard in shards], "starts": starts, "fingerprint": fingerprint, "scheme": SCHEME}
    claim(work, {**plan, **asdict(settings)})
    if not starts[-1]:
        (work / "dropped").mkdir(exist_ok=True)
        return work / "dropped"
    _prepare(shards, starts, work, settings, run)
    round_ = 0
    while _round(shards, starts, work, settings, run, round_):
        round_ += 1
    tasks = [
        DroppedTask(
            tuple(work / f"verified-{earlier:03d}" / f"{part:06d}.parquet" for earlier in range(round_ + 1)),
            work / f"survivors-{round_ + 1:03d}.npy",
            work / "dropped" / f"{part:06d}.parquet",
        )
        for part in range(len(_parts(starts[-1], settings)))
    ]
    run_missing(run, list_dropped, tasks, "near-copies")
    return work / "dropped"


def _prepare(shards: Sequence[Path], starts: Sequence[int], work: Path, settings: NearSettings, run: Run) -> None:
    """Signatures of every shard, and of every document its rank, its size and (as yet none) its survivor."""
    count = starts[-1]
    names = [f"{index:06d}.parquet" for index in range(len(shards))]
    signed = [
        SignatureTask(shard, work / "signatures" / name.removesuffix(".parquet"), settings.seed)
        for shard, name in zip(shards, names, strict=True)
    ]
    run_missing(run, write_signatures, signed, "signatures")
    keyed = [
        PriorityTask(shard, start, work / "priorities" / name)
        for shard, start, name in zip(shards, starts[:-1], names, strict=True)
    ]
    run_missing(run, write_sort_keys, keyed, "priorities")
    if not (work / "ranks.npy").exists():
        rank_documents([task.output for task in keyed], count, work / "ranks.npy")
    if not (work / "sizes.npy").exists():
        sizes, filled = np.zeros(count, np.int64), np.zeros(count, np.int64)
        for task, start in zip(signed, starts[:-1], strict=True):
            columns = read_bands(task.output, ["row", "bytes", "filled"], settings.seed)
            sizes[start + columns["row"].to_numpy()] = columns["bytes"].to_numpy()
            filled[start + columns["row"].to_numpy()] = columns["filled"].to_numpy()
        save_array(filled, work / "filled.npy")
        save_array(sizes, work / "sizes.npy")
    if not (work / "survivors-000.npy").exists():
        save_array(np.full(count, -1, np.int64), work / "survivors-000.npy")


def _round(
    shards: Sequence[Path], starts: Sequence[int], work: Path, settings: NearSettings, run: Run, round_: int
) -> bool:
    """Compare survivors with a few more of their buckets, and choose again; False once nothing is left to compare."""
    survivors, following = work / f"survivors-{round_:03d}.npy", work / f"survivors-{round_ + 1:03d}.npy"
    reach = REACHES[min(round_, len(REACHES) - 1)]
    together = min(max(settings.group_documents // max(starts[-1], 1), 1), BANDS)  # bands of a task
    ranges = -(-starts[-1] // settings.group_documents) or 1
    signed = tuple(work / "signatures" / f"{index:06d}" for index in range(len(shards)))
    groups = [
        GroupTask(
            signed,
            tuple(starts),
            work / "ranks.npy",
            work / "filled.npy",
            survivors,
            tuple(range(band, min(band + together, BANDS))),
            (part * 2**64 // ranges, (part + 1) * 2**64 // ranges),
            reach,
            settings.threshold,
            settings.seed,
            work / f"pairs-{round_:03d}" / f"{band:02d}-{part:04d}.npy",
        )
        for band in range(0, BANDS, together)
        for part in range(ranges)
    ]
    run_missing(run, group_bands, groups, f"buckets, round {round_ + 1}")
    verified = [
        VerificationTask(
            tuple(shards),
            tuple(starts),
            bounds,
            tuple(task.output for task in groups),
            tuple(work / f"verified-{earlier:03d}" / f"{part:06d}.parquet" for earlier in range(round_)),
            work / "sizes.npy",
            settings.threshold,
            settings.verify_bytes,
            settings.seed,
            work / f"verified-{round_:03d}" / f"{part:06d}.parquet",
        )
        for part, bounds in enumerate(_parts(starts[-1], settings))
    ]
    run_missing(run, verify_pairs, verified, f"compare, round {round_ + 1}")
    fresh = sum(pq.ParquetFile(task.output).metadata.num_rows for task in verified)
    if not following.exists():
        better, worse = _alike([path for task in verified for path in (*task.earlier, task.output)], settings.threshold)
        save_array(greedy_keep(better, worse, np.load(work / "ranks.npy")), following)
    return fresh > 0 or reach < REACHES[-1]


def list_dropped(task: DroppedTask) -> None:
    """Write, for each document that is dropped, the pair that it is dropped for."""
    survivors = np.load(task.survivors, mmap_mode="r")
    pairs = pa.concat_tables([pq.read_table(path, use_threads=False) for path in task.verified])
    worse = pairs["worse"].to_numpy()
    decisive = pairs.filter(pa.array(survivors[worse] == pairs["better"].to_numpy()))
    renamed = decisive.rename_columns({"better": "survivor", "worse": "document"})
    write_dropped(renamed.select(["document", "survivor", "similarity", "repository", "path", "source"]), task.output)


def _parts(count: int, settings: NearSettings) -> list[tuple[int, int]]:
    """The ranges of document numbers whose pairs are verified together."""
    step = settings.verify_documents
    return [(start, min(start + step, count)) for start in range(0, max(count, 1), step)]


def _alike(paths: Sequence[Path], threshold: float) -> tuple[Indices, Indices]:
    """All pairs of the verified files that reach the threshold."""
    better, worse = zip(*_read_alike(paths, threshold), strict=True)
    return np.concatenate(better), np.concatenate(worse)


def _read_alike(paths: Sequence[Path], threshold: float) -> Iterator[tuple[Indices, Indices]]:
    for path in paths:
        table = pq.read_table(path, columns=["better", "worse", "similarity"], use_threads=False)
        alike = table["similarity"].to_numpy() >= threshold
        yield table["better"].to_numpy()[alike], table["worse"].to_numpy()[alike]


def save_array(array: np.ndarray[tuple[int, ...], np.dtype[np.int64]], path: Path) -> None:
    """Save an array whole or not at all."""
    with atomic_file(path) as aside, aside.open("wb") as stream:
        np.save(stream, array)
