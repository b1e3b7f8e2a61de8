"""Documents between stages: what they carry beside a document, and the tables that they lie in.

Tables that go from many tasks to many others are one file per sender, in it one Arrow batch per receiver. N senders and
M receivers cost N files and N x M reads of one batch each, whatever the size of the whole: nothing is held in memory
but the batches of one receiver.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import DOCUMENT_SCHEMA, Document

ROW_GROUP = 256  # documents: what a later stage reads for one of them
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True, kw_only=True)
class StagedDocument(Document):
    """A document between stages."""

    size: int  # bytes of the text
    outcome: str  # what the licence comes to


STAGED_SCHEMA = DOCUMENT_SCHEMA.append(pa.field("size", pa.int64())).append(pa.field("outcome", pa.string()))


def documents_of(table: pa.Table | pa.RecordBatch) -> list[StagedDocument]:
    """The documents of a table in STAGED_SCHEMA."""
    return [StagedDocument(**row) for row in table.to_pylist()]


def write_documents(path: Path, table: pa.Table) -> None:
    """Write documents as later stages read them: a few at a time, or a few columns."""
    pq.write_table(table, path, row_group_size=ROW_GROUP, compression="zstd")


def write_partitions(path: Path, table: pa.Table, receivers: npt.NDArray[np.int64], count: int) -> None:
    """Write the rows of `table` parted by receiver, in their order; `receivers` [rows] is 0 … `count` - 1."""
    order = np.argsort(receivers, kind="stable")
    ends = np.searchsorted(receivers[order], np.arange(count), side="right")
    start = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=_OPTIONS) as writer:
        for end in ends.tolist():
            rows = table.take(pa.array(order[start:end])).combine_chunks()
            writer.write_batch(rows.to_batches()[0] if end > start else _empty(table.schema))
            start = end
    assert start == len(order)


def read_partition(path: Path, receiver: int) -> pa.RecordBatch:
    """What the file holds for one receiver."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(receiver)


def join_partitions(paths: Iterable[Path], receiver: int) -> pa.Table:
    """What all the files hold for one receiver, in the order of the files."""
    return pa.Table.from_batches([read_partition(path, receiver) for path in paths])


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
