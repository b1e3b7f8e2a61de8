"""Tables that go from many tasks to many others: one file per sender, in it one Arrow batch per receiver.

N senders and M receivers cost N files and N x M reads of one batch each, whatever the size of the whole: nothing is
held in memory but the batches of one receiver.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def write_partitions(path: Path, table: pa.Table, receivers: npt.NDArray[np.int64], count: int) -> None:
    """Write the rows of `table` parted by receiver, in their order; `receivers` [rows] is 0 … `count` - 1."""
    order = np.argsort(receivers, kind="stable")
    ends = np.searchsorted(receivers[order], np.arange(count), side="right")
    start = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=_OPTIONS) as writer:
        for end in ends.tolist():
            rows = table.take(pa.array(order[start:end])).combine_chunks()
            writer.write_batch(rows.to_batches()[0] if end > start else empty(table.schema))
            start = end
    assert start == len(order)


def read_partition(path: Path, receiver: int) -> pa.RecordBatch:
    """What the file holds for one receiver."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(receiver)


def join_partitions(paths: Iterable[Path], receiver: int) -> pa.Table:
    """What all the files hold for one receiver, in the order of the files."""
    return pa.Table.from_batches([read_partition(path, receiver) for path in paths])


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """No rows of a schema."""
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
