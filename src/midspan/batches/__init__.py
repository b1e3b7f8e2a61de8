"""Token shards and chat data → packed, masked batches whose order is a pure function of (seed, stage, k)."""

from midspan.batches.batch import Batch, Segment, pack_rows
from midspan.batches.chat import ChatRows, chat_segment
from midspan.batches.pairs import PairBatch, PreferencePair, fits, pack_pairs
from midspan.batches.pretraining import PretrainingRows, held_out_rows
from midspan.batches.randomness import generator

__all__ = [
    "Batch",
    "ChatRows",
    "PairBatch",
    "PreferencePair",
    "PretrainingRows",
    "Segment",
    "chat_segment",
    "fits",
    "generator",
    "held_out_rows",
    "pack_pairs",
    "pack_rows",
]
