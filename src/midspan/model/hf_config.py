"""`DecoderConfig` from and to the `config.json` of Hugging Face checkpoints (transformers 4.x and 5.x)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from midspan.errors import UserError
from midspan.model.config import DecoderConfig, Family, RopeScaling

ARCHITECTURES: dict[Family, str] = {
    "stablelm": "StableLmForCausalLM",
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
}

# Features this decoder does not have: the values (and absence) with which a checkpoint does without them.
_ABSENT: dict[str, tuple[object, ...]] = {
    "hidden_act": ("silu",),
    "use_parallel_residual": (False,),
    "qk_layernorm": (False,),
    "attention_bias": (False,),
    "mlp_bias": (False,),
    "attention_dropout": (0, None),
    "hidden_dropout": (0, None),
    "quantization_config": (None,),
    "is_encoder_decoder": (False,),
}


def config_from_hf(values: dict[str, Any], where: Path | str = "config.json") -> DecoderConfig:
    """Read the contents of a `config.json`; `where` is named in errors.

    Raises UserError for a family, a feature or a rotary scaling that is not implemented, and for missing fields.
    """
    family = _family(values.get("model_type"), where)
    for name, allowed in _ABSENT.items():
        if name in values and values[name] not in allowed:
            raise UserError(f"{where}: {name} {values[name]!r} is not supported, only {allowed[0]!r}")

    def required(name: str) -> Any:
        if values.get(name) is None:
            raise UserError(f"{where}: the field {name!r} is missing; take the config.json the weights came with")
        return values[name]

    stable = family == "stablelm"
    heads = required("num_attention_heads")
    rope = _rope_parameters(values, where)
    fraction = rope.get("partial_rotary_factor", values.get("partial_rotary_factor"))
    if fraction is None:
        fraction = 0.25 if stable else 1.0
    # Only Llama's first checkpoints lack num_key_value_heads: they have as many as heads.
    key_value_heads = values.get("num_key_value_heads") or (heads if family == "llama" else None)
    try:
        return DecoderConfig(
            family=family,
            vocabulary_size=required("vocab_size"),
            hidden_size=required("hidden_size"),
            intermediate_size=required("intermediate_size"),
            num_layers=required("num_hidden_layers"),
            num_heads=heads,
            num_key_value_heads=key_value_heads or required("num_key_value_heads"),
            head_size=values.get("head_dim") or required("hidden_size") // heads,
            max_positions=required("max_position_embeddings"),
            norm="layernorm" if stable else "rmsnorm",
            norm_epsilon=values.get("layer_norm_eps", 1e-5) if stable else values.get("rms_norm_eps", 1e-6),
            rotary_fraction=fraction,
            rope_base=float(rope.get("rope_theta", values.get("rope_theta", 10_000.0))),
            rope_scaling=_scaling_from_hf(rope, required("max_position_embeddings"), where),
            qkv_bias=values.get("use_qkv_bias", False) if stable else family == "qwen2",
            tied_embeddings=values.get("tie_word_embeddings", False),
            sliding_window=_window_from_hf(family, values, where),
        )
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def _family(name: object, where: Path | str) -> Family:
    for family in ARCHITECTURES:
        if name == family:
            return family
    raise UserError(f"{where}: model_type {name!r} is not supported; supported: {', '.join(ARCHITECTURES)}")


def _rope_parameters(values: dict[str, Any], where: Path | str) -> dict[str, Any]:
    """The rotary settings of transformers 5.x (`rope_parameters`), over those of 4.x (`rope_scaling`)."""
    rope = {**(values.get("rope_scaling") or {}), **(values.get("rope_parameters") or {})}
    for name, value in rope.items():
        if isinstance(value, dict):
            raise UserError(f"{where}: rotary settings of their own for {name!r} layers are not supported")
    return rope


def _scaling_from_hf(rope: dict[str, Any], max_positions: int, where: Path | str) -> RopeScaling | None:
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind in (None, "default"):
        return None
    if kind not in ("linear", "llama3"):
        raise UserError(f"{where}: rotary scaling {kind!r} is not supported; supported: linear, llama3")
    names = ["factor"] if kind == "linear" else ["factor", "low_freq_factor", "high_freq_factor"]
    for name in names:
        if name not in rope:
            raise UserError(f"{where}: rotary scaling {kind!r} lacks {name!r}")
    if kind == "linear":
        return RopeScaling("linear", float(rope["factor"]))
    factor, low, high = (float(rope[name]) for name in names)
    return RopeScaling("llama3", factor, low, high, int(rope.get("original_max_position_embeddings", max_positions)))


def _window_from_hf(family: Family, values: dict[str, Any], where: Path | str) -> int | None:
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
            f"{where}: layers of different or contradictory attention ({', '.join(sorted(kinds))}) are not supported; "
            "see layer_types, sliding_window and max_window_layers"
        )
    return None if window is None else int(window)


def config_to_hf(config: DecoderConfig, dtype: torch.dtype, end_of_text: int) -> dict[str, Any]:
    """The contents of a `config.json` that transformers 4.38 and later, 5.x, and vLLM read."""
    rope, scaling = _rope_to_hf(config)
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
        "rope_theta": config.rope_base,  # 4.x reads these two, 5.x the third
        "rope_scaling": scaling,
        "rope_parameters": rope,
        "tie_word_embeddings": config.tied_embeddings,
        "attention_dropout": 0.0,
        "bos_token_id": end_of_text,
        "eos_token_id": end_of_text,
        "torch_dtype": str(dtype).removeprefix("torch."),
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
        values |= {"attention_bias": False, "mlp_bias": False}
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


def _rope_to_hf(config: DecoderConfig) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """5.x's `rope_parameters` and 4.x's `rope_scaling`."""
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": config.rope_base}
    if config.family == "stablelm":
        rope["partial_rotary_factor"] = config.rotary_fraction
    scaling = config.rope_scaling
    if scaling is None:
        return rope, None
    if scaling.kind == "linear":  # 4.38 takes exactly these two keys
        return rope | {"rope_type": "linear", "factor": scaling.factor}, {"type": "linear", "factor": scaling.factor}
    llama3 = {
        "rope_type": "llama3",
        "factor": scaling.factor,
        "low_freq_factor": scaling.low_frequency_factor,
        "high_freq_factor": scaling.high_frequency_factor,
        "original_max_position_embeddings": scaling.original_positions,
    }
    return rope | llama3, llama3
