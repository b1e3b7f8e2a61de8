"""The loop, its objectives, and the stage that they make up."""

from midspan.train.objectives import OBJECTIVES
from midspan.train.objectives.causal import batch_logprobs
from midspan.train.objectives.dpo import sequence_logprobs
from midspan.train.stage import train_stage
from midspan.train.world import World, alone

__all__ = ["OBJECTIVES", "World", "alone", "batch_logprobs", "sequence_logprobs", "train_stage"]
