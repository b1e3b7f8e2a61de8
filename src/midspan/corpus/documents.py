"""The document: one source file that is fit to train on, and the Arrow schema it is kept in."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.arrow import leave_pandas_out
from midspan.errors import UserError

leave_pandas_out()


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
    source: str  # as the recipe names it
    revision: str  # git commit, or the version of Python
    date: str
    stars: int = 0  # of the repository


_TYPES = {"str": pa.string(), "int": pa.int64()}
DOCUMENT_SCHEMA = pa.schema(
    [pa.field(field.name, _TYPES[str(field.type)], nullable=False) for field in fields(Document)]
)

# A document that is held out, with what of it counts: its blocks of lines [first, end); none means all of it.
BLOCKS = pa.list_(pa.struct([("first", pa.int64()), ("end", pa.int64())]))
HELDOUT_SCHEMA = DOCUMENT_SCHEMA.append(pa.field("blocks", BLOCKS))


def content_id(text: str) -> str:
    """128 bits of the SHA-256 of `text`: enough that no two of 10^12 documents share one by chance."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def to_table(documents: Iterable[Document], schema: pa.Schema = DOCUMENT_SCHEMA) -> pa.Table:
    """The documents as one Arrow table with the columns of `schema`."""
    return pa.Table.from_pylist([vars(document) for document in documents], schema=schema)


def read_documents(path: Path) -> Iterator[Document]:
    """Read the documents of a parquet file, or of all those in a folder, in order and a few at a time.

    UserError if there are none.
    """
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path} holds no documents (*.parquet): build the corpus again")
    for file in files:
        yield from _read_file(file)


def read_heldout(folder: Path) -> Iterator[tuple[Document, list[range]]]:
    """Read the held-out documents of a corpus in order, each with the lines of it that count."""
    for file in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(file) as opened:
            parted = "blocks" in opened.schema_arrow.names
            rows = opened.read(["blocks"])["blocks"].to_pylist() if parted else itertools.repeat(None)
        for document, blocks in zip(_read_file(file), rows, strict=False):
            everything = [range(document.text.count("\n") + 1)]
            yield document, [range(block["first"], block["end"]) for block in blocks] if blocks else everything


def _read_file(path: Path) -> Iterator[Document]:
    try:
        with pq.ParquetFile(path) as file:
            if not set(DOCUMENT_SCHEMA.names) <= set(file.schema_arrow.names):
                raise UserError(f"{path} has no documents: expected columns {', '.join(DOCUMENT_SCHEMA.names)}")
            for batch in file.iter_batches(batch_size=256, columns=DOCUMENT_SCHEMA.names):
                for row in batch.to_pylist():
                    yield Document(**row)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"cannot read the documents of {path} ({error}): build the corpus again") from error
