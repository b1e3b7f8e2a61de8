"""The signatures of a documents shard as files: a column per band, so that one band of all documents is read alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.dedup.notice import compared
from midspan.corpus.dedup.shingles import Indices, Text, batches, shingle_hashes
from midspan.corpus.dedup.signatures import BANDS, BINS, MIN_SHINGLES, SCHEME, Signatures, band_keys, signatures
from midspan.errors import UserError
from midspan.files import atomic_directory

_NUMBERS = ("row", "bytes", "filled")
_BATCH_ROWS = 1024  # documents read at a time


@dataclass(frozen=True)
class SignatureTask:
    """One documents shard, and the folder for its signatures."""

    documents: Path
    output: Path
    seed: int = 0


def band_column(band: int) -> str:
    """The name of a band's column."""
    return f"band_{band:02d}"


@dataclass(frozen=True)
class Signed:
    """The signatures of those texts of a sequence that are long enough."""

    texts: Indices  # [signed]: which ones
    signatures: Signatures  # [signed, BINS]
    filled: Indices  # [signed]: bins that are not borrowed


def sign_texts(texts: Sequence[Text], seed: int = 0) -> Signed:
    """Sign the texts of MIN_SHINGLES shingles or more, without their leading notices."""
    numbers, signed, filled = [np.empty(0, np.int64)], [np.empty((0, BINS), np.uint8)], [np.empty(0, np.int64)]
    start = 0
    for batch in batches(texts):
        hashes, offsets = shingle_hashes(list(map(compared, batch)), seed)
        counts = np.diff(offsets)
        enough = counts >= MIN_SHINGLES
        kept = hashes if enough.all() else hashes[np.repeat(enough, counts)]
        signatures_, filled_ = signatures(kept, np.concatenate([[0], np.cumsum(counts[enough])]))
        numbers.append(np.flatnonzero(enough) + start)
        signed.append(signatures_)
        filled.append(filled_)
        start += len(batch)
    return Signed(np.concatenate(numbers), np.concatenate(signed), np.concatenate(filled))


def write_signatures(task: SignatureTask) -> None:
    """Write the signatures of a shard twice: by band, to be sorted, and by document, to be compared.

    `bands.parquet` holds row, bytes, filled and the bands of the documents with a signature, a column each;
    `signatures.npy` [documents, BINS] those of all documents, 0 where there is none.
    """
    names = [*_NUMBERS, *map(band_column, range(BANDS))]
    schema = pa.schema(
        [(name, pa.int64() if name in _NUMBERS else pa.uint64()) for name in names],
        metadata={"scheme": SCHEME, "seed": str(task.seed)},
    )
    file = pq.ParquetFile(task.documents)
    start = 0
    with atomic_directory(task.output) as aside:
        with (
            (aside / "signatures.npy").open("wb") as by_document,  # memory-mapped, a full disk would kill the process
            pq.ParquetWriter(aside / "bands.parquet", schema, compression="none", use_dictionary=False) as out,
        ):
            shape = (file.metadata.num_rows, BINS)
            np.lib.format.write_array_header_1_0(by_document, {"descr": "|u1", "fortran_order": False, "shape": shape})
            for batch in file.iter_batches(_BATCH_ROWS, columns=["text"], use_threads=False):
                texts = batch["text"].cast(pa.large_binary()).to_pylist()
                signed = sign_texts(texts, task.seed)
                rows = np.zeros((len(texts), BINS), np.uint8)
                rows[signed.texts] = signed.signatures
                by_document.write(rows.tobytes())
                sizes = [len(texts[index]) for index in signed.texts]
                numbers = [signed.texts + start, np.array(sizes, np.int64), signed.filled]
                bands = np.ascontiguousarray(band_keys(signed.signatures).T)
                out.write_table(pa.table([pa.array(one) for one in (*numbers, *bands)], schema=schema))
                start += len(texts)
        assert start == file.metadata.num_rows


def read_bands(directory: Path, columns: list[str], seed: int) -> pa.Table:
    """Some columns of the bands of a shard; UserError where it was written by another scheme or with another seed."""
    file = pq.ParquetFile(directory / "bands.parquet")
    found = file.schema_arrow.metadata or {}
    if (found.get(b"scheme"), found.get(b"seed")) != (SCHEME.encode(), str(seed).encode()):
        raise UserError(
            f"{directory} holds signatures of another scheme or seed than {SCHEME}, {seed}: remove it, and build again"
        )
    return file.read(columns, use_threads=False)
