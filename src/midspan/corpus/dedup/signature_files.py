"""The signatures of a documents shard as a file: a column per band, so that one band of all documents is read alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.dedup.shingles import batches, shingle_hashes
from midspan.corpus.dedup.signatures import BANDS, MIN_SHINGLES, SCHEME, Signatures, band_keys, signatures
from midspan.errors import UserError
from midspan.files import atomic_file


@dataclass(frozen=True)
class SignatureTask:
    """One documents shard."""

    documents: Path
    output: Path
    seed: int = 0


def band_column(band: int) -> str:
    """The name of a band's column."""
    return f"band_{band:02d}"


def sign_texts(texts: Sequence[str], seed: int = 0) -> tuple[Signatures, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The signatures [signed, BINS] of the texts that are long enough, and which texts these are [signed]."""
    signed, numbers, start = [np.empty((0, BANDS * 8), np.uint8)], [np.empty(0, np.int64)], 0
    for batch in batches(texts):
        hashes, offsets = shingle_hashes(batch, seed)
        counts = np.diff(offsets)
        enough = counts >= MIN_SHINGLES
        kept = hashes if enough.all() else hashes[np.repeat(enough, counts)]
        signed.append(signatures(kept, np.concatenate([[0], np.cumsum(counts[enough])])))
        numbers.append(np.flatnonzero(enough) + start)
        start += len(batch)
    return np.concatenate(signed), np.concatenate(numbers)


def write_signatures(task: SignatureTask) -> None:
    """Write the row, the size and the bands of every document of a shard that is long enough to have a signature."""
    columns = ["row", "bytes", *map(band_column, range(BANDS))]
    schema = pa.schema(
        [(name, pa.int64() if name in ("row", "bytes") else pa.uint64()) for name in columns],
        metadata={"scheme": SCHEME, "seed": str(task.seed)},
    )
    start = 0
    with (
        atomic_file(task.output) as aside,
        pq.ParquetWriter(aside, schema, compression="none", use_dictionary=False) as out,
    ):
        for batch in pq.ParquetFile(task.documents).iter_batches(1024, columns=["text"], use_threads=False):
            texts = batch["text"].to_pylist()
            signed, rows = sign_texts(texts, task.seed)
            sizes = np.array([len(texts[row].encode("utf-8", "surrogatepass")) for row in rows], np.int64)
            arrays = [rows + start, sizes, *np.ascontiguousarray(band_keys(signed).T)]
            out.write_table(pa.table([pa.array(one) for one in arrays], schema=schema))
            start += len(texts)


def read_signatures(path: Path, columns: list[str], seed: int) -> pa.Table:
    """Some columns of a signature file; UserError where it was written by another scheme or with another seed."""
    file = pq.ParquetFile(path)
    found = file.schema_arrow.metadata or {}
    if (found.get(b"scheme"), found.get(b"seed")) != (SCHEME.encode(), str(seed).encode()):
        raise UserError(
            f"{path} holds signatures of another scheme or seed than {SCHEME}, {seed}: remove it, and build again"
        )
    return file.read(columns, use_threads=False)
