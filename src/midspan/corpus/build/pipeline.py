"""The build of a corpus: the stages in their order, each a lookup where an earlier build has done it already."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from midspan.corpus.build.choosing import HASH_END, Choice, Surveying, highest_cap, split_threshold, survey
from midspan.corpus.build.counting import merged
from midspan.corpus.build.deduplicating import find_exact_copies, find_near_copies
from midspan.corpus.build.gathering import Gathering, collect
from midspan.corpus.build.judging import Judging, judge
from midspan.corpus.build.manifest import Row, combined_hash
from midspan.corpus.build.mixture import epochs_of
from midspan.corpus.build.places import cut_places
from midspan.corpus.build.planning import Plan, plan_corpus
from midspan.corpus.build.reading import Reading, read
from midspan.corpus.build.result import nothing_left, write_result
from midspan.corpus.build.stages import Workplace
from midspan.corpus.build.view import View
from midspan.corpus.build.writing import Writing, write
from midspan.engines import EngineChoice, start_engine
from midspan.errors import UserError
from midspan.files import hash_text, read_json
from midspan.progress import say

if TYPE_CHECKING:  # worker processes import these modules, and have no need of pydantic
    from midspan.recipe import Corpus

WORK = ".work"  # what stages leave for each other; removed when the corpus is whole


def build_corpus(settings: Corpus, output: Path, engine: EngineChoice | None = None, seed: int = 0) -> None:
    """Write train/, heldout/, excluded.jsonl, manifest.jsonl and statistics.json of `settings` into `output`.

    train/ and heldout/ hold Parquet files in DOCUMENT_SCHEMA, the same for any engine and number of workers.
    statistics.json is written last: without it there is no corpus. A build that was killed goes on where it was; one
    that is whole is left alone. UserError if a source is missing, if nothing is fit to keep, or if the disk is full.
    """
    started = time.monotonic()
    plan = plan_corpus(settings, seed)
    if is_built(output, plan):
        say(f"corpus: {output} is up to date")
        return
    output.mkdir(parents=True, exist_ok=True)
    (output / "statistics.json").unlink(missing_ok=True)
    with _user_errors_for_the_disk(output), start_engine(engine or EngineChoice()) as running:
        place = Workplace(output / WORK, running, View())
        rows = _run_stages(plan, place)
        if not sum(row.statistics["out"]["documents"] for row in rows["write"]):
            shutil.rmtree(output / WORK)
            raise nothing_left(plan, rows)
        write_result(plan, rows, place, output, time.monotonic() - started)
    shutil.rmtree(output / WORK)


def is_built(output: Path, plan: Plan) -> bool:
    """Whether `output` holds the whole corpus of this plan."""
    try:
        statistics = read_json(output / "statistics.json")
    except (FileNotFoundError, ValueError):
        return False
    whole = all((output / name).exists() for name in ("train", "heldout", "excluded.jsonl", "manifest.jsonl"))
    return whole and statistics.get("fingerprint") == plan.fingerprint


def _run_stages(plan: Plan, place: Workplace) -> dict[str, list[Row]]:
    """All stages; the manifest's rows of each."""
    settings = plan.settings
    read_rows = _read(plan, place)
    documents = [place.task_folder("read", row.task) / "documents.parquet" for row in read_rows]
    copies, exact_row = find_exact_copies(place, documents, combined_hash(read_rows))
    judged_rows, cuts = _judge(plan, place, read_rows, documents, copies, exact_row)
    gathered_rows = _gather(plan, place, judged_rows, cuts)
    surveyings, near_rows = _deduplicate(plan, place, gathered_rows)
    after_near = [combined_hash([row, *near_rows]) for row in gathered_rows]
    surveyed_rows = place.run(
        "survey", survey, plan.configuration("max_bytes"), list(zip(surveyings, after_near, strict=True))
    )
    choice = _choose(plan, place, surveyed_rows)
    writings = [
        Writing(surveying, choice, settings.secrets, settings.order, plan.seed, plan.prose) for surveying in surveyings
    ]
    written_key = hash_text(f"{plan.configuration('secrets', 'order')} {choice}")
    written_rows = place.run("write", write, written_key, list(zip(writings, after_near, strict=True)))
    return {
        "read": read_rows,
        "exact copies": [exact_row],
        "judge": judged_rows,
        "gather": gathered_rows,
        "near copies": near_rows,
        "survey": surveyed_rows,
        "write": written_rows,
    }


def _read(plan: Plan, place: Workplace) -> list[Row]:
    licences = frozenset(plan.settings.licences)
    work = [
        (
            Reading(task, plan.languages[task.source], licences, plan.settings.shard_bytes),
            hash_text(f"{fingerprint} {number}"),
        )
        for task, number, fingerprint in plan.tasks
    ]
    return place.run(
        "read", read, plan.configuration("source", "sources", "languages", "licences", "shard_bytes"), work
    )


def _judge(
    plan: Plan,
    place: Workplace,
    read_rows: Sequence[Row],
    documents: Sequence[Path],
    copies: Path,
    exact: Row,
) -> tuple[list[Row], tuple[tuple[str, str], ...]]:
    """Judge what is no copy; the rows, and where the shards are cut."""
    counts = [row.statistics["out"]["documents"] for row in read_rows]
    size = sum(row.statistics["out"]["bytes"] for row in read_rows)
    unique = 1 - exact.statistics["copies"] / max(sum(counts), 1)
    shards = max(round(size * unique / plan.settings.shard_bytes), 1)
    cuts = tuple(cut_places((sample for row in read_rows for sample in row.statistics["samples"]), shards))
    evaluation = _evaluation_index(plan, place)
    starts = [0, *accumulate(counts)]
    work = [
        (Judging(path, copies, start, plan.settings.quality, evaluation, cuts), combined_hash([row, exact]))
        for path, start, row in zip(documents, starts, read_rows, strict=False)
    ]
    return place.run("judge", judge, plan.configuration("quality", "shard_bytes"), work), cuts


def _evaluation_index(plan: Plan, place: Workplace) -> Path | None:
    if not plan.decontaminate:
        return None
    from midspan.corpus.decontamination import EvaluationIndex

    path = place.folder / "evaluation-index"
    EvaluationIndex.build(plan.decontaminate).save(path)
    return path


def _gather(plan: Plan, place: Workplace, judged: Sequence[Row], cuts: Sequence[tuple[str, str]]) -> list[Row]:
    near = plan.settings.near_duplicates
    senders = tuple(place.task_folder("judge", row.task) / "documents.arrow" for row in judged)
    work = [
        (Gathering(senders, shard, near is not None and near.level == "repository"), f"{combined_hash(judged)} {shard}")
        for shard in range(len(cuts) + 1)
    ]
    return place.run("gather", collect, plan.configuration("near_duplicates"), work)


def _deduplicate(plan: Plan, place: Workplace, gathered: Sequence[Row]) -> tuple[list[Surveying], list[Row]]:
    """Find the near-copies among the shards; each shard with what is dropped of it."""
    near = plan.settings.near_duplicates
    folders = [place.task_folder("gather", row.task) for row in gathered]
    by_repository = near is not None and near.level == "repository"
    unit = "repositories" if by_repository else "documents"
    dropped, rows = None, []
    if near is not None:
        shards = [folder / f"{unit}.parquet" for folder in folders]
        dropped, row = find_near_copies(place, shards, near.threshold, combined_hash(gathered))
        rows = [row]
    starts = [0, *accumulate(row.statistics[unit] for row in gathered)]
    keys = plan.settings.max_bytes is not None
    surveyings = [
        Surveying(folder / "documents.parquet", dropped, start, by_repository, keys)
        for folder, start in zip(folders, starts, strict=False)
    ]
    return surveyings, rows


def _choose(plan: Plan, place: Workplace, surveyed: Sequence[Row]) -> Choice:
    """What is taken of each group, up to which hash, and which hashes are held out: a few numbers."""
    settings = plan.settings
    available = merged(row.statistics["groups"] for row in surveyed)
    splits = [key for row in surveyed for key in row.statistics["split"]]
    documents = sum(row.statistics["out"]["documents"] for row in surveyed)
    cap = HASH_END
    if settings.max_bytes is not None:
        keys = np.concatenate([np.load(place.task_folder("survey", row.task) / "keys.npy") for row in surveyed], axis=1)
        cap = highest_cap(keys, settings.max_bytes)
        splits = keys[0][keys[1] <= cap].tolist()
        documents = len(splits)
    threshold = split_threshold(settings.heldout_fraction, min(splits, default=0), max(splits, default=0), documents)
    groups = {(name.split("\n")[0], name.split("\n")[1]): value for name, value in available.items()}
    return Choice(threshold, cap, epochs_of(settings.all_sources, groups))


@contextmanager
def _user_errors_for_the_disk(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise UserError(
                f"no space left to write the corpus in {output}: free some, and the same command goes on from here"
            ) from error
        raise
