"""The loop, its objectives, and the stage that they make up."""

from midspan.train.memory import fit
from midspan.train.objectives import OBJECTIVES
from midspan.train.objectives.causal import batch_logprobs
from midspan.train.released import average, lacking, take_released, take_tokenizer
from midspan.train.stage import train_stage
from midspan.train.start import shape_of
from midspan.train.trainable import check_weights
from midspan.train.world import World, alone

__all__ = [
    "OBJECTIVES",
    "World",
    "alone",
    "average",
    "batch_logprobs",
    "check_weights",
    "fit",
    "lacking",
    "shape_of",
    "take_released",
    "take_tokenizer",
    "train_stage",
]
