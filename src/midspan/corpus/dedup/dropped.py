"""What a deduplication drops: (document, survivor, similarity; repository, path and source of the survivor)."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from midspan.files import atomic_file

DROPPED_SCHEMA = pa.schema(
    [
        ("document", pa.int64()),  # its number: rows of the shards counted through, in the order of the shards
        ("survivor", pa.int64()),
        ("similarity", pa.float64()),  # Jaccard; 1.0 for an exact copy
        ("repository", pa.string()),  # of the survivor
        ("path", pa.string()),
        ("source", pa.string()),
    ]
)


def write_dropped(table: pa.Table, output: Path) -> None:
    """Write one file of dropped documents, in the order of their numbers."""
    with atomic_file(output) as aside:
        pq.write_table(table.cast(DROPPED_SCHEMA).sort_by("document"), aside, row_group_size=16_384, compression="zstd")


def read_dropped(directory: Path, start: int, end: int) -> pa.Table:
    """The dropped documents with start <= number < end, in order; no more of the files is read than that."""
    inside = (pc.field("document") >= start) & (pc.field("document") < end)
    files = sorted(directory.glob("*.parquet"))
    tables = [pq.read_table(path, filters=inside, schema=DROPPED_SCHEMA, use_threads=False) for path in files]
    return pa.concat_tables([DROPPED_SCHEMA.empty_table(), *tables]).sort_by("document")
