"""Last stage: one shard as it is trained on: no near-copies, no secrets, files of a repository in order, split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from midspan.corpus.documents import content_id, to_table
from midspan.corpus.later import BlockIndex
from midspan.corpus.repositories import order_files
from midspan.corpus.secrets import redact
from midspan.corpus.stages.amounts import Amount, add, merged, total
from midspan.corpus.stages.exclusions import Exclusions
from midspan.corpus.stages.guard import Guard, QuarantinedError
from midspan.corpus.stages.near import Shard, near_copies
from midspan.corpus.stages.survey import Choice, cap_key, pass_key, split_key
from midspan.corpus.stages.tables import ROW_GROUP, StagedDocument, documents_of, write_documents

MOST_REPOSITORIES = 100  # of a shard, named in the statistics


@dataclass(frozen=True)
class WriteTask:
    """One shard, and what is decided for the whole corpus."""

    shard: Shard
    choice: Choice
    secrets: bool
    order: Literal["dependency", "random"]
    seed: int
    prose: frozenset[str]  # sources whose files are no code: they keep their order
    later: Path | None = None  # the index of blocks that are held out: what holds one is not trained on


@dataclass(frozen=True)
class Cleaned:
    """A document without its secrets, and the hash it had with them: by that one it is held out, or taken again."""

    document: StagedDocument
    key: str

    @property
    def group(self) -> tuple[str, str]:
        """What it is counted under in the mixture."""
        return self.document.source, self.document.language


def write(task: WriteTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write train-00.parquet (of the first pass; train-01 of the second …), heldout.parquet and excluded.jsonl.

    A file is not written where it would be empty. Repositories keep their order; the files of one are in `order`.
    """
    exclusions = Exclusions("write")
    secrets: Counter[str] = Counter()
    files: dict[str, list[StagedDocument]] = {}
    counts: dict[str, dict[str, Amount]] = {name: {} for name in COUNTED}
    cleaned = _trained_on(task, _cleaned(task, guard, exclusions, secrets), exclusions)
    for _, members in groupby(cleaned, key=lambda one: (one.document.repository, one.document.source)):
        for one in _in_order(list(members), task):
            names = _files_of(one, task.choice)
            for name in names:
                files.setdefault(name, []).append(one.document)
                side = "heldout" if name == "heldout" else "train"
                add(counts["written"], "\n".join((side, *one.group)), one.document.size)
            if names:
                count(counts, one.document, "heldout" if names == ["heldout"] else "train")
            else:
                source, language = one.group
                passes = f"{task.choice.epochs[one.group]:.3g} passes over {language} of {source}"
                exclusions.add_document(one.document, "not in the mixture", passes)
    for name, documents in files.items():
        write_documents(folder / f"{name}.parquet", to_table(documents))
    exclusions.write(folder)
    taken = total(merged([exclusions.dropped, counts["side"]]))
    by_repository = merged([counts.pop("by_repository")])
    facts = {"in": taken, "out": total(counts["side"]), "dropped": exclusions.dropped, "secrets": dict(secrets)}
    shown = dict(list(by_repository.items())[:MOST_REPOSITORIES])
    return {**facts, **counts, "by_repository": shown, "repositories": len(by_repository)}


COUNTED = ("side", "written", "by_language", "by_licence", "by_licence_class", "by_source", "by_repository")


def count(counts: dict[str, dict[str, Amount]], document: StagedDocument, side: str) -> None:
    """Count a document that is kept."""
    add(counts["side"], side, document.size)
    add(counts["by_licence_class"], document.outcome, document.size)
    add(counts["by_language"], document.language, document.size)
    add(counts["by_licence"], document.licence, document.size)
    add(counts["by_source"], document.source, document.size)
    add(counts["by_repository"], f"{document.source}\n{document.repository}", document.size)


def _cleaned(task: WriteTask, guard: Guard, exclusions: Exclusions, secrets: Counter[str]) -> Iterator[Cleaned]:
    """The documents that stay, without their secrets."""
    with pq.ParquetFile(task.shard.documents) as file:
        whose = (file.read([name])[name].to_pylist() for name in ("repository", "source"))
        copies = near_copies(task.shard, list(zip(*whose, strict=True)))
        documents = (document for batch in file.iter_batches(ROW_GROUP) for document in documents_of(batch))
        for ordinal, document in guard.each(documents):
            if (copy := copies.get(ordinal)) is not None:
                detail = f"{copy.similarity:.2f} of {copy.survivor}"
                exclusions.add_document(document, "near copy", detail, excerpt=True)
            elif cap_key(document.id) > task.choice.cap_above:
                exclusions.add_document(document, "over max_bytes", f"{document.size} bytes")
            elif not task.secrets:
                yield Cleaned(document, document.id)
            else:
                try:
                    clean = guard.apply(lambda one: _without_secrets(one, secrets), ordinal, document)
                    yield Cleaned(clean, document.id)
                except QuarantinedError as error:
                    exclusions.add_document(document, "quarantined", str(error))


def _trained_on(task: WriteTask, documents: Iterator[Cleaned], exclusions: Exclusions) -> Iterator[Cleaned]:
    """The documents that hold no block of what is held out."""
    index = None if task.later is None else BlockIndex.load(task.later)
    for one in documents:
        copied = [] if index is None else index.copied(one.document.text).tolist()
        if index is not None and copied:
            exclusions.add_document(one.document, "copy of held-out code", f"of {index.places[copied[0]]}")
        else:
            yield one


def _without_secrets(document: StagedDocument, secrets: Counter[str]) -> StagedDocument:
    text, findings = redact(document.text)
    if not findings:
        return document
    secrets.update(finding.kind for finding in findings)
    secrets["documents"] += 1
    return replace(document, text=text, id=content_id(text), size=len(text.encode()))


def _in_order(members: Sequence[Cleaned], task: WriteTask) -> list[Cleaned]:
    """The files of one repository as they follow each other; what is no code stays in the order of paths."""
    code = [one for one in members if one.document.source not in task.prose]
    files = [(one.document.path, one.document.text, one.document.language) for one in code]
    order = order_files(files, task.seed, task.order)
    return [code[index] for index in order] + [one for one in members if one.document.source in task.prose]


def _files_of(one: Cleaned, choice: Choice) -> list[str]:
    """Which files a document goes into: one of each pass over its group, or the held-out one."""
    epochs = choice.epochs[one.group]
    passes = int(epochs) + (pass_key(one.key) < epochs % 1)
    if passes and one.document.source not in choice.by_time and split_key(one.key) < choice.split_below:
        return ["heldout"]
    return [f"train-{number:02d}" for number in range(passes)]
