"""GGUF, llama.cpp's single file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): every tensor type that
the `gguf` package dequantises.

llama.cpp turns neighbouring dimensions of a head together where this decoder turns the two halves, so the converters
interleave the rows of Llama's query and key projections; here they are put back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.model import embedded
from midspan.model.config import DecoderConfig, Family
from midspan.model.formats.gguf_rope import FREQUENCY_FACTORS, rope_scaling
from midspan.model.formats.weights import Weights, commonest_precision, parameters_found
from midspan.model.generation import Generation
from midspan.model.origin import Origin
from midspan.tokens.gguf_metadata import GgufTensor, read_gguf_head

MAGIC = b"GGUF"

# general.architecture. Mistral's files say "llama"; a sliding window tells them.
FAMILIES: dict[str, Family] = {"llama": "llama", "qwen2": "qwen2", "stablelm": "stablelm"}

# What the parts of a parameter's name are called.
_NAMES = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}

# Metadata of features that this decoder does not have: the values with which a file does without them.
_ABSENT: dict[str, tuple[object, ...]] = {
    "{arch}.expert_count": (0,),
    "{arch}.use_parallel_residual": (False,),
    "{arch}.logit_scale": (1.0,),
    "{arch}.attention.scale": (0.0,),
    "{arch}.attention.causal": (True,),
    "split.count": (0, 1),
}


@dataclass(frozen=True)
class Metadata:
    """The key/value pairs of a file, in which `{arch}` stands for its architecture."""

    fields: dict[str, Any]
    architecture: str

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`; of an array whose elements are alike (one for each layer) that element."""
        value = self.fields.get(key.format(arch=self.architecture), default)
        if isinstance(value, list):
            if len(set(value)) != 1:
                raise UserError(f"layers of different {key.split('.', 1)[1]} ({value}) are not supported")
            value = value[0]
        # The shortest decimal that is this float32: 1e-05, not 9.999999747378752e-06.
        return float(str(np.float32(value))) if isinstance(value, float) else value

    def need(self, key: str) -> Any:
        """The value of `key`. Raises UserError where there is none."""
        value = self.get(key)
        if value is None:
            raise UserError(f"lacks {key.format(arch=self.architecture)}; convert the model again")
        return value


def is_gguf(place: Path) -> bool:
    """Whether `place` is a file that begins as GGUF does, or is named so."""
    if not place.is_file():
        return False
    with place.open("rb") as stream:
        return place.suffix == ".gguf" or stream.read(len(MAGIC)) == MAGIC


def open_gguf(file: Path) -> Weights:
    """The weights in `file`. Raises UserError for a damaged file, another architecture, or unknown tensor types."""
    fields, listed = read_gguf_head(file)
    stored = {tensor.name: tensor for tensor in listed}
    try:
        metadata = _metadata(fields)
        _require_readable(file, listed)
        factors = stored.pop(FREQUENCY_FACTORS, None)  # Llama 3.1's, a constant
        config = _config(metadata, stored, None if factors is None else _values(file, factors))
    except UserError as error:
        raise UserError(f"{file}: {str(error).removeprefix('decoder: ')}") from None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise UserError(f"{file}: its metadata make no model ({error}); convert the model again") from None
    shapes = {name: tensor.shape for name, tensor in stored.items()}
    parameters = parameters_found(file, config, shapes, gguf_name)

    def tensors() -> Iterator[tuple[str, Tensor]]:
        for name, tensor in stored.items():
            values = _values(file, tensor)
            if metadata.architecture == "llama":
                values = _halves_together(values, name, config)
            yield parameters[name], values

    dtype = _precision(file, list(stored.values()))
    return Weights(file, config, dtype, tensors, _generation(metadata), _origin(file, metadata))


def gguf_name(parameter: str) -> str:
    """What a GGUF file calls a parameter."""
    module, kind = parameter.rsplit(".", 1)
    if not module.startswith("layers."):
        return f"{_NAMES[module]}.{kind}"
    _, layer, part = module.split(".", 2)
    return f"blk.{layer}.{_NAMES[part]}.{kind}"


def _metadata(fields: dict[str, Any]) -> Metadata:
    architecture = fields.get("general.architecture")
    if architecture not in FAMILIES:
        raise UserError(f"GGUF architecture {architecture!r} is not supported; supported: {', '.join(FAMILIES)}")
    metadata = Metadata(fields, architecture)
    for key, allowed in _ABSENT.items():
        value = metadata.get(key)
        if value is not None and value not in allowed:
            advice = "; join the parts with llama-gguf-split --merge" if key == "split.count" else ""
            raise UserError(f"{key.format(arch=architecture)} {value!r} is not supported{advice}")
    return metadata


def _config(metadata: Metadata, stored: dict[str, GgufTensor], factors: Tensor | None) -> DecoderConfig:
    architecture, need, get = metadata.architecture, metadata.need, metadata.get
    stable, window = architecture == "stablelm", get("llama.attention.sliding_window")
    heads, hidden_size = need("{arch}.attention.head_count"), need("{arch}.embedding_length")
    head_size = get("{arch}.attention.key_length", hidden_size // heads)
    if get("{arch}.attention.value_length", head_size) != head_size:
        raise UserError("keys and values of different size are not supported")
    if "token_embd.weight" not in stored:
        raise UserError("lacks token_embd.weight, the embeddings; fetch the model's own file")
    rotated = get("{arch}.rope.dimension_count", head_size // 4 if stable else head_size)
    return DecoderConfig(
        family="mistral" if window else FAMILIES[architecture],
        vocabulary_size=stored["token_embd.weight"].shape[0],
        hidden_size=hidden_size,
        intermediate_size=need("{arch}.feed_forward_length"),
        num_layers=need("{arch}.block_count"),
        num_heads=heads,
        num_key_value_heads=get("{arch}.attention.head_count_kv", heads),
        head_size=head_size,
        max_positions=need("{arch}.context_length"),
        norm="layernorm" if stable else "rmsnorm",
        norm_epsilon=float(need(f"{{arch}}.attention.layer_norm_{'epsilon' if stable else 'rms_epsilon'}")),
        rotary_fraction=rotated / head_size,
        rope_base=float(get("{arch}.rope.freq_base", 10_000.0)),
        rope_scaling=rope_scaling(metadata.get, factors),
        qkv_bias="blk.0.attn_q.bias" in stored,
        output_bias="blk.0.attn_output.bias" in stored,
        mlp_bias="blk.0.ffn_down.bias" in stored,
        tied_embeddings="output.weight" not in stored,
        sliding_window=window or None,
    )


def _require_readable(file: Path, tensors: list[GgufTensor]) -> None:
    """Raise UserError for tensor types that the `gguf` package does not dequantise, and for a file cut short."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize

    for number in {tensor.kind for tensor in tensors}:
        try:
            kind = GGMLQuantizationType(number)
            dequantize(np.zeros((1, GGML_QUANT_SIZES[kind][1]), np.uint8), kind)
        except (ValueError, KeyError, NotImplementedError):
            raise UserError(f"tensors of type {number} cannot be dequantised; take another quantisation") from None
    size = file.stat().st_size
    for tensor in tensors:
        if tensor.offset + _bytes(tensor) > size:
            raise UserError(f"not a whole GGUF file ({tensor.name} lies beyond its end); fetch it again")


def _bytes(tensor: GgufTensor) -> int:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    block, size = GGML_QUANT_SIZES[GGMLQuantizationType(tensor.kind)]
    return math.prod(tensor.shape) // block * size


def _values(file: Path, tensor: GgufTensor) -> Tensor:
    """The tensor in its own number format, or in float32 where it is quantised."""
    from gguf import GGMLQuantizationType, dequantize

    packed = np.fromfile(file, np.uint8, _bytes(tensor), offset=tensor.offset)
    if tensor.kind == GGMLQuantizationType.F16:
        return torch.from_numpy(packed).view(torch.float16).view(tensor.shape)
    if tensor.kind == GGMLQuantizationType.BF16:
        return torch.from_numpy(packed).view(torch.bfloat16).view(tensor.shape)
    values = dequantize(packed.reshape(*tensor.shape[:-1], -1), GGMLQuantizationType(tensor.kind))
    return torch.from_numpy(values.astype(np.float32, copy=False)).view(tensor.shape)


def _precision(file: Path, stored: list[GgufTensor]) -> torch.dtype:
    """The format of most weights if the others (norms, biases) lose nothing in it; else, or where quantised, float32.

    So nothing of what the file says is lost.
    """
    from gguf import GGMLQuantizationType as Kind

    halves: dict[int, torch.dtype] = {Kind.BF16: torch.bfloat16, Kind.F16: torch.float16}
    dtypes = [halves.get(one.kind, torch.float32) for one in stored]
    sizes = [math.prod(one.shape) for one in stored]
    commonest = commonest_precision(file, zip(dtypes, sizes, strict=True))
    for one, dtype in zip(stored, dtypes, strict=True):
        if dtype != commonest:
            values = _values(file, one)
            if not torch.equal(values.to(commonest).float(), values.float()):
                return torch.float32
    return commonest


def _halves_together(values: Tensor, name: str, config: DecoderConfig) -> Tensor:
    """Rows of a query or key projection, in which each head's dimensions i and i + half are neighbours, put back."""
    heads = {"attn_q": config.num_heads, "attn_k": config.num_key_value_heads}.get(name.split(".")[-2])
    if heads is None:
        return values
    return values.view(heads, config.head_size // 2, 2, -1).transpose(1, 2).reshape(values.shape)


def _generation(metadata: Metadata) -> Generation:
    roles = {"bos_token_id": "bos", "eos_token_id": "eos", "pad_token_id": "padding"}
    special = {role: metadata.get(f"tokenizer.ggml.{name}_token_id") for role, name in roles.items()}
    generation = Generation.read(special, {})
    end_of_turn = metadata.get("tokenizer.ggml.eot_token_id")
    return generation if end_of_turn is None else generation.also_ending_with(end_of_turn)


def _origin(file: Path, metadata: Metadata) -> Origin:
    name = embedded.NAME if file.name == embedded.FILE else metadata.get("general.name")
    keys = ("general.license", "general.license.name", "general.license.link")
    return Origin(name, *(metadata.get(key) for key in keys))
