"""Our logits are those of transformers on the same weights, whichever of the two wrote the checkpoint."""

import json
from pathlib import Path

import pytest
import torch
from small_decoders import FAMILIES, random_decoder, randomise

from midspan.model import DecoderConfig, Generation, load_decoder, save_decoder

transformers = pytest.importorskip("transformers")
transformers.utils.logging.disable_progress_bar()

SHAPE = {
    "vocab_size": 96,
    "hidden_size": 64,
    "intermediate_size": 112,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 16384,
}
MANY_HEADS = {**SHAPE, "num_attention_heads": 8, "num_key_value_heads": 8}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR = {"rope_type": "linear", "rope_theta": 10_000.0, "factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 4096}
SHORT_YARN = {"rope_type": "yarn", "rope_theta": 500.0, "factor": 8.0, "original_max_position_embeddings": 64}
SHARPENED = {"attention_factor": 1.25, "beta_fast": 16, "beta_slow": 2, "truncate": False}
DEEPSEEK = {"mscale": 1.0, "mscale_all_dim": 0.7}
CASES = {
    "stablelm": ("StableLmConfig", SHAPE),
    "stablelm, all heads of their own": ("StableLmConfig", MANY_HEADS | {"partial_rotary_factor": 0.5}),
    "stablelm, bias and base": ("StableLmConfig", SHAPE | {"use_qkv_bias": True, "rope_theta": 1e6}),
    "stablelm, linear": ("StableLmConfig", SHAPE | {"rope_parameters": LINEAR | {"partial_rotary_factor": 0.25}}),
    "stablelm, tied": ("StableLmConfig", SHAPE | {"tie_word_embeddings": True}),
    "llama": ("LlamaConfig", SHAPE | {"rms_norm_eps": 1e-5}),
    "llama, narrow heads": ("LlamaConfig", SHAPE | {"head_dim": 10}),
    "llama, linear": ("LlamaConfig", SHAPE | {"rope_parameters": LINEAR}),
    "llama, llama3": ("LlamaConfig", SHAPE | {"rope_parameters": LLAMA3}),
    "llama, biases of attention": ("LlamaConfig", SHAPE | {"attention_bias": True}),
    "llama, all biases": ("LlamaConfig", SHAPE | {"attention_bias": True, "mlp_bias": True}),
    "llama, yarn": ("LlamaConfig", SHAPE | {"rope_parameters": SHORT_YARN}),
    "llama, yarn by mscale": ("LlamaConfig", SHAPE | {"rope_parameters": SHORT_YARN | DEEPSEEK}),
    "mistral, yarn": ("MistralConfig", SHAPE | {"sliding_window": None, "rope_parameters": SHORT_YARN | SHARPENED}),
    "stablelm, yarn": (
        "StableLmConfig",
        SHAPE | {"rope_parameters": SHORT_YARN | {"partial_rotary_factor": 0.5}, "head_dim": 16},
    ),
    "qwen2, yarn": ("Qwen2Config", SHAPE | {"rope_parameters": YARN, "tie_word_embeddings": True}),
    "mistral": ("MistralConfig", SHAPE | {"sliding_window": 7}),
    "mistral, no window": ("MistralConfig", SHAPE | {"sliding_window": None}),
    "qwen2": ("Qwen2Config", SHAPE),
    "qwen2, tied": ("Qwen2Config", SHAPE | {"tie_word_embeddings": True}),
    "qwen2, window": (
        "Qwen2Config",
        SHAPE | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 0},
    ),
}
TOKENS = torch.randint(96, (2, 40), generator=torch.Generator().manual_seed(0))


def peer(case: str) -> torch.nn.Module:
    name, fields = CASES[case]
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, name)(**fields)).float().eval()
    randomise(model)
    return model


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert theirs.abs().max() > 1  # so that 1e-4 says something
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_we_read_their_checkpoint_and_they_read_ours(case: str, tmp_path: Path) -> None:
    theirs = peer(case)
    theirs.save_pretrained(tmp_path / "theirs")
    ours = load_decoder(tmp_path / "theirs")
    save_decoder(ours, tmp_path / "ours")
    back, report = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(report.values()), report
    with torch.no_grad():
        expected = theirs(TOKENS).logits
        close(ours(TOKENS), expected)
        close(back(TOKENS).logits, expected)


@pytest.mark.parametrize(
    "case", [case for case in CASES if any(kind in case for kind in ("base", "llama3", "linear", "yarn"))]
)
def test_far_positions_rotate_as_theirs(case: str, tmp_path: Path) -> None:
    theirs = peer(case)
    theirs.save_pretrained(tmp_path)
    positions = torch.arange(40).expand(2, -1) * 400  # up to 15,600, and gaps that the rotation must see
    with torch.no_grad():
        close(load_decoder(tmp_path)(TOKENS, positions=positions), theirs(TOKENS, position_ids=positions).logits)


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())
def test_a_model_of_our_own_is_theirs_too(config: DecoderConfig, tmp_path: Path) -> None:
    ours, tokens = random_decoder(config), TOKENS % config.vocabulary_size
    save_decoder(ours, tmp_path, generation=Generation.of_tokens(3))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    with torch.no_grad():
        close(ours(tokens), theirs(tokens).logits)
    assert theirs.generation_config.eos_token_id == theirs.config.eos_token_id == 3


RULES = {
    "4.x alone": {"rope_scaling": SHORT_YARN, "rope_theta": 700.0},
    "4.x beside 5.x's default": {
        "rope_theta": 500.0,
        "rope_scaling": {"type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64},
        "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
    },
    "4.x beside 5.x's, no base of its own": {
        "rope_scaling": {"type": "linear", "factor": 2.0},
        "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
    },
    "4.x's default beside 5.x's": {"rope_scaling": {"type": "default"}, "rope_parameters": LINEAR, "rope_theta": 500.0},
    "4.x's empty": {"rope_scaling": {}, "rope_parameters": LINEAR},
    "no original positions": {"rope_scaling": {"rope_type": "yarn", "factor": 8.0}, "rope_theta": 500.0},
    "original positions outside": {
        "rope_scaling": {"rope_type": "yarn", "factor": 8.0},
        "original_max_position_embeddings": 64,
        "rope_theta": 500.0,
    },
    "both spellings of the kind": {"rope_scaling": LLAMA3 | {"type": "linear"}},
    "a factor to be found": {"rope_parameters": SHORT_YARN | {"factor": None}},
}


@pytest.mark.parametrize("rule", RULES)
def test_rotary_settings_in_several_places_have_their_precedence(rule: str, tmp_path: Path) -> None:
    peer("qwen2").save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    for field in ("rope_scaling", "rope_parameters", "rope_theta"):
        config.pop(field, None)
    (tmp_path / "config.json").write_text(json.dumps(config | RULES[rule]))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    positions = torch.arange(40).expand(2, -1) * 400
    with torch.no_grad():
        expected = theirs(TOKENS, position_ids=positions).logits
        close(load_decoder(tmp_path)(TOKENS, positions=positions), expected)


def test_their_shards_are_read(tmp_path: Path) -> None:
    theirs = peer("stablelm")
    theirs.save_pretrained(tmp_path, max_shard_size="60KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    with torch.no_grad():
        close(load_decoder(tmp_path)(TOKENS), theirs(TOKENS).logits)


def test_our_greedy_continuation_is_theirs(tmp_path: Path) -> None:
    theirs = peer("stablelm, bias and base")
    theirs.save_pretrained(tmp_path)
    ours, tokens = load_decoder(tmp_path), TOKENS[:1, :8]
    everything = torch.ones_like(tokens)  # otherwise they take each token 0 of the prompt for padding
    expected = theirs.generate(
        tokens, attention_mask=everything, max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0
    )
    for _ in range(12):
        with torch.no_grad():
            tokens = torch.cat([tokens, ours(tokens)[:, -1:].argmax(-1)], dim=1)
    assert tokens.tolist() == expected.tolist()
