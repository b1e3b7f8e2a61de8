"""First stage: the items of a source to documents that are text, of a chosen language and licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from midspan.corpus.documents import content_id, to_table
from midspan.corpus.encodings import NotTextError, decode_source, notebook_source
from midspan.corpus.languages import canonical_language, detect_language
from midspan.corpus.licences import licence_of
from midspan.corpus.sources import Excluded, Raw, SourceTask, read_items
from midspan.corpus.stages.amounts import Amount, add, amount
from midspan.corpus.stages.exclusions import Exclusions
from midspan.corpus.stages.guard import Guard, QuarantinedError
from midspan.corpus.stages.places import sample_places
from midspan.corpus.stages.tables import STAGED_SCHEMA, StagedDocument, write_documents

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
    documents: list[StagedDocument] = []
    taken, licences = amount(), dict[str, Amount]()
    for ordinal, item in guard.each(read_items(task.part)):
        if isinstance(item, Excluded):
            exclusions.add(item.repository, item.path, item.reason, item.detail, source=source)
            continue
        size = len(item.data)
        taken = amount(taken["documents"] + 1, taken["bytes"] + size)
        try:
            found = guard.apply(lambda item: document_of(item, task, licences), ordinal, item)
        except QuarantinedError as error:
            found = Refusal("quarantined", str(error))
        if isinstance(found, Refusal):
            reason, detail, language = found.reason, found.detail, found.language
            exclusions.add(item.repository, item.path, reason, detail, source=source, language=language, size=size)
        else:
            documents.append(found)
    if guard.stop is not None:
        exclusions.add(
            "", "", "quarantined", f"reading item {guard.stop} of {task.part} ends its process", source=source
        )
    write_documents(folder / "documents.parquet", to_table(documents, STAGED_SCHEMA))
    exclusions.write(folder)
    kept = amount(len(documents), sum(document.size for document in documents))
    places = sorted((document.repository, source, document.path, document.size) for document in documents)
    samples = sample_places(places, max(task.shard_bytes // SAMPLES, 1))
    return {"in": taken, "out": kept, "dropped": exclusions.dropped, "licences": licences, "samples": samples}


def document_of(item: Raw, task: ReadTask, licences: dict[str, Amount]) -> StagedDocument | Refusal:
    """An item's document, or why there is none; counts `licences` by outcome."""
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
    return StagedDocument(
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
        size=size,
        outcome=licence.outcome,
    )
