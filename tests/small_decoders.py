"""Decoders small enough for a test, with weights large enough that every part of them moves the logits."""

import dataclasses

import torch
from hypothesis import strategies as st

from midspan.model import Decoder, DecoderConfig, RopeScaling

STABLE = DecoderConfig(
    family="stablelm",
    vocabulary_size=61,
    hidden_size=32,
    intermediate_size=48,
    num_layers=2,
    num_heads=4,
    num_key_value_heads=2,
    head_size=8,
    max_positions=64,
    rotary_fraction=0.5,
    qkv_bias=True,
)
LLAMA = dataclasses.replace(STABLE, family="llama", norm="rmsnorm", rotary_fraction=1.0, qkv_bias=False)
LLAMA3 = dataclasses.replace(LLAMA, rope_scaling=RopeScaling("llama3", 4.0, 1.0, 4.0, 16))
MISTRAL = dataclasses.replace(LLAMA, family="mistral", sliding_window=5)
QWEN2 = dataclasses.replace(LLAMA, family="qwen2", qkv_bias=True, tied_embeddings=True)
YARNS = (
    RopeScaling("yarn", 4.0, original_positions=32),
    RopeScaling("yarn", 2.5, original_positions=16, fast_turns=8.0, slow_turns=2.0, whole_pairs=False, amplitude=1.2),
)
FAMILIES = {"stablelm": STABLE, "llama": LLAMA, "llama3": LLAMA3, "mistral": MISTRAL, "qwen2": QWEN2}


def random_decoder(config: DecoderConfig, seed: int = 0) -> Decoder:
    """A decoder whose every parameter, norms and biases included, is random and not small."""
    torch.manual_seed(seed)
    decoder = Decoder(config)
    randomise(decoder)
    return decoder.eval()


def randomise(module: torch.nn.Module) -> None:
    for parameter in module.parameters():
        matrix = parameter.dim() > 1
        torch.nn.init.normal_(parameter, mean=0.0 if matrix else 0.5, std=0.3 if matrix else 0.5)


def random_tokens(config: DecoderConfig, batch: int, length: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(config.vocabulary_size, (batch, length), generator=torch.Generator().manual_seed(seed))


@st.composite
def configs(draw: st.DrawFn) -> DecoderConfig:
    """Any small config that some family can express."""
    family = draw(st.sampled_from(["stablelm", "llama", "mistral", "qwen2"]))
    stable = family == "stablelm"
    key_value_heads, groups = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([1, 2]))
    heads, head_size = key_value_heads * groups, draw(st.sampled_from([8, 16]))
    scalings = st.sampled_from([None, RopeScaling("linear", 2.5), RopeScaling("llama3", 8.0, 1.0, 4.0, 32), *YARNS])
    biased = draw(st.booleans()) and family == "llama"
    return DecoderConfig(
        family=family,
        vocabulary_size=draw(st.integers(5, 70)),
        hidden_size=heads * head_size,
        intermediate_size=draw(st.integers(1, 40)),
        num_layers=draw(st.integers(1, 3)),
        num_heads=heads,
        num_key_value_heads=key_value_heads,
        head_size=head_size,
        max_positions=64,
        norm="layernorm" if stable else "rmsnorm",
        norm_epsilon=draw(st.sampled_from([1e-5, 1e-6])),
        rotary_fraction=draw(st.sampled_from([0.25, 0.5, 1.0])) if stable else 1.0,
        rope_base=draw(st.sampled_from([500.0, 10_000.0, 1_000_000.0])),
        rope_scaling=draw(scalings),
        qkv_bias=draw(st.booleans()) if stable else family == "qwen2" or biased,
        output_bias=biased,
        mlp_bias=draw(st.booleans()) and family == "llama",
        tied_embeddings=draw(st.booleans()),
        sliding_window=draw(st.sampled_from([None, 1, 3, 100])) if family in ("mistral", "qwen2") else None,
    )
