"""First stage: the items of a source to documents that are text, of a chosen language and licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from midspan.corpus.documents import content_id
from midspan.corpus.encodings import NotTextError, decode
from midspan.corpus.languages import canonical_language, detect_language
from midspan.corpus.licences import licence_of
from midspan.corpus.notebooks import notebook_source
from midspan.corpus.sources import Excluded, Raw, SourceTask, read_items
from midspan.corpus.sources.listings import described
from midspan.corpus.stages.amounts import Amount, add, amount
from midspan.corpus.stages.exclusions import Exclusions
from midspan.corpus.stages.guard import Guard, QuarantinedError
from midspan.corpus.stages.parts import parts_in
from midspan.corpus.stages.tables import StagedDocument
from midspan.corpus.writable import why_unwritable

SAMPLES = 64  # places noted per shard's worth of text
PART_SHARDS = 2  # so many shards' worth of text go into one file of documents
HELD_LINES = 1_000  # of what is left out, before they are written


@dataclass(frozen=True)
class ReadTask:
    """What one task reads, and what it may keep."""

    part: SourceTask
    languages: frozenset[str] | None  # None: every known one
    licences: frozenset[str]  # outcomes
    shard_bytes: int
    detect: bool = False  # encodings that no file declares


@dataclass(frozen=True)
class Refusal:
    """Why an item becomes no document."""

    reason: str
    detail: str
    language: str = ""


def read(task: ReadTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write the documents in parts, and excluded.jsonl; memory does not grow with either."""
    source = task.part.source
    exclusions = Exclusions("read")
    taken, licences, encodings = amount(), dict[str, Amount](), dict[str, Amount]()
    sizes = PART_SHARDS * task.shard_bytes, max(task.shard_bytes // SAMPLES, 1)
    with parts_in(folder, *sizes) as parts:
        for ordinal, item in guard.each(read_items(task.part)):
            if isinstance(item, Excluded):
                names = item.repository, item.path, item.reason, item.detail
                exclusions.add(*names, source=source, count=item.count)
            else:
                size = len(item.data)
                taken = amount(taken["documents"] + 1, taken["bytes"] + size)
                try:
                    found = guard.apply(lambda item: document_of(item, task, licences, encodings), ordinal, item)
                except QuarantinedError as error:
                    found = Refusal("quarantined", str(error))
                if isinstance(found, Refusal):
                    names = item.repository, item.path, found.reason, found.detail
                    exclusions.add(*names, source=source, language=found.language, size=size)
                else:
                    parts.add(found)
            if len(exclusions.lines) >= HELD_LINES:
                exclusions.write(folder)
    if guard.stop is not None:
        detail = f"reading item {guard.stop} of {described(task.part)} ends its process"
        exclusions.add("", "", "quarantined", detail, source=source)
    exclusions.write(folder)
    kept = amount(sum(parts.counts), parts.size)
    counted = {"in": taken, "out": kept, "dropped": exclusions.dropped, "licences": licences, "encodings": encodings}
    return {**counted, "parts": parts.counts, "samples": parts.samples()}


def document_of(
    item: Raw, task: ReadTask, licences: dict[str, Amount], encodings: dict[str, Amount] | None = None
) -> StagedDocument | Refusal:
    """An item's document, or why there is none; counts `licences` by outcome, and `encodings` other than UTF-8."""
    try:
        decoded = decode(item.data, item.path, task.detect)
        text = decoded.text
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
    licence = licence_of(text, item.declared_licence, item.declared_evidence, item.licence_files, item.path)
    size = len(text.encode())
    if encodings is not None and decoded.encoding not in ("utf-8", "text"):
        add(encodings, decoded.encoding, size)
    add(licences, licence.outcome, size)
    if licence.outcome not in task.licences:
        reason = "licence unknown" if licence.outcome == "unknown" else "licence not permissive"
        return Refusal(reason, f"{licence.expression} ({licence.evidence or 'no evidence'})", language)
    document = StagedDocument(
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
    fields = {name: value for name, value in vars(document).items() if name != "text"}
    why = why_unwritable(fields)
    return Refusal("bad field", why, language) if why else document
