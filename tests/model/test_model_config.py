"""Configs: what config.json files say, what is refused, and that nothing is lost on the way back."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from small_decoders import LLAMA, STABLE, configs

from midspan.errors import UserError
from midspan.model import DecoderConfig, RopeScaling, parameter_count, parameter_shapes
from midspan.model.formats.hf_config import config_from_hf, config_to_hf

# The shipped config.json of stabilityai/stable-code-3b (22 February 2024).
STABLE_CODE_3B = {
    "architectures": ["StableLmForCausalLM"],
    "model_type": "stablelm",
    "bos_token_id": 0,
    "eos_token_id": 0,
    "hidden_act": "silu",
    "hidden_size": 2560,
    "initializer_range": 0.02,
    "intermediate_size": 6912,
    "layer_norm_eps": 1e-05,
    "max_position_embeddings": 16384,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 32,
    "partial_rotary_factor": 0.25,
    "rope_theta": 1000000,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.38.0",
    "use_cache": True,
    "use_qkv_bias": False,
    "vocab_size": 50304,
}
SMALL = {
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


def test_stable_code_3b_is_understood() -> None:
    config = config_from_hf(STABLE_CODE_3B)
    assert config == DecoderConfig(
        "stablelm", 50304, 2560, 6912, 32, 32, 32, 80, 16384, "layernorm", 1e-5, 0.25, 1_000_000.0
    )
    assert config.rotary_size == 20
    assert parameter_count(config) == (2_795_443_200, 2_537_886_720)
    shapes = parameter_shapes(config)
    assert len(shapes) == 356
    assert shapes["layers.31.mlp.down_proj.weight"] == (2560, 6912)
    assert shapes["lm_head.weight"] == (50304, 2560)


@settings(deadline=None)
@given(configs())
def test_every_config_survives_the_way_through_config_json(config: DecoderConfig) -> None:
    assert config_from_hf(config_to_hf(config, torch.bfloat16)) == config


@settings(deadline=None)
@given(configs())
def test_each_transformers_generation_finds_all_in_its_own_keys(config: DecoderConfig) -> None:
    written = config_to_hf(config, torch.float32)
    old = {key: value for key, value in written.items() if key != "rope_parameters"}
    new = {key: value for key, value in written.items() if key not in ("rope_theta", "rope_scaling")}
    assert config_from_hf(old) == config_from_hf(new) == config


def test_the_rotary_scaling_of_llama_3_1_is_read() -> None:
    scaling = {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
        "rope_type": "llama3",
    }
    config = config_from_hf({**SMALL, "model_type": "llama", "rope_theta": 500000.0, "rope_scaling": scaling})
    assert config.rope_scaling == RopeScaling("llama3", 8.0, 1.0, 4.0, 8192)
    assert config.rope_base == 500_000.0


def test_fields_that_old_configs_lack_take_the_values_transformers_gives_them() -> None:
    llama = config_from_hf(
        {key: value for key, value in SMALL.items() if "key_value" not in key} | {"model_type": "llama"}
    )
    assert (llama.num_key_value_heads, llama.norm_epsilon, llama.rope_base) == (4, 1e-6, 10_000.0)
    assert config_from_hf({**SMALL, "model_type": "mistral"}).sliding_window == 4096
    assert config_from_hf({**SMALL, "model_type": "mistral", "sliding_window": None}).sliding_window is None
    qwen2 = config_from_hf({**SMALL, "model_type": "qwen2", "sliding_window": 9, "use_sliding_window": False})
    assert (qwen2.sliding_window, qwen2.qkv_bias) == (None, True)
    beyond = config_from_hf({**SMALL, "model_type": "qwen2", "use_sliding_window": True, "max_window_layers": 28})
    assert beyond.sliding_window is None  # "from layer 28 on", of two layers
    assert config_from_hf({**SMALL, "model_type": "stablelm"}).rotary_fraction == 0.25


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"model_type": "mixtral"}, "'mixtral' is not supported; supported: stablelm, llama, mistral, qwen2"),
        ({"model_type": "stablelm_epoch"}, "'stablelm_epoch' is not supported"),
        ({"model_type": "stablelm", "use_parallel_residual": True}, "use_parallel_residual True is not supported"),
        ({"model_type": "stablelm", "qk_layernorm": True}, "qk_layernorm True"),
        ({"model_type": "stablelm", "hidden_dropout": 0.1}, "hidden_dropout 0.1"),
        ({"model_type": "llama", "hidden_act": "gelu"}, "hidden_act 'gelu' is not supported, only 'silu'"),
        ({"model_type": "llama", "partial_rotary_factor": 0.5}, "llama model cannot have rotary_fraction 0.5"),
        (
            {"model_type": "llama", "rope_scaling": {"type": "longrope", "factor": 4.0}},
            "supported: linear, llama3, yarn",
        ),
        (
            {"model_type": "llama", "rope_scaling": "yarn"},
            "rope_scaling and rope_parameters hold an object, not 'yarn'",
        ),
        ({"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 4.0}}, "scaling 'dynamic'"),
        ({"model_type": "llama", "rope_scaling": {"type": "linear"}}, "lacks 'factor'"),
        ({"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 0}}, "rotary scaling by 0.0 of"),
        ({"model_type": "llama", "rope_scaling": {"type": "yarn", "factor": "4x"}}, "a value of the wrong kind"),
        ({"model_type": "llama", "rope_parameters": {"full_attention": {"rope_theta": 1e4}}}, "full_attention"),
        ({"model_type": "llama", "layer_types": ["full_attention", "sliding_attention"]}, "layer_types"),
        ({"model_type": "llama", "quantization_config": {"bits": 4}}, "quantization_config"),
        (
            {"model_type": "qwen2", "use_sliding_window": True, "max_window_layers": 1},
            "layers of different or contradictory attention",
        ),
        ({"model_type": "qwen2", "hidden_size": None}, "'hidden_size' is missing"),
        ({"model_type": "qwen2", "hidden_size": "wide"}, "hidden_size is 'wide', not a whole number"),
        ({"model_type": "llama", "num_attention_heads": 0}, "num_attention_heads is 0"),
        ({"model_type": "llama", "rms_norm_eps": [1]}, "a value of the wrong kind"),
        ({"model_type": "llama", "layer_types": 3}, "a value of the wrong kind"),
        ({"model_type": "mistral", "num_key_value_heads": None}, "'num_key_value_heads' is missing"),
        ({"model_type": "mistral", "num_key_value_heads": 3}, "not a multiple of num_key_value_heads"),
    ],
)
def test_what_is_not_implemented_is_refused_by_name(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        config_from_hf({**SMALL, **fields}, "models/x/config.json")
    assert str(caught.value).startswith("models/x/config.json: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "changes", "complaint"),
    [
        (STABLE, {"num_layers": 0}, "num_layers is 0"),
        (STABLE, {"num_key_value_heads": 3}, "choose a divisor"),
        (STABLE, {"rotary_fraction": 0.4}, "an even number from 2 to head_size"),
        (STABLE, {"rotary_fraction": 0.0}, "an even number from 2"),
        (STABLE, {"rotary_fraction": 1.5}, "an even number from 2 to head_size"),
        (STABLE, {"norm": "rmsnorm"}, "stablelm model cannot have norm 'rmsnorm'"),
        (STABLE, {"head_size": 16}, "num_heads x head_size must be hidden_size"),
        (STABLE, {"sliding_window": 8}, "stablelm model cannot have sliding_window 8"),
        (LLAMA, {"qkv_bias": True}, "on all four projections of attention or on none"),
        (LLAMA, {"family": "mistral", "sliding_window": 0}, "sliding_window is 0"),
        (STABLE, {"rope_base": 1.0}, "rope_base is 1.0; it must be more than 1"),
        (LLAMA, {"family": "gpt2"}, "family 'gpt2'"),
    ],
)
def test_contradictions_are_refused(config: DecoderConfig, changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        dataclasses.replace(config, **changes)
