"""The decoder: its shape, its rotary positions, its cache, and reading and writing Hugging Face checkpoints."""

from midspan.model.cache import KeyValueCache
from midspan.model.checkpoint import load_config, load_decoder, save_decoder, tensor_shapes
from midspan.model.config import DecoderConfig, Family, RopeScaling
from midspan.model.decoder import Decoder

__all__ = [
    "Decoder",
    "DecoderConfig",
    "Family",
    "KeyValueCache",
    "RopeScaling",
    "load_config",
    "load_decoder",
    "save_decoder",
    "tensor_shapes",
]
