"""The decoder: its shape, its rotary positions, its cache, and reading and writing Hugging Face checkpoints."""

from midspan.model.cache import KeyValueCache
from midspan.model.checkpoint import load_config, load_decoder, save_decoder, tensor_shapes
from midspan.model.config import DecoderConfig, Family, RopeScaling
from midspan.model.decoder import Decoder
from midspan.model.size import ParameterCount, flops_per_token, parameter_count

__all__ = [
    "Decoder",
    "DecoderConfig",
    "Family",
    "KeyValueCache",
    "ParameterCount",
    "RopeScaling",
    "flops_per_token",
    "load_config",
    "load_decoder",
    "parameter_count",
    "save_decoder",
    "tensor_shapes",
]
