"""The build of a corpus: the stages in their order, each a lookup where an earlier build has done it already."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.stages.amounts import merged
from midspan.corpus.stages.exact import ExactTask, exact
from midspan.corpus.stages.gather import GatherTask, gather
from midspan.corpus.stages.judge import JudgeTask, judge
from midspan.corpus.stages.later import INDEX, LaterTask, later
from midspan.corpus.stages.list import forget_listing
from midspan.corpus.stages.manifest import Manifest, Row, amount_out, combined_hash
from midspan.corpus.stages.mixture import epochs_of
from midspan.corpus.stages.near import NearTask, Shard, near
from midspan.corpus.stages.parts import part_name
from midspan.corpus.stages.places import cut_places
from midspan.corpus.stages.plan import Plan, check_settings, plan_corpus, without_history
from midspan.corpus.stages.read import ReadTask, read
from midspan.corpus.stages.result import EXCLUDING, nothing_left, write_result
from midspan.corpus.stages.survey import HASH_END, Choice, SurveyTask, highest_cap, split_threshold, survey
from midspan.corpus.stages.view import View
from midspan.corpus.stages.workplace import Workplace
from midspan.corpus.stages.write import WriteTask, write
from midspan.engines import EngineChoice, FewHere, start_engine
from midspan.errors import UserError
from midspan.files import hash_text, read_json
from midspan.progress import say

if TYPE_CHECKING:  # worker processes import these modules, and have no need of pydantic
    from midspan.recipe import Corpus

LAST_WORDS = ("statistics.json", "README.md", "card.html")  # on a corpus that is whole; the latter by `report`
WORK = ".work"  # what stages leave for each other; removed when the corpus is whole


def build_corpus(settings: Corpus, output: Path, engine: EngineChoice | None = None, seed: int = 0) -> None:
    """Write train/, heldout/, excluded.jsonl, manifest.jsonl and statistics.json of `settings` into `output`.

    train/ and heldout/ hold Parquet files in DOCUMENT_SCHEMA, the same for any engine and number of workers.
    statistics.json is written last: without it there is no corpus. A build that was killed goes on where it was; one
    that is whole is left alone. UserError if a source is missing, if nothing is fit to keep, or if the disk is full.
    """
    started = time.monotonic()
    check_settings(settings)
    with _user_errors_for_the_disk(output), start_engine(engine or EngineChoice()) as running:
        workplace = Workplace(output / WORK, running, View())
        plan = _plan(settings, seed, output, workplace)
        if is_built(output, plan):
            remove_work(output)
            say(f"corpus: {output} is up to date")
            return
        for line in without_history(plan.settings):
            say(line)
        for name in LAST_WORDS:
            (output / name).unlink(missing_ok=True)
        try:
            rows = _run_stages(plan, workplace)
        except NothingLeftError as error:
            remove_work(output)
            raise nothing_left(plan, error.rows) from None
        index = _evaluation_index(plan, workplace)
        sets = EvaluationIndex.load(index).sets if index else {}
        write_result(plan, rows, workplace, output, sets, time.monotonic() - started)
    remove_work(output)


def _plan(settings: Corpus, seed: int, output: Path, workplace: Workplace) -> Plan:
    """List the sources: where the corpus may be whole, few of them without other processes."""
    if (output / "statistics.json").exists():
        workplace = replace(workplace, engine=FewHere(workplace.engine))
    try:
        return plan_corpus(settings, seed, workplace)
    except UserError:
        forget_listing(workplace)
        for folder in (output / WORK, output):
            with suppress(OSError):  # it holds what an earlier build has done
                folder.rmdir()
        raise


def remove_work(output: Path) -> None:
    """Remove what stages left for each other: of a corpus that is whole, or of a build that cannot go on."""
    shutil.rmtree(output / WORK, ignore_errors=True)


def is_built(output: Path, plan: Plan) -> bool:
    """Whether `output` holds the whole corpus of this plan."""
    try:
        statistics = read_json(output / "statistics.json")
    except (FileNotFoundError, ValueError):
        return False
    whole = all((output / name).exists() for name in ("train", "heldout", "excluded.jsonl", "manifest.jsonl"))
    return whole and statistics.get("fingerprint") == plan.fingerprint


class NothingLeftError(Exception):
    """No document is left after a stage."""

    def __init__(self, rows: dict[str, list[Row]]) -> None:
        super().__init__()
        self.rows = rows


def _run_stages(plan: Plan, workplace: Workplace) -> dict[str, list[Row]]:
    """All stages; the manifest's rows of each."""
    settings = plan.settings
    rows: dict[str, list[Row]] = {"list": plan.listed}

    def note(stage: str, found: list[Row]) -> list[Row]:
        rows[stage] = found
        if stage in EXCLUDING and not amount_out(found)["documents"]:
            raise NothingLeftError(rows)
        return found

    done = note("read", _read(plan, workplace))
    documents = tuple(
        workplace.task_folder("read", row.task) / part_name(part)
        for row in done
        for part in range(len(row.statistics["parts"]))
    )
    copies, row = exact(ExactTask(documents, amount_out(done), combined_hash(done)), workplace)
    note("exact copies", [row])
    judged, count = _judge(plan, workplace, documents, copies, rows)
    gathered = note("gather", _gather(plan, workplace, note("judge", judged), count))
    shards, compared = _near(plan, workplace, gathered)
    note("near copies", compared)
    inputs = [combined_hash([row, *compared]) for row in gathered]
    surveys = [SurveyTask(shard, keys=settings.max_bytes is not None) for shard in shards]
    surveyed = workplace.run("survey", survey, plan.configuration("max_bytes"), list(zip(surveys, inputs, strict=True)))
    choice = _choose(plan, workplace, note("survey", surveyed))
    held_out = None
    if plan.by_time:
        note("later", [_later(plan, workplace)])
        held_out = workplace.task_folder("later", 0) / INDEX
    given = (choice, settings.secrets, settings.order, plan.seed, plan.prose, held_out)
    writes = [WriteTask(shard, *given) for shard in shards]
    configuration = hash_text(f"{plan.configuration('secrets', 'order', 'heldout', 'sources')} {choice}")
    note("write", workplace.run("write", write, configuration, list(zip(writes, inputs, strict=True))))
    return rows


def _read(plan: Plan, workplace: Workplace) -> list[Row]:
    licences, detect = frozenset(plan.settings.licences), plan.settings.encodings == "detected"
    work = [
        (
            ReadTask(task, plan.languages[task.source], licences, plan.settings.shard_bytes, detect),
            hash_text(f"{fingerprint} {number}"),
        )
        for task, number, fingerprint in plan.tasks
    ]
    return workplace.run(
        "read",
        read,
        plan.configuration("source", "sources", "languages", "licences", "encodings", "shard_bytes"),
        work,
    )


def _judge(
    plan: Plan, workplace: Workplace, documents: Sequence[Path], copies: Path, rows: Manifest
) -> tuple[list[Row], int]:
    """Judge what is no copy, and part it into shards; the rows, and how many shards there are."""
    settings = plan.settings
    (searched,) = rows["exact copies"]
    parts = [(count, part, row) for row in rows["read"] for part, count in enumerate(row.statistics["parts"])]
    counts = [count for count, _, _ in parts]
    unique = 1 - searched.statistics["copies"] / sum(counts)
    shards = max(round(amount_out(rows["read"])["bytes"] * unique / settings.shard_bytes), 1)
    cuts = tuple(cut_places((sample for row in rows["read"] for sample in row.statistics["samples"]), shards))
    given = (plan.settings.quality, _evaluation_index(plan, workplace), cuts, plan.scorer)
    starts = [0, *accumulate(counts)]
    work = [
        (JudgeTask(path, copies, start, *given), f"{combined_hash([row, searched])} {part}")
        for path, start, (_, part, row) in zip(documents, starts, parts, strict=False)
    ]
    return workplace.run("judge", judge, plan.configuration("quality", "scorer", "shard_bytes"), work), len(cuts) + 1


def _evaluation_index(plan: Plan, workplace: Workplace) -> Path | None:
    if not plan.decontaminate:
        return None
    path = workplace.folder / f"evaluation-{hash_text(plan.sets)}"
    if not path.exists():
        EvaluationIndex.build(plan.decontaminate).save(path)
    return path


def _gather(plan: Plan, workplace: Workplace, judged: Sequence[Row], shards: int) -> list[Row]:
    senders = tuple(workplace.task_folder("judge", row.task) / "documents.arrow" for row in judged)
    inputs = combined_hash(judged)
    work = [(GatherTask(senders, shard, plan.by_repository), f"{inputs} {shard}") for shard in range(shards)]
    return workplace.run("gather", gather, plan.configuration("near_duplicates"), work)


def _near(plan: Plan, workplace: Workplace, gathered: Sequence[Row]) -> tuple[list[Shard], list[Row]]:
    """Find the near-copies among the shards; the shards with what is dropped of them, and the row of the search."""
    settings = plan.settings.near_duplicates
    folders = [workplace.task_folder("gather", row.task) for row in gathered]
    unit = "repositories" if plan.by_repository else "documents"
    copies, rows = None, []
    if settings is not None:
        files = tuple(folder / f"{unit}.parquet" for folder in folders)
        task = NearTask(files, amount_out(gathered), combined_hash(gathered), settings.threshold)
        copies, row = near(task, workplace)
        rows = [row]
    starts = [0, *accumulate(row.statistics[unit] for row in gathered)]
    shards = [
        Shard(folder / "documents.parquet", copies, start, plan.by_repository)
        for folder, start in zip(folders, starts, strict=False)
    ]
    return shards, rows


def _later(plan: Plan, workplace: Workplace) -> Row:
    """What is held out because it was written later; UserError where that is nothing."""
    settings = plan.settings
    earlier = tuple(task for task, _, _ in plan.tasks if task.source in plan.by_time)
    evaluation = _evaluation_index(plan, workplace)
    licences = frozenset(settings.licences)
    judged_by = (settings.quality, evaluation, settings.secrets, settings.encodings == "detected", plan.scorer)
    task = LaterTask(tuple(plan.later), earlier, plan.languages, licences, *judged_by)
    fields = ("sources", "heldout", "languages", "licences", "quality", "secrets", "encodings", "scorer")
    (row,) = workplace.run("later", later, plan.configuration(*fields), [(task, plan.fingerprint)])
    if not row.statistics["blocks"]:
        left_out = ", ".join(f"{count} {reason}" for reason, count in row.statistics["left out"].items())
        raise UserError(
            f"corpus.heldout.after: the later commits wrote nothing that can be judged ({row.statistics['files']} files"
            f", {row.statistics['there before']} pieces that were there before{left_out and f'; left out: {left_out}'}"
            "): choose an earlier moment, or hold out files (corpus.heldout.files) without it"
        )
    return row


def _choose(plan: Plan, workplace: Workplace, surveyed: Sequence[Row]) -> Choice:
    """What is taken of each group, up to which hash, and which hashes are held out: a few numbers."""
    settings = plan.settings
    available = merged(row.statistics["groups"] for row in surveyed)
    splits = [key for row in surveyed for key in row.statistics["split"]]
    documents = amount_out(surveyed)["documents"]
    cap = HASH_END
    if settings.max_bytes is not None:
        folders = [workplace.task_folder("survey", row.task) for row in surveyed]
        keys = np.concatenate([np.load(folder / "keys.npy") for folder in folders], axis=1)
        cap = highest_cap(keys, settings.max_bytes)
        splits = keys[0][keys[1] <= cap].tolist()
        documents = len(splits)
    threshold = split_threshold(settings.heldout.files, min(splits, default=0), max(splits, default=0), documents)
    groups = {(name.split("\n")[0], name.split("\n")[1]): value for name, value in available.items()}
    return Choice(threshold, cap, epochs_of(settings.all_sources, groups), plan.by_time)


@contextmanager
def _user_errors_for_the_disk(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cut_short = "requested and" in str(error)  # numpy's words for a write that the disk did not take
        if cut_short or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise UserError(
                f"no space left to write the corpus in {output}: free some, and the same command goes on from here"
            ) from error
        raise
