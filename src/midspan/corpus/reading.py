"""One task of the corpus: a shard of files to a shard of documents and a note of what was dropped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from midspan.corpus.decoding import NotTextError, decode_source, notebook_source
from midspan.corpus.documents import Document, content_id, to_table
from midspan.corpus.filters import why_not
from midspan.corpus.languages import detect_language
from midspan.corpus.licences import licence_of
from midspan.corpus.listing import Excluded, SourceFile


@dataclass(frozen=True)
class ReadingTask:
    """Files to read and where to write the documents among them."""

    files: list[SourceFile]
    output: Path
    source: str
    languages: frozenset[str] | None


@dataclass(frozen=True)
class Candidate:
    """What the choice between documents needs to know of one; its text stays in the shard."""

    id: str
    repository: str
    path: str
    language: str
    licence: str
    size: int  # bytes of UTF-8


@dataclass(frozen=True)
class ReadingResult:
    """The documents of a shard, in the shard's order, and the files that gave none."""

    output: Path
    candidates: list[Candidate]
    excluded: list[Excluded]


def read_shard(task: ReadingTask) -> ReadingResult:
    """Read, decode and judge the files of a task; write its documents as a parquet file."""
    documents: list[Document] = []
    excluded: list[Excluded] = []
    for file in task.files:
        outcome = read_file(file, task.source, task.languages)
        if isinstance(outcome, Document):
            documents.append(outcome)
        else:
            excluded.append(outcome)
    pq.write_table(to_table(documents), task.output, compression="zstd")
    candidates = [
        Candidate(one.id, one.repository, one.path, one.language, one.licence, len(one.text.encode()))
        for one in documents
    ]
    return ReadingResult(task.output, candidates, excluded)


def read_file(file: SourceFile, source: str, languages: frozenset[str] | None) -> Document | Excluded:
    """The document of one file, or why there is none."""

    def no(reason: str, detail: str = "") -> Excluded:
        return Excluded(file.repository, file.path, reason, detail)

    try:
        text = decode_source(Path(file.file).read_bytes(), file.path)
        language = detect_language(file.path, text)
        if language is None:
            return no("unknown language")
        if languages is not None and language not in languages:
            return no("language not chosen", language)
        if language == "jupyter":
            text = notebook_source(text)
        if judgement := why_not(text, file.path, language):
            return no(*judgement)
        licence, evidence = licence_of(text, Path(file.file), Path(file.root), source)
    except OSError as error:
        return no("unreadable", error.strerror or str(error))
    except NotTextError as error:
        return no("not text", str(error))
    return Document(
        id=content_id(text),
        text=text,
        path=file.path,
        repository=file.repository,
        language=language,
        licence=licence,
        licence_evidence=evidence,
        source=source,
        revision=file.revision,
        date="",
    )
