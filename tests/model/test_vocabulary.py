"""A larger vocabulary: new rows lie where the old do, old logits stay, and the file that is written is larger."""

import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_decoders import FAMILIES, QWEN2, STABLE, random_decoder, random_tokens

from midspan.model import DecoderConfig, grow_vocabulary, load_decoder, parameter_shapes, save_decoder


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())
def test_known_tokens_keep_their_logits_and_new_ones_of_a_head_have_the_mean(config: DecoderConfig) -> None:
    decoder, tokens = random_decoder(config), random_tokens(config, 2, 9)
    with torch.no_grad():
        before = decoder(tokens)
        grow_vocabulary(decoder, 70)
        after = decoder(tokens)
    assert decoder.config.vocabulary_size == 128
    assert after.shape[-1] == 128
    torch.testing.assert_close(after[..., :61], before)
    if not config.tied_embeddings:
        mean = before.mean(dim=-1, keepdim=True).expand(-1, -1, 67)
        torch.testing.assert_close(after[..., 61:], mean, atol=1e-5, rtol=1e-5)


def test_new_embeddings_differ_from_each_other_and_lie_where_the_old_do() -> None:
    decoder = random_decoder(STABLE)
    old = decoder.embed_tokens.weight.detach().clone()
    grow_vocabulary(decoder, 61 + 400)
    new = decoder.embed_tokens.weight.detach()[61:]
    assert len(torch.unique(new, dim=0)) == len(new)
    torch.testing.assert_close(new.mean(dim=0), old.mean(dim=0), atol=0.2 * float(old.std()), rtol=0)
    torch.testing.assert_close(new.std(dim=0), old.std(dim=0), atol=0.2 * float(old.std()), rtol=0)
    again = random_decoder(STABLE)
    grow_vocabulary(again, 61 + 400)
    assert torch.equal(again.embed_tokens.weight, decoder.embed_tokens.weight)


@settings(max_examples=30)
@given(st.integers(1, 200), st.integers(1, 61), st.sampled_from([STABLE, QWEN2]))
def test_every_table_is_as_its_definition_says(wanted: int, known: int, config: DecoderConfig) -> None:
    decoder = random_decoder(config)
    old = {name: table.clone() for name, table in tables(decoder).items()}
    grow_vocabulary(decoder, wanted, known)
    rows = 61 if wanted <= 61 else (wanted + 63) // 64 * 64
    for name, table in tables(decoder).items():
        assert table.shape == (rows, 32)
        for row in range(rows):
            stays = row < known or wanted <= row < 61
            if stays:
                torch.testing.assert_close(table[row], old[name][row])
            elif name.startswith("lm_head"):
                torch.testing.assert_close(table[row], old[name][:known].mean(dim=0))
    state = {name: tuple(value.shape) for name, value in decoder.state_dict().items()}
    assert (
        state == parameter_shapes(dataclasses.replace(config, vocabulary_size=rows)) == parameter_shapes(decoder.config)
    )


def tables(decoder: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: value for name, value in decoder.state_dict().items() if name in ("embed_tokens.weight", "lm_head.weight")
    }


def test_rows_of_a_padded_table_are_used_before_it_grows() -> None:
    decoder = random_decoder(QWEN2)
    before = decoder.embed_tokens.weight.detach().clone()
    padding = before[60]
    grow_vocabulary(decoder, vocabulary_size=58, known=50)
    assert decoder.config == QWEN2
    assert torch.equal(decoder.embed_tokens.weight[60], padding)
    assert not torch.equal(decoder.embed_tokens.weight[57], before[57])
    assert torch.equal(decoder.embed_tokens.weight[:50], before[:50])


@pytest.mark.parametrize("config", [STABLE, QWEN2], ids=["untied", "tied"])
def test_a_grown_decoder_is_written_and_trained_as_any_other(config: DecoderConfig, tmp_path: Path) -> None:
    decoder = random_decoder(config).bfloat16()
    grow_vocabulary(decoder, 70)
    assert {parameter.dtype for parameter in decoder.parameters()} == {torch.bfloat16}
    decoder(torch.tensor([[3, 69]])).float().square().mean().backward()
    assert decoder.embed_tokens.weight.grad[69].abs().sum() > 0
    save_decoder(decoder, tmp_path)
    back = load_decoder(tmp_path)
    assert back.config == decoder.config
    assert all(torch.equal(value, back.state_dict()[name]) for name, value in decoder.state_dict().items())
