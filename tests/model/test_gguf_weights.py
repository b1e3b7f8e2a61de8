"""GGUF files give the model they were made of, as transformers reads it; what is not whole or not ours is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from families import smollm2
from gguf_files import write_gguf
from small_decoders import randomise

from midspan.errors import UserError
from midspan.model import RopeScaling, load_decoder, open_weights
from midspan.model.rotary import inverse_frequencies

gguf = pytest.importorskip("gguf")
transformers = pytest.importorskip("transformers")
transformers.utils.logging.disable_progress_bar()

SHAPE = {
    "vocab_size": 96,
    "hidden_size": 64,
    "intermediate_size": 112,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "llama": ("llama", "LlamaConfig", SHAPE),
    "llama, tied": ("llama", "LlamaConfig", SHAPE | {"tie_word_embeddings": True, "rope_theta": 1e5}),
    "llama, biases": ("llama", "LlamaConfig", SHAPE | {"attention_bias": True, "mlp_bias": True}),
    "qwen2": ("qwen2", "Qwen2Config", SHAPE | {"rope_theta": 1e6}),
    "stablelm": ("stablelm", "StableLmConfig", SHAPE),
    "stablelm, half, biases": (
        "stablelm",
        "StableLmConfig",
        SHAPE | {"use_qkv_bias": True, "partial_rotary_factor": 0.5},
    ),
}
TOKENS = torch.randint(96, (2, 40), generator=torch.Generator().manual_seed(0))


def small(case: str, dtype: torch.dtype = torch.float32) -> tuple[str, torch.nn.Module]:
    architecture, name, fields = CASES[case]
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, name)(**fields)).float().eval()
    randomise(model)
    for parameter in model.parameters():
        parameter.data = parameter.to(dtype).float()
    return architecture, model


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("case", CASES)
def test_a_file_gives_back_the_model_it_was_made_of(case: str, kind: str, tmp_path: Path) -> None:
    dtype = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[kind]
    architecture, theirs = small(case, dtype)
    write_gguf(tmp_path / "small.gguf", theirs, architecture, kind)
    ours = load_decoder(tmp_path / "small.gguf")
    assert {parameter.dtype for parameter in ours.parameters()} == {dtype}
    expected = theirs.state_dict()
    for name, value in ours.float().state_dict().items():
        stored = name if name.startswith("lm_head") else f"model.{name}"
        assert torch.equal(value, expected[stored]), name
    with torch.no_grad():
        torch.testing.assert_close(ours(TOKENS), theirs(TOKENS).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_1"])
@pytest.mark.parametrize("case", ["llama, tied", "qwen2"])
def test_quantised_weights_are_those_transformers_reads(case: str, kind: str, tmp_path: Path) -> None:
    def quantised(fields: dict[str, Any], tensors: dict[str, Any]) -> None:
        for name, (array, _) in tensors.items():
            if array.ndim > 1 and array.shape[-1] % 32 == 0:
                tensors[name] = array, gguf.GGMLQuantizationType[kind]

    architecture, model = small(case)
    write_gguf(tmp_path / "small.gguf", model, architecture, "F32", quantised)
    ours = load_decoder(tmp_path / "small.gguf")
    theirs = transformers.AutoModelForCausalLM.from_config(model.config).eval()
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    checkpoint = load_gguf_checkpoint(str(tmp_path / "small.gguf"), return_tensors=True, model_to_load=theirs)
    theirs.load_state_dict(checkpoint["tensors"], strict=False)
    with torch.no_grad():
        torch.testing.assert_close(ours(TOKENS), theirs(TOKENS).logits, atol=1e-4, rtol=1e-4)
    assert open_weights(tmp_path / "small.gguf").dtype == torch.float32  # nothing lost


@pytest.mark.parametrize(
    "kind", sorted(gguf.quants._type_traits, key=lambda kind: kind.name), ids=lambda kind: kind.name
)
def test_every_type_that_the_gguf_package_dequantises_is_read(kind: Any, tmp_path: Path) -> None:
    rows, width = 8, 256
    block, size = gguf.GGML_QUANT_SIZES[kind]
    packed = np.random.default_rng(0).integers(0, 60, (rows, width // block * size), dtype=np.uint8)

    def replaced(fields: dict[str, Any], tensors: dict[str, Any]) -> None:
        tensors["token_embd.weight"] = packed, kind

    fields = SHAPE | {"vocab_size": rows, "hidden_size": width, "num_hidden_layers": 1, "tie_word_embeddings": True}
    model = transformers.AutoModelForCausalLM.from_config(transformers.LlamaConfig(**fields))
    write_gguf(tmp_path / "small.gguf", model, "llama", "F32", replaced)
    found = dict(open_weights(tmp_path / "small.gguf").tensors())["embed_tokens.weight"]
    expected = torch.from_numpy(gguf.dequantize(packed, kind).astype(np.float32))
    assert torch.equal(found.float().nan_to_num(), expected.nan_to_num())
    assert expected.isfinite().any()


def test_norms_that_a_shorter_format_would_round_keep_the_file_in_float32(tmp_path: Path) -> None:
    architecture, model = small("llama", torch.float16)
    model.model.norm.weight.data += 1e-5
    write_gguf(tmp_path / "small.gguf", model, architecture, "F16")
    weights = open_weights(tmp_path / "small.gguf")
    assert weights.dtype == torch.float32
    assert torch.equal(dict(weights.tensors())["norm.weight"], model.model.norm.weight.data)


def test_what_the_file_says_of_its_use_and_origin_is_kept(tmp_path: Path) -> None:
    def chat(fields: dict[str, Any], tensors: dict[str, Any]) -> None:
        fields |= {"tokenizer.ggml.eot_token_id": 7, "tokenizer.ggml.padding_token_id": 3}

    architecture, model = small("llama")
    write_gguf(tmp_path / "small.gguf", model, architecture, "F32", chat)
    weights = open_weights(tmp_path / "small.gguf")
    assert weights.generation.ends == (2, 7)
    assert weights.generation.special == {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
    assert (weights.origin.name, weights.origin.licence) == ("small", "apache-2.0")
    assert weights.config.norm_epsilon == 1e-6


def test_a_mistral_file_says_llama_and_a_window(tmp_path: Path) -> None:
    def windowed(fields: dict[str, Any], tensors: dict[str, Any]) -> None:
        fields["llama.attention.sliding_window"] = 7

    _, llama = small("llama")
    write_gguf(tmp_path / "small.gguf", llama, "llama", "F32", windowed)
    mistral = transformers.MistralForCausalLM(transformers.MistralConfig(**SHAPE, sliding_window=7)).eval()
    mistral.load_state_dict(llama.state_dict())
    ours = load_decoder(tmp_path / "small.gguf")
    assert ours.config.family == "mistral"
    with torch.no_grad():
        torch.testing.assert_close(ours(TOKENS), mistral(TOKENS).logits, atol=1e-4, rtol=1e-4)


def rope_fields(**fields: Any) -> Callable[..., None]:
    def change(written: dict[str, Any], tensors: dict[str, Any]) -> None:
        written |= {f"llama.rope.scaling.{name}": value for name, value in fields.items()}

    return change


@pytest.mark.parametrize(
    ("fields", "scaling"),
    [
        ({"type": "none"}, None),
        ({"type": "linear", "factor": 4.0}, RopeScaling("linear", 4.0)),
        (
            {"type": "yarn", "factor": 4.0, "original_context_length": 1024},
            RopeScaling("yarn", 4.0, original_positions=1024),
        ),
    ],
)
def test_rotary_scaling_is_read(fields: dict[str, Any], scaling: RopeScaling | None, tmp_path: Path) -> None:
    write_gguf(tmp_path / "small.gguf", small("llama")[1], "llama", "F32", rope_fields(**fields))
    assert open_weights(tmp_path / "small.gguf").config.rope_scaling == scaling


def test_the_factors_of_llama_3_1_are_its_scaling(tmp_path: Path) -> None:
    scaled = {"rope_type": "llama3", "rope_theta": 500_000.0, "factor": 32.0, "low_freq_factor": 1.0}
    scaled |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    fields = SHAPE | {"head_dim": 64, "rope_parameters": scaled, "max_position_embeddings": 131_072}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**fields)).eval()
    theirs = model.model.rotary_emb.inv_freq
    plain = 500_000.0 ** -(torch.arange(0, 64, 2) / 64)

    def tabled(written: dict[str, Any], tensors: dict[str, Any]) -> None:
        written["llama.attention.key_length"] = written["llama.attention.value_length"] = 64
        tensors["rope_freqs.weight"] = (plain / theirs).numpy(), gguf.GGMLQuantizationType.F32

    write_gguf(tmp_path / "small.gguf", model, "llama", "F32", tabled)
    config = open_weights(tmp_path / "small.gguf").config
    assert config.rope_scaling == RopeScaling("llama3", 32.0, 1.0, 4.0, 8192)
    torch.testing.assert_close(inverse_frequencies(config), theirs)


def set_field(name: str, value: Any) -> Callable[..., None]:
    return lambda fields, tensors: fields.update({name: value})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (set_field("llama.expert_count", 8), "llama.expert_count 8 is not supported"),
        (set_field("split.count", 3), "llama-gguf-split --merge"),
        (
            set_field("llama.attention.head_count_kv", [2, 1]),
            r"layers of different attention.head_count_kv \(\[2, 1\]\)",
        ),
        (rope_fields(type="longrope"), "rotary scaling 'longrope' is not supported"),
        (set_field("llama.attention.value_length", 8), "keys and values of different size"),
        (lambda fields, tensors: fields.pop("llama.context_length"), "lacks llama.context_length"),
        (
            lambda fields, tensors: tensors.pop("blk.1.ffn_up.weight"),
            r"missing: blk\.1\.ffn_up\.weight; unexpected: none",
        ),
        (
            lambda fields, tensors: tensors.update({"blk.0.attn_q_norm.weight": tensors["output_norm.weight"]}),
            r"unexpected: blk\.0\.attn_q_norm\.weight",
        ),
        (lambda fields, tensors: tensors.pop("token_embd.weight"), "lacks token_embd.weight"),
        (set_field("llama.block_count", "two"), "its metadata make no model"),
        (set_field("llama.attention.head_count", 0), "its metadata make no model"),
        (set_field("llama.attention.layer_norm_rms_epsilon", "small"), "its metadata make no model"),
        (
            lambda fields, tensors: tensors.update(
                {"token_embd.weight": (np.zeros((96, 64 * 8), np.uint8), gguf.GGMLQuantizationType.F64)}
            ),
            "tensors of type 28 cannot be dequantised",
        ),
        (set_field("llama.feed_forward_length", 100), r"blk\.0\.ffn_gate\.weight is \[112, 64\], .* \[100, 64\]"),
    ],
)
def test_what_a_file_lacks_or_has_too_much_is_one_line(
    change: Callable[..., Any], complaint: str, tmp_path: Path
) -> None:
    write_gguf(tmp_path / "small.gguf", small("llama")[1], "llama", "F32", change)
    with pytest.raises(UserError, match=complaint) as caught:
        load_decoder(tmp_path / "small.gguf")
    assert str(caught.value).startswith(str(tmp_path / "small.gguf"))
    assert "\n" not in str(caught.value)


def test_another_architecture_is_named_with_those_there_are(tmp_path: Path) -> None:
    write_gguf(tmp_path / "small.gguf", small("llama")[1], "gemma2")
    with pytest.raises(
        UserError, match="GGUF architecture 'gemma2' is not supported; supported: llama, qwen2, stablelm"
    ):
        open_weights(tmp_path / "small.gguf")


@pytest.mark.parametrize("kept", [0, 3, 4, 7, 20, 100, 300, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_one_line(kept: float, tmp_path: Path) -> None:
    write_gguf(tmp_path / "small.gguf", small("llama")[1], "llama")
    whole = (tmp_path / "small.gguf").read_bytes()
    (tmp_path / "small.gguf").write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    with pytest.raises(
        UserError, match=r"small\.gguf(: not a whole GGUF file| is no GGUF file| is cut short)"
    ) as caught:
        open_weights(tmp_path / "small.gguf")
    assert "\n" not in str(caught.value)


def test_a_folder_that_holds_a_file_says_so(tmp_path: Path) -> None:
    write_gguf(tmp_path / "small.gguf", small("llama")[1], "llama")
    with pytest.raises(UserError, match=r"no config\.json and no GGUF file; give .*small\.gguf itself"):
        open_weights(tmp_path)


def test_smollm2_is_what_transformers_reads() -> None:
    file = smollm2()
    ours = load_decoder(file)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    expected = theirs.state_dict()
    for name, value in ours.state_dict().items():
        assert (value - expected[f"model.{name}"]).abs().max() <= 1e-6, name
    tokens = torch.randint(49_152, (1, 64), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert (ours(tokens) - theirs.eval()(tokens).logits).abs().max() <= 1e-4
