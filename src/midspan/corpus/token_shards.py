"""Documents as token ids on disk: one flat file and the boundaries between documents."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import Document
from midspan.errors import UserError
from midspan.files import atomic_directory, read_json, write_json
from midspan.progress import progress
from midspan.tokens import Tokenizer

BATCH = 256  # documents encoded at once
TOKEN_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("path", pa.string()),
        ("repository", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
    ]
)


def write_token_shard(documents: Iterable[Document], tokenizer: Tokenizer, output: Path) -> None:
    """Encode documents, in their order, into the directory `output`, which is then whole or absent.

    tokens.bin holds plain ids (little-endian uint16, or uint32 for more than 65,536 of them) without special tokens,
    documents.parquet says where each document starts and ends, shard.json what the ids mean.
    """
    dtype = np.dtype("<u2" if tokenizer.vocabulary_size <= 1 << 16 else "<u4")
    if output.exists() and any(output.iterdir()) and not (output / "shard.json").exists():
        raise UserError(f"{output} is not empty and is no token shard: it would be replaced; choose another folder")
    rows: list[dict[str, Any]] = []
    position = size = 0
    remaining = iter(documents)
    with (
        progress("tokens", unit="tokens") as line,
        atomic_directory(output) as aside,
        (aside / "tokens.bin").open("wb") as file,
    ):
        while batch := list(itertools.islice(remaining, BATCH)):
            for document, ids in zip(batch, tokenizer.encode_batch([one.text for one in batch]), strict=True):
                file.write(np.array(ids, dtype=dtype).tobytes())
                place = {"start": position, "end": position + len(ids)}
                rows.append({"id": document.id, "path": document.path, "repository": document.repository} | place)
                position += len(ids)
                size += len(document.text.encode())
            line.update(position)
        file.flush()
        pq.write_table(pa.Table.from_pylist(rows, schema=TOKEN_SCHEMA), aside / "documents.parquet")
        facts = {"tokens": position, "documents": len(rows), "bytes": size, "dtype": dtype.name}
        meaning = {"vocabulary_size": tokenizer.vocabulary_size, "tokenizer": tokenizer.fingerprint}
        write_json(aside / "shard.json", facts | meaning)


@dataclass(frozen=True)
class TokenShard:
    """The tokens of many documents: document k is `tokens[boundaries[k]:boundaries[k + 1]]`."""

    tokens: npt.NDArray[Any]  # [tokens], memory-mapped uint16 or uint32
    boundaries: npt.NDArray[np.int64]  # [documents + 1]
    repositories: list[str]
    paths: list[str]
    bytes: int  # of UTF-8, all documents together
    vocabulary_size: int
    fingerprint: str  # of the tokenizer that wrote the ids

    @classmethod
    def open(cls, directory: Path) -> TokenShard:
        """Map the shard in `directory`; UserError if it is missing or its parts do not fit together."""
        try:
            facts = read_json(directory / "shard.json")
            table = pq.read_table(directory / "documents.parquet", schema=TOKEN_SCHEMA)
            dtype = np.dtype(facts["dtype"]).newbyteorder("<")
            starts, ends = (table[name].to_numpy().astype(np.int64) for name in ("start", "end"))
            boundaries = np.concatenate([[0], ends]).astype(np.int64)
            stored = (directory / "tokens.bin").stat().st_size
            whole = (
                stored == facts["tokens"] * dtype.itemsize
                and len(starts) == facts["documents"]
                and boundaries[-1] == facts["tokens"]
                and np.array_equal(starts, boundaries[:-1])
                and bool(np.all(starts <= ends))
            )
            if not whole:
                raise UserError(f"the token shard {directory} is damaged (its sizes disagree): tokenise again")
            tokens = np.memmap(directory / "tokens.bin", dtype, "r") if stored else np.empty(0, dtype)
            return cls(
                tokens=tokens,
                boundaries=boundaries,
                repositories=table["repository"].to_pylist(),
                paths=table["path"].to_pylist(),
                bytes=facts["bytes"],
                vocabulary_size=facts["vocabulary_size"],
                fingerprint=facts["tokenizer"],
            )
        except UserError:
            raise
        except FileNotFoundError as error:
            raise UserError(f"no token shard in {directory} ({error}): tokenise the corpus") from error
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise UserError(f"the token shard {directory} cannot be read ({error}): tokenise again") from error
