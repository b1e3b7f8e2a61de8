"""Products with one row: the same results, whatever the shape that comes in."""

from __future__ import annotations

import copy

import pytest
import torch
from small_decoders import QWEN2, STABLE, random_decoder, random_tokens

from midspan.inference.one_row import OneRowLinear, use_one_row_products
from midspan.model import DecoderConfig, KeyValueCache


@pytest.mark.parametrize("config", [STABLE, QWEN2], ids=["stablelm", "qwen2 with tied embeddings"])
@pytest.mark.parametrize("rows", [1, 3])
def test_logits_are_those_of_plain_linears(config: DecoderConfig, rows: int) -> None:
    plain = random_decoder(config).bfloat16()
    short = copy.deepcopy(plain)
    use_one_row_products(short)
    tokens = random_tokens(config, rows, 6)
    for decoder in (plain, short):
        decoder.eval()
    with torch.no_grad():
        caches = [KeyValueCache(config, rows, 6, torch.bfloat16) for _ in range(2)]
        for start, end in ((0, 4), (4, 5), (5, 6)):
            found, expected = (
                decoder(tokens[:, start:end], cache=cache)
                for decoder, cache in zip((short, plain), caches, strict=True)
            )
            torch.testing.assert_close(found, expected, atol=0.05 * float(expected.abs().max()), rtol=0)


def test_every_matrix_is_replaced_and_none_is_copied() -> None:
    decoder = random_decoder(QWEN2)
    before = {weight.data_ptr() for weight in decoder.parameters()}
    use_one_row_products(decoder)
    assert {weight.data_ptr() for weight in decoder.parameters()} == before
    linears = [module for module in decoder.modules() if isinstance(module, torch.nn.Linear)]
    assert len(linears) == 7 * QWEN2.num_layers + 1
    assert all(isinstance(linear, OneRowLinear) for linear in linears)
