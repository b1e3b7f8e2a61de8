"""The closed formulas for size and cost, against torch's own counting."""

import pytest
import torch
from hypothesis import given, settings
from small_decoders import FAMILIES, STABLE, configs, random_tokens
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from midspan.model import Decoder, DecoderConfig, flops_per_token, parameter_count


@settings(max_examples=20, deadline=None)
@given(configs())
def test_parameters_are_those_of_the_module(config: DecoderConfig) -> None:
    with torch.device("meta"):
        decoder = Decoder(config)
    total, non_embedding = parameter_count(config)
    assert total == sum(parameter.numel() for parameter in decoder.parameters())
    assert non_embedding == sum(
        parameter.numel() for name, parameter in decoder.named_parameters() if name not in EMBEDDINGS
    )


EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight")


@pytest.mark.parametrize("name", ["stablelm", "llama", "qwen2"])
def test_operations_are_those_torch_counts(name: str) -> None:
    config, batch, context = FAMILIES[name], 2, 24
    decoder = Decoder(config)
    counter = FlopCounterMode(display=False)
    with sdpa_kernel(SDPBackend.MATH), counter:  # the plain products: a fused kernel's recomputation is not cost
        decoder(random_tokens(config, batch, context)).sum().backward()
    assert counter.get_total_flops() == batch * context * flops_per_token(config, context)


def test_a_window_bounds_the_context_that_attention_pays_for() -> None:
    config = FAMILIES["mistral"]
    assert flops_per_token(config, 5) == flops_per_token(config, 5000) > flops_per_token(config, 4)
    assert flops_per_token(STABLE, 5000) > flops_per_token(STABLE, 5)
