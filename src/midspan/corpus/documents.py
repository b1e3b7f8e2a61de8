"""The document: one source file that is fit to train on, and the Arrow schema it is kept in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.errors import UserError


@dataclass(frozen=True)
class Document:
    """One source file. What is not known is "", except the licence, which is then "unknown"."""

    id: str  # hash of the text alone
    text: str  # line ends are "\n"
    path: str  # inside the repository, with "/"
    repository: str
    language: str
    licence: str  # an SPDX expression
    licence_evidence: str  # where the licence was read
    source: str  # "stdlib", or the folder of repositories
    revision: str  # git commit, or the version of Python
    date: str


DOCUMENT_SCHEMA = pa.schema([pa.field(field.name, pa.string(), nullable=False) for field in fields(Document)])


def content_id(text: str) -> str:
    """128 bits of the SHA-256 of `text`: enough that no two of 10^12 documents share one by chance."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def to_table(documents: Iterable[Document]) -> pa.Table:
    """The documents as one Arrow table."""
    return pa.Table.from_pylist([asdict(document) for document in documents], schema=DOCUMENT_SCHEMA)


def read_documents(path: Path) -> Iterator[Document]:
    """Read a parquet file of documents in its order, a few at a time; UserError if it is none."""
    try:
        file = pq.ParquetFile(path)
        if not set(DOCUMENT_SCHEMA.names) <= set(file.schema_arrow.names):
            raise UserError(f"{path} has no documents: expected columns {', '.join(DOCUMENT_SCHEMA.names)}")
        for batch in file.iter_batches(batch_size=256, columns=DOCUMENT_SCHEMA.names):
            for row in batch.to_pylist():
                yield Document(**row)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"cannot read the documents of {path} ({error}): build the corpus again") from error
