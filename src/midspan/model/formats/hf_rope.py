"""Rotary settings from and to `config.json`, where transformers 4.x and 5.x keep them in different places."""

from __future__ import annotations

from typing import Any

from midspan.errors import UserError
from midspan.model.config import DecoderConfig, RopeScaling
from midspan.model.rotary import yarn_amplitude

# What a scaling cannot do without; the rest has defaults.
NEEDED = {
    "linear": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
    "yarn": ("factor",),
}


def rope_settings(values: dict[str, Any]) -> dict[str, Any]:
    """The rotary settings of a `config.json` as one dictionary, with `rope_theta` in it.

    4.x's `rope_scaling`, where it says anything, takes the place of 5.x's `rope_parameters`, as in transformers 5
    (`convert_rope_params_to_dict`): whoever adds YaRN to a checkpoint by hand writes the former.
    """
    rope = values.get("rope_scaling") or values.get("rope_parameters") or {}
    if not isinstance(rope, dict):
        raise UserError(f"rope_scaling and rope_parameters hold an object, not {rope!r}")
    for name, value in rope.items():
        if isinstance(value, dict):
            raise UserError(f"rotary settings of their own for {name!r} layers are not supported")
    around = {name: values[name] for name in ("rope_theta", "partial_rotary_factor") if values.get(name) is not None}
    return {"rope_theta": 10_000.0, **around, **rope}


def scaling_from_hf(rope: dict[str, Any], values: dict[str, Any]) -> RopeScaling | None:
    """The scaling among the settings `rope` of the `config.json` that holds `values`. Raises UserError for others."""
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind in (None, "default"):
        return None
    if kind not in NEEDED:
        raise UserError(f"rotary scaling {kind!r} is not supported; supported: {', '.join(NEEDED)}")
    for name in NEEDED[kind]:
        if name not in rope:
            raise UserError(f"rotary scaling {kind!r} lacks {name!r}")
    longest = values["max_position_embeddings"]
    original = values.get("original_max_position_embeddings") or rope.get("original_max_position_embeddings") or longest
    if kind == "linear":
        return RopeScaling("linear", float(rope["factor"]))
    if kind == "llama3":
        low, high = float(rope["low_freq_factor"]), float(rope["high_freq_factor"])
        return RopeScaling("llama3", float(rope["factor"]), low, high, int(original))
    factor = longest / original if rope["factor"] is None else float(rope["factor"])
    return RopeScaling(
        "yarn",
        factor,
        original_positions=int(original),
        fast_turns=float(rope.get("beta_fast") or 32),
        slow_turns=float(rope.get("beta_slow") or 1),
        whole_pairs=bool(rope.get("truncate", True)),
        amplitude=_yarn_amplitude(rope, factor),
    )


def _yarn_amplitude(rope: dict[str, Any], factor: float) -> float | None:
    """DeepSeek's two `mscale` fields are a way to say `attention_factor`."""
    if rope.get("attention_factor") is not None:
        return float(rope["attention_factor"])
    above, below = rope.get("mscale"), rope.get("mscale_all_dim")
    return yarn_amplitude(factor, above) / yarn_amplitude(factor, below) if above and below else None


def rope_to_hf(config: DecoderConfig) -> dict[str, Any]:
    """The fields of a `config.json`: 4.x reads `rope_theta` and `rope_scaling`, 5.x `rope_parameters` too."""
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": config.rope_base}
    if config.family == "stablelm":
        rope["partial_rotary_factor"] = config.rotary_fraction
    scaling = _scaling_to_hf(config.rope_scaling) if config.rope_scaling else None
    if scaling:
        rope |= {"rope_type": scaling.get("rope_type", scaling.get("type"))}
        rope |= {name: value for name, value in scaling.items() if name not in ("type", "rope_type")}
    return {"rope_theta": config.rope_base, "rope_scaling": scaling, "rope_parameters": rope}


def _scaling_to_hf(scaling: RopeScaling) -> dict[str, Any]:
    if scaling.kind == "linear":
        return {"type": "linear", "factor": scaling.factor}  # 4.38 takes exactly these two
    fields: dict[str, Any] = {
        "rope_type": scaling.kind,
        "factor": scaling.factor,
        "original_max_position_embeddings": scaling.original_positions,
    }
    if scaling.kind == "llama3":
        low, high = scaling.low_frequency_factor, scaling.high_frequency_factor
        return fields | {"low_freq_factor": low, "high_freq_factor": high}
    fields |= {"type": "yarn", "beta_fast": scaling.fast_turns, "beta_slow": scaling.slow_turns}
    if not scaling.whole_pairs:
        fields["truncate"] = False
    if scaling.amplitude is not None:
        fields["attention_factor"] = scaling.amplitude
    return fields
