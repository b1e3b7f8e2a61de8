"""First stage: the items of a source to documents that are text, of a chosen language and licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import DOCUMENT_SCHEMA, Document, content_id
from midspan.corpus.encodings import NotTextError, decode_source, notebook_source
from midspan.corpus.languages import canonical_language, detect_language
from midspan.corpus.licences import licence_of
from midspan.corpus.sources import Excluded, Raw, SourceTask, read_items
from midspan.corpus.stages.amounts import Amount, Exclusions, add, amount
from midspan.corpus.stages.guard import Guard, QuarantinedError
from midspan.corpus.stages.places import sample_places

# A document between stages: with the bytes of its text and what its licence comes to.
STAGED_SCHEMA = DOCUMENT_SCHEMA.append(pa.field("size", pa.int64())).append(pa.field("outcome", pa.string()))
ROW_GROUP = 256  # documents: what a later stage reads for one of them
SAMPLES = 64  # places noted per shard's worth of text


@dataclass(frozen=True)
class ReadTask:
    """What one task reads, and what it may keep."""

    part: SourceTask
    languages: frozenset[str] | None  # None: every known one
    licences: frozenset[str]  # outcomes
    shard_bytes: int


@dataclass(frozen=True)
class Refusal:
    """Why an item becomes no document."""

    reason: str
    detail: str
    language: str = ""


def read(task: ReadTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write documents.parquet and excluded.jsonl."""
    source = task.part.source
    exclusions = Exclusions("read")
    rows: list[dict[str, Any]] = []
    taken, licences = amount(), dict[str, Amount]()
    for ordinal, item in guard.each(read_items(task.part)):
        if isinstance(item, Excluded):
            exclusions.add(item.repository, item.path, item.reason, item.detail, source=source)
            continue
        size = len(item.data)
        taken = amount(taken["documents"] + 1, taken["bytes"] + size)
        try:
            outcome = guard.apply(lambda item: judge(item, task, licences), ordinal, item)
        except QuarantinedError as error:
            outcome = Refusal("quarantined", str(error))
        if isinstance(outcome, Refusal):
            reason, detail, language = outcome.reason, outcome.detail, outcome.language
            exclusions.add(item.repository, item.path, reason, detail, source=source, language=language, size=size)
        else:
            rows.append(outcome)
    if guard.stop is not None:
        exclusions.add(
            "", "", "quarantined", f"reading item {guard.stop} of {task.part} ends its process", source=source
        )
    write_documents(folder / "documents.parquet", pa.Table.from_pylist(rows, schema=STAGED_SCHEMA))
    exclusions.write(folder)
    kept = amount(len(rows), sum(row["size"] for row in rows))
    places = sorted((row["repository"], row["path"], row["size"]) for row in rows)
    samples = sample_places(places, max(task.shard_bytes // SAMPLES, 1))
    return {"in": taken, "out": kept, "dropped": exclusions.dropped, "licences": licences, "samples": samples}


def judge(item: Raw, task: ReadTask, licences: dict[str, Amount]) -> dict[str, Any] | Refusal:
    """The row of an item's document in STAGED_SCHEMA, or why there is none; counts `licences` by outcome."""
    try:
        text = decode_source(item.data, item.path)
        stated = canonical_language(item.language) if item.language else None
        language = stated or detect_language(item.path, text)
        if language is None:
            return Refusal("unknown language", PurePosixPath(item.path).suffix)
        if task.languages is not None and language not in task.languages:
            return Refusal("language not chosen", language, language)
        if language == "jupyter":
            text = notebook_source(text)
    except NotTextError as error:
        return Refusal("not text", str(error))
    licence = licence_of(text, item.declared_licence, item.declared_evidence, item.licence_files)
    size = len(text.encode())
    add(licences, licence.outcome, size)
    if licence.outcome not in task.licences:
        reason = "licence unknown" if licence.outcome == "unknown" else "licence not permissive"
        return Refusal(reason, f"{licence.expression} ({licence.evidence or 'no evidence'})", language)
    document = Document(
        id=content_id(text),
        text=text,
        path=item.path,
        repository=item.repository,
        language=language,
        licence=licence.expression,
        licence_evidence=licence.evidence,
        source=task.part.source,
        revision=item.revision,
        date=item.date,
        stars=item.stars,
    )
    return vars(document) | {"size": size, "outcome": licence.outcome}


def write_documents(path: Path, table: pa.Table) -> None:
    """Write documents as later stages read them: a few at a time, or a few columns."""
    pq.write_table(table, path, row_group_size=ROW_GROUP, compression="zstd")
