"""What later commits wrote: the files that they left, each with its blocks of new lines. It is held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.documents import HELDOUT_SCHEMA, content_id
from midspan.corpus.encodings import NotTextError, decode_source
from midspan.corpus.later import Block, BlockIndex, NewLines, joined, pieces
from midspan.corpus.later.copies import LEAST_SHINGLES
from midspan.corpus.quality import why_not
from midspan.corpus.scorer import OwnJudge
from midspan.corpus.secrets import redact
from midspan.corpus.sources import Excluded, Raw, SourceTask, read_items
from midspan.corpus.stages.guard import Guard, QuarantinedError
from midspan.corpus.stages.read import ReadTask, Refusal, document_of
from midspan.corpus.stages.tables import StagedDocument, write_documents

DOCUMENTS, INDEX = "later.parquet", "blocks.npz"


@dataclass(frozen=True)
class LaterTask:
    """The files of later commits, all that their repositories held before, and by what they are judged."""

    later: tuple[SourceTask, ...]
    earlier: tuple[SourceTask, ...]
    languages: Mapping[str, frozenset[str] | None]  # by source
    licences: frozenset[str]
    overrides: Mapping[str, Any]  # of quality rules
    evaluation: Path | None
    secrets: bool
    detect: bool = False  # encodings that no file declares
    scorer: OwnJudge | None = None


@dataclass(frozen=True)
class Stretch:
    """A piece of a block of new lines."""

    document: int  # among the documents
    lines: Block
    text: str
    place: str


def later(task: LaterTask, folder: Path, guard: Guard) -> dict[str, Any]:
    """Write later.parquet, in HELDOUT_SCHEMA, and the index of its blocks, piece by piece.

    A piece of which an earlier text of these repositories holds most is not held out: it was moved, renamed, reverted,
    or only touched.
    """
    reasons: Counter[str] = Counter()
    documents = list(_documents(task, guard, reasons))
    lines = NewLines()
    for document in documents:
        lines.add(document.text)
    for text in _earlier(task):
        lines.compare(text)
    found = list(_pieces(documents, lines))
    index = _index(found)
    short = set((index.sizes < LEAST_SHINGLES).nonzero()[0].tolist())
    known: set[int] = set()
    for text in _earlier(task):
        known.update(index.copied(text).tolist())
    kept = [piece for number, piece in enumerate(found) if number not in known | short]
    _index(kept).save(folder / INDEX)
    parts: dict[int, list[Block]] = {}
    for piece in kept:
        parts.setdefault(piece.document, []).append(piece.lines)
    blocks = {number: joined(own) for number, own in parts.items()}
    rows = [
        vars(documents[number]) | {"blocks": [{"first": first, "end": end} for first, end in own]}
        for number, own in blocks.items()
    ]
    write_documents(folder / DOCUMENTS, pa.Table.from_pylist(rows, schema=HELDOUT_SCHEMA))
    return {
        "files": len(documents),
        "left out": dict(reasons),
        "documents": len(rows),
        "blocks": sum(map(len, blocks.values())),
        "bytes": sum(len(piece.text.encode()) for piece in kept),
        "too short": len(short),
        "there before": len(known - short),
    }


def _index(found: list[Stretch]) -> BlockIndex:
    return BlockIndex.of([piece.text for piece in found], [piece.place for piece in found])


def _documents(task: LaterTask, guard: Guard, reasons: Counter[str]) -> Iterator[StagedDocument]:
    """The later files that would be trained on if they were not held out, without their secrets."""
    index = None if task.evaluation is None else EvaluationIndex.load(task.evaluation)

    def judged(item: tuple[SourceTask, Raw | Excluded]) -> StagedDocument | str:
        return _judged(task, index, *item)

    for ordinal, item in guard.each((one, item) for one in task.later for item in read_items(one)):
        try:
            found = guard.apply(judged, ordinal, item)
        except QuarantinedError:
            found = "quarantined"
        if isinstance(found, str):
            reasons[found] += 1
        else:
            yield found


def _judged(
    task: LaterTask, index: EvaluationIndex | None, source: SourceTask, item: Raw | Excluded
) -> StagedDocument | str:
    """A later file, or the reason why it is none that would be trained on."""
    if isinstance(item, Excluded):
        return item.reason
    found = document_of(item, ReadTask(source, task.languages[source.source], task.licences, 0, task.detect), {})
    if isinstance(found, Refusal):
        return found.reason
    if rule := why_not(found.text, found.path, found.language, task.overrides):
        return rule[0]
    if index is not None and index.find(found.text) is not None:
        return "contaminated"
    if task.scorer is not None and (score := task.scorer.why_not(found.text)) is not None:
        return score[0]
    if not task.secrets:
        return found
    text, _ = redact(found.text)
    return replace(found, text=text, id=content_id(text))


def _earlier(task: LaterTask) -> Iterator[str]:
    """All that the repositories held before, kept or not, as it would be trained on."""
    for source in task.earlier:
        for item in read_items(source):
            if not isinstance(item, Excluded):
                try:
                    text = decode_source(item.data, item.path, task.detect)
                except NotTextError:
                    continue
                yield redact(text)[0] if task.secrets else text


def _pieces(documents: list[StagedDocument], lines: NewLines) -> Iterator[Stretch]:
    for number, document in enumerate(documents):
        written = document.text.split("\n")
        for block in lines.blocks(document.text):
            for first, end in pieces(document.text, block):
                place = f"{document.repository}/{document.path}, lines {first + 1} to {end}"
                yield Stretch(number, (first, end), "\n".join(written[first:end]), place)
