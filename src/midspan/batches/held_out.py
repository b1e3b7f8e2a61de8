"""Held-out documents as plain rows: what bits per byte are measured on."""

from __future__ import annotations

from collections.abc import Iterator

from midspan.batches.batch import Batch, Segment, pack_rows
from midspan.batches.packing import best_fit_rows
from midspan.batches.rows import beginning
from midspan.corpus import TokenShard
from midspan.tokens import Tokenizer

DOCUMENTS = 1024  # looked up at a time


def held_out_rows(shard: TokenShard, tokenizer: Tokenizer, context: int, most_bytes: int) -> tuple[Batch, int]:
    """Packed rows of whole documents, in shard order until `most_bytes` are reached, and the UTF-8 bytes they are.

    Each document is read in windows that begin as texts do; every byte of it is predicted, and nothing else.
    """
    before = beginning(tokenizer)
    longest = context - len(before) + 1
    segments: list[Segment] = []
    total = 0
    for ids in _documents(shard):
        total += len(tokenizer.decode(ids).encode())
        for at in range(0, len(ids), longest):
            window = ids[at : at + longest]
            segments.append(Segment([*before, *window], [0.0] * (len(before) - 1) + [1.0] * len(window)))
        if total >= most_bytes:
            break
    rows = best_fit_rows([segment.length for segment in segments], context)
    return pack_rows([[segments[index] for index in row] for row in rows], context), total


def _documents(shard: TokenShard) -> Iterator[list[int]]:
    for first in range(0, len(shard), DOCUMENTS):
        table = shard.documents(range(first, first + DOCUMENTS))
        for start, end in zip(table["start"].to_pylist(), table["end"].to_pylist(), strict=True):
            yield shard.tokens[start:end].tolist()
