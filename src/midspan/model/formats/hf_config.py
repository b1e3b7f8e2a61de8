"""`DecoderConfig` from and to the `config.json` of Hugging Face checkpoints (transformers 4.x and 5.x)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from midspan.errors import UserError
from midspan.model.config import DecoderConfig, Family
from midspan.model.formats.hf_rope import rope_settings, rope_to_hf, scaling_from_hf

ARCHITECTURES: dict[Family, str] = {
    "stablelm": "StableLmForCausalLM",
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
}

# What says that queries, keys and values have biases (in Llama, the output projection too). Qwen2's always have.
BIAS_FIELDS: dict[Family, str] = {"stablelm": "use_qkv_bias", "llama": "attention_bias"}

# Features this decoder does not have: the values (and absence) with which a checkpoint does without them.
_ABSENT: dict[str, tuple[object, ...]] = {
    "hidden_act": ("silu",),
    "use_parallel_residual": (False,),
    "qk_layernorm": (False,),
    "attention_dropout": (0, None),
    "hidden_dropout": (0, None),
    "quantization_config": (None,),
    "is_encoder_decoder": (False,),
}


def config_from_hf(values: dict[str, Any], where: Path | str = "config.json") -> DecoderConfig:
    """Read the contents of a `config.json`; `where` is named in errors.

    Raises UserError for a family, a feature or a rotary scaling that is not implemented, and for missing fields.
    """
    try:
        return _decoder_config(values)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{where}: a field has a value of the wrong kind ({error}); fetch it again") from None


def _decoder_config(values: dict[str, Any]) -> DecoderConfig:
    family = _family(values.get("model_type"))
    for name, allowed in _ABSENT.items():
        if name in values and values[name] not in allowed:
            raise UserError(f"{name} {values[name]!r} is not supported, only {allowed[0]!r}")
    stable, llama = family == "stablelm", family == "llama"
    heads, hidden_size = _size(values, "num_attention_heads"), _size(values, "hidden_size")
    # Llama's first checkpoints lack num_key_value_heads: they have as many as heads.
    shared = _size(values, "num_key_value_heads") if values.get("num_key_value_heads") or not llama else heads
    rope = rope_settings(values)
    return DecoderConfig(
        family=family,
        vocabulary_size=_size(values, "vocab_size"),
        hidden_size=hidden_size,
        intermediate_size=_size(values, "intermediate_size"),
        num_layers=_size(values, "num_hidden_layers"),
        num_heads=heads,
        num_key_value_heads=shared,
        head_size=_size(values, "head_dim") if values.get("head_dim") else hidden_size // heads,
        max_positions=_size(values, "max_position_embeddings"),
        norm="layernorm" if stable else "rmsnorm",
        norm_epsilon=float(values.get("layer_norm_eps", 1e-5) if stable else values.get("rms_norm_eps", 1e-6)),
        rotary_fraction=float(rope.get("partial_rotary_factor", 0.25 if stable else 1.0)),
        rope_base=float(rope["rope_theta"]),
        rope_scaling=scaling_from_hf(rope, values),
        qkv_bias=bool(values.get(BIAS_FIELDS[family], False)) if family in BIAS_FIELDS else family == "qwen2",
        output_bias=llama and bool(values.get("attention_bias", False)),
        mlp_bias=llama and bool(values.get("mlp_bias", False)),
        tied_embeddings=bool(values.get("tie_word_embeddings", False)),
        sliding_window=_window_from_hf(family, values),
    )


def _size(values: dict[str, Any], name: str) -> int:
    value = values.get(name)
    if value is None:
        raise UserError(f"the field {name!r} is missing; take the config.json the weights came with")
    if not isinstance(value, int) or value < 1:
        raise UserError(f"{name} is {value!r}, not a whole number from 1; take the config.json the weights came with")
    return value


def _family(name: object) -> Family:
    for family in ARCHITECTURES:
        if name == family:
            return family
    raise UserError(f"model_type {name!r} is not supported; supported: {', '.join(ARCHITECTURES)}")


def _window_from_hf(family: Family, values: dict[str, Any]) -> int | None:
    windowed = family == "mistral" or (family == "qwen2" and values.get("use_sliding_window", False))
    window = values.get("sliding_window", 4096) if windowed else None  # 4096: transformers' default
    expected = {"full_attention" if window is None else "sliding_attention"}
    kinds = set(values.get("layer_types") or expected)
    if family == "qwen2" and window is not None:  # the window holds from layer number max_window_layers on
        full = min(values.get("max_window_layers", 28), values["num_hidden_layers"])
        by_number = ["full_attention"] * full + ["sliding_attention"] * (values["num_hidden_layers"] - full)
        kinds = set(values.get("layer_types") or by_number)
        window, expected = (None, kinds) if kinds == {"full_attention"} else (window, expected)
    if kinds != expected:
        raise UserError(
            f"layers of different or contradictory attention ({', '.join(sorted(kinds))}) are not supported; "
            "see layer_types, sliding_window and max_window_layers"
        )
    return None if window is None else int(window)


def config_to_hf(config: DecoderConfig, dtype: torch.dtype) -> dict[str, Any]:
    """The contents of a `config.json` that transformers 4.38 and later, 5.x, and vLLM read."""
    values: dict[str, Any] = {
        "architectures": [ARCHITECTURES[config.family]],
        "model_type": config.family,
        "vocab_size": config.vocabulary_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_key_value_heads,
        "max_position_embeddings": config.max_positions,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        **rope_to_hf(config),
        "tie_word_embeddings": config.tied_embeddings,
        "attention_dropout": 0.0,
        "torch_dtype": str(dtype).removeprefix("torch."),  # 4.x
        "dtype": str(dtype).removeprefix("torch."),  # 5.x
        "use_cache": True,
    }
    if config.family == "stablelm":
        values |= {
            "layer_norm_eps": config.norm_epsilon,
            "partial_rotary_factor": config.rotary_fraction,
            "use_qkv_bias": config.qkv_bias,
            "qk_layernorm": False,
            "use_parallel_residual": False,
            "hidden_dropout": 0.0,
        }
        return values
    values |= {"rms_norm_eps": config.norm_epsilon, "head_dim": config.head_size}
    if config.family == "llama":
        values |= {"attention_bias": config.qkv_bias, "mlp_bias": config.mlp_bias}
    if config.family == "mistral":
        values |= {"sliding_window": config.sliding_window}
    if config.family == "qwen2":
        windowed = config.sliding_window is not None
        values |= {
            "use_sliding_window": windowed,
            "sliding_window": config.sliding_window,
            "max_window_layers": 0 if windowed else config.num_layers,
        }
    return values
