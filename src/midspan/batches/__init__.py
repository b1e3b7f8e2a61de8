"""Token shards, conversations and pairs → packed, masked rows, each a pure function of (seed, stage, k)."""

from midspan.batches.batch import Batch, Segment, pack_rows
from midspan.batches.chat import ConversationRows, chat_segment
from midspan.batches.code import CodeRows, open_code_rows, reserve_of
from midspan.batches.cuts import nodes_around
from midspan.batches.mixture import Mixture
from midspan.batches.pairs import PairBatch, PairRows, PreferencePair, pack_pairs, pair_segments
from midspan.batches.plan import PackingPlan, write_packing_plan
from midspan.batches.randomness import generator, shuffled
from midspan.batches.repositories import Joining
from midspan.batches.rows import Rows
from midspan.batches.samples import Sample, Span

__all__ = [
    "Batch",
    "CodeRows",
    "ConversationRows",
    "Joining",
    "Mixture",
    "PackingPlan",
    "PairBatch",
    "PairRows",
    "PreferencePair",
    "Rows",
    "Sample",
    "Segment",
    "Span",
    "chat_segment",
    "generator",
    "nodes_around",
    "open_code_rows",
    "pack_pairs",
    "pack_rows",
    "pair_segments",
    "reserve_of",
    "shuffled",
    "write_packing_plan",
]
