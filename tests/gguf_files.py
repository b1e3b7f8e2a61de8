"""GGUF files as llama.cpp's converters write them, from small transformers models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, quantize

from midspan.model.formats.gguf import gguf_name

KINDS = {"F32": GGMLQuantizationType.F32, "F16": GGMLQuantizationType.F16, "BF16": GGMLQuantizationType.BF16}


def interleaved(weight: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Each head's rows i and i + half made neighbours, spelt out row by row."""
    size = len(weight) // heads
    order = [head * size + part * size // 2 + i for head in range(heads) for i in range(size // 2) for part in (0, 1)]
    return weight[order]


def write_gguf(
    file: Path,
    model: torch.nn.Module,
    architecture: str,
    kind: str = "F32",
    change: Callable[..., Any] = lambda *_: None,
) -> None:
    """Write `model`: matrices in `kind`, the rest in F32. `change(fields, tensors)` may alter what is written."""
    config = model.config
    rope = config.rope_parameters
    head_size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    epsilon = "layer_norm_epsilon" if architecture == "stablelm" else "layer_norm_rms_epsilon"
    fields: dict[str, Any] = {
        "vocab_size": config.vocab_size,
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        f"attention.{epsilon}": getattr(config, "layer_norm_eps" if architecture == "stablelm" else "rms_norm_eps"),
        "rope.freq_base": float(rope["rope_theta"]),
        "rope.dimension_count": int(head_size * rope.get("partial_rotary_factor", 1.0)),
    }
    fields = {f"{architecture}.{name}": value for name, value in fields.items()}
    fields |= {"general.name": "small", "general.license": "apache-2.0"}
    fields |= {"tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2}
    tensors: dict[str, tuple[np.ndarray[Any, Any], GGMLQuantizationType]] = {}
    for name, value in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        array = value.float().numpy()
        if architecture == "llama" and ".q_proj." in name:
            array = interleaved(array, config.num_attention_heads)
        if architecture == "llama" and ".k_proj." in name:
            array = interleaved(array, config.num_key_value_heads)
        tensors[gguf_name(name.removeprefix("model."))] = array, KINDS[kind if array.ndim > 1 else "F32"]
    change(fields, tensors)
    write_fields_and_tensors(file, architecture, fields, tensors)


def write_fields_and_tensors(file: Path, architecture: str, fields: dict[str, Any], tensors: dict[str, Any]) -> None:
    writer = GGUFWriter(file, architecture)
    add = {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string, bool: writer.add_bool}
    for name, value in fields.items():
        add.get(type(value), writer.add_array)(name, value)
    for name, (array, quantisation) in tensors.items():
        packed = array if array.dtype == np.uint8 else quantize(array, quantisation)
        writer.add_tensor(name, packed, raw_dtype=quantisation)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
