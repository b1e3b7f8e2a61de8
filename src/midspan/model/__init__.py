"""The decoder: its shape, its rotary positions, its cache, and the formats it starts from and is handed on in."""

from midspan.model.cache import KeyValueCache
from midspan.model.checkpoint import fill, load_decoder, save_decoder, save_tensors
from midspan.model.config import DecoderConfig, Family, RopeScaling
from midspan.model.decoder import Decoder, on_meta, parameter_shapes
from midspan.model.facts import ModelFacts, facts_of_mean
from midspan.model.formats import FORMATS, Weights, load_config, open_weights
from midspan.model.generation import Generation
from midspan.model.hub import resolve
from midspan.model.origin import Origin, facts_of
from midspan.model.size import ParameterCount, flops_per_token, model_bytes, parameter_count
from midspan.model.vocabulary import grow_vocabulary

__all__ = [
    "FORMATS",
    "Decoder",
    "DecoderConfig",
    "Family",
    "Generation",
    "KeyValueCache",
    "ModelFacts",
    "Origin",
    "ParameterCount",
    "RopeScaling",
    "Weights",
    "facts_of",
    "facts_of_mean",
    "fill",
    "flops_per_token",
    "grow_vocabulary",
    "load_config",
    "load_decoder",
    "model_bytes",
    "on_meta",
    "open_weights",
    "parameter_count",
    "parameter_shapes",
    "resolve",
    "save_decoder",
    "save_tensors",
]
