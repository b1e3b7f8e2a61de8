"""The loop, the objectives and the stages."""

from midspan.train.objectives import batch_logprobs, sequence_logprobs
from midspan.train.preferences import build_preferences, read_pairs
from midspan.train.stages import Place, dpo, pretrain, sft

__all__ = [
    "Place",
    "batch_logprobs",
    "build_preferences",
    "dpo",
    "pretrain",
    "read_pairs",
    "sequence_logprobs",
    "sft",
]
