"""What the decoder computes: packing, padding, positions, determinism, initialisation."""

import math
import shutil
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from small_decoders import FAMILIES, LLAMA, MISTRAL, STABLE, configs, random_decoder, random_tokens

import midspan.model.attention as attention
from midspan.model import Decoder, DecoderConfig
from midspan.model.attention import BlockedAttention, attend
from midspan.model.masks import attention_mask, first_keys, restarting_positions, score_mask
from midspan.model.norm import RmsNorm
from midspan.model.rotary import rotate, rotation

FAMILY = pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())
PRECISION = pytest.mark.parametrize("autocast", [False, True], ids=["float32", "bfloat16"])


def segments_of(lengths: list[int], padding: int = 0) -> torch.Tensor:
    ids = [number for number, length in enumerate(lengths) for _ in range(length)] + [-1] * padding
    return torch.tensor([ids])


@PRECISION
@FAMILY
def test_a_packed_document_is_bit_equal_whatever_its_neighbours_say(config: DecoderConfig, autocast: bool) -> None:
    decoder, segments = random_decoder(config), segments_of([7, 12, 9], padding=4)
    tokens = random_tokens(config, 1, 32)
    middle = slice(7, 19)
    changed = torch.where(segments == 1, tokens, (tokens + 11) % config.vocabulary_size)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        before, after = decoder(tokens, segments=segments), decoder(changed, segments=segments)
    assert torch.equal(before[:, middle], after[:, middle])
    assert not torch.equal(before[:, :7], after[:, :7])


@PRECISION
def test_a_packed_document_sends_no_gradient_to_its_neighbours(autocast: bool) -> None:
    decoder, segments = random_decoder(STABLE), segments_of([6, 10])
    tokens = torch.arange(16)[None]  # no token twice, so that each has its own row of the table
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        hidden = decoder.hidden_states(tokens, segments=segments)
    hidden[:, 6:].square().sum().backward()
    touched = decoder.embed_tokens.weight.grad.abs().sum(dim=1).nonzero().flatten()
    assert touched.tolist() == list(range(6, 16))


@FAMILY
def test_packed_logits_are_those_of_each_document_alone(config: DecoderConfig) -> None:
    decoder, lengths = random_decoder(config), [1, 13, 8, 3]
    tokens = random_tokens(config, 1, sum(lengths) + 2)
    with torch.no_grad():
        packed = decoder(tokens, segments=segments_of(lengths, padding=2))
        ends = [sum(lengths[:count]) for count in range(len(lengths) + 1)]
        alone = torch.cat([decoder(tokens[:, start:end]) for start, end in pairwise(ends)], dim=1)
    torch.testing.assert_close(packed[:, :-2], alone, atol=2e-5, rtol=1e-5)


@PRECISION
def test_padding_yields_numbers_forward_and_backward(autocast: bool) -> None:
    decoder, tokens = random_decoder(LLAMA), random_tokens(LLAMA, 2, 9)
    segments = torch.tensor([[-1, -1, 0, 0, 0, -1, 1, 1, -1], [-1] * 9])
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        logits = decoder(tokens, segments=segments)
    logits.float().square().mean().backward()
    assert logits.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in decoder.parameters())


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(0, 4))
def test_positions_count_from_zero_in_each_segment(lengths: list[int], padding: int) -> None:
    positions = restarting_positions(segments_of(lengths, padding))
    assert positions.tolist() == [[i for length in [*lengths, padding] for i in range(length)]]


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=12), st.sampled_from([None, 1, 2, 5, 50]), st.booleans())
def test_the_mask_is_the_definition_spelt_out(ids: list[int], window: int | None, packed: bool) -> None:
    length = len(ids)
    mask = attention_mask(length, torch.tensor([ids]) if packed else None, window, torch.device("cpu"))
    expected = [
        [k <= q and (window is None or q - k < window) and (not packed or ids[q] == ids[k]) for k in range(length)]
        for q in range(length)
    ]
    if mask is None:
        assert expected == [[k <= q for k in range(length)] for q in range(length)]
    else:
        assert mask[0, 0].tolist() == expected


@settings(max_examples=25, deadline=None)
@given(configs(), st.integers(1, 20), st.data())
def test_a_token_never_sees_what_comes_after_it(config: DecoderConfig, length: int, data: st.DataObject) -> None:
    decoder, tokens = random_decoder(config), random_tokens(config, 2, length)
    cut = data.draw(st.integers(0, length - 1))
    changed = tokens.clone()
    changed[:, cut + 1 :] = (changed[:, cut + 1 :] + 1) % config.vocabulary_size
    with torch.no_grad():
        assert torch.equal(decoder(tokens)[:, : cut + 1], decoder(changed)[:, : cut + 1])


def test_a_sliding_window_of_five_reaches_four_tokens_back_in_each_layer() -> None:
    decoder, tokens = random_decoder(MISTRAL), torch.arange(20)[None]
    hidden = decoder.hidden_states(tokens)
    hidden[0, -1].square().sum().backward()
    touched = decoder.embed_tokens.weight.grad.abs().sum(dim=1).nonzero().flatten()
    assert touched.tolist() == list(range(19 - 4 * MISTRAL.num_layers, 20))


@FAMILY
def test_only_the_distance_between_positions_matters(config: DecoderConfig) -> None:
    decoder, tokens = random_decoder(config), random_tokens(config, 2, 12)
    positions = torch.arange(12).expand(2, -1)
    with torch.no_grad():
        torch.testing.assert_close(decoder(tokens), decoder(tokens, positions=positions + 9), atol=1e-4, rtol=1e-4)
        assert not torch.allclose(decoder(tokens), decoder(tokens, positions=positions * 2), atol=1e-2)


@pytest.mark.parametrize("packed", [False, True])
@PRECISION
def test_gradients_are_bit_equal_from_run_to_run(autocast: bool, packed: bool) -> None:
    decoder, tokens = random_decoder(STABLE), random_tokens(STABLE, 3, 48)
    segments = segments_of([20, 28]).expand(3, -1) if packed else None

    def gradients() -> list[torch.Tensor]:
        decoder.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            logits = decoder(tokens, segments=segments)
        F.cross_entropy(logits.float().flatten(0, 1), tokens.flatten()).backward()
        return [parameter.grad.clone() for parameter in decoder.parameters()]

    assert all(torch.equal(first, second) for first, second in zip(gradients(), gradients(), strict=True))


@pytest.mark.parametrize("key_value_heads", [1, 2, 4])
@pytest.mark.parametrize(("lengths", "window"), [(None, None), ([5, 3], None), ([1, 4, 3], 3), (None, 4)])
def test_blocked_attention_is_attention_and_its_gradient_is_right(
    lengths: list[int] | None, window: int | None, key_value_heads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "QUERY_BLOCK", 3)
    monkeypatch.setattr(attention, "SHORT", 0)
    monkeypatch.setattr(attention, "KEY_STEP", 2)
    torch.manual_seed(0)
    queries = torch.randn(2, 4, 8, 4, dtype=torch.float64, requires_grad=True)
    keys, values = (torch.randn(2, key_value_heads, 8, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    segments = segments_of(lengths) if lengths else None
    mask = score_mask(attention_mask(8, segments, window, torch.device("cpu")), torch.float64)
    reach = first_keys(segments, window, 8, 3)
    expected = F.scaled_dot_product_attention(
        queries, keys, values, attn_mask=mask, is_causal=mask is None, enable_gqa=True
    )
    torch.testing.assert_close(BlockedAttention.apply(queries, keys, values, mask, reach), expected)
    assert torch.autograd.gradcheck(BlockedAttention.apply, (queries, keys, values, mask, reach))


@given(
    rows=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=3),
    window=st.none() | st.integers(1, 12),
    block=st.integers(1, 7),
)
def test_the_first_key_of_a_block_is_the_first_that_its_mask_allows(
    rows: list[list[int]], window: int | None, block: int
) -> None:
    length = max(map(sum, rows))
    segments = torch.cat([segments_of(row, length - sum(row)) for row in rows])
    allowed = attention_mask(length, segments, window, torch.device("cpu"))
    assert allowed is not None
    seen = [
        allowed[:, 0, start : start + block].any(dim=(0, 1)).nonzero()[0].item() for start in range(0, length, block)
    ]
    assert first_keys(segments, window, length, block) == seen


def test_rms_norm_and_rotation_are_those_of_their_formulas_and_so_are_their_gradients() -> None:
    torch.manual_seed(0)
    norm = RmsNorm(6, 1e-3)
    torch.nn.init.normal_(norm.weight)
    hidden = torch.randn(2, 3, 6, requires_grad=True)
    peer = torch.nn.RMSNorm(6, 1e-3)
    peer.weight = norm.weight
    made, expected = norm(hidden), peer(hidden)
    torch.testing.assert_close(made, expected)
    gradients = (torch.autograd.grad(one.sin().sum(), (hidden, norm.weight)) for one in (made, expected))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)
    with torch.no_grad():
        torch.testing.assert_close(norm(hidden), peer(hidden))

    heads = torch.randn(2, 3, 5, 8, dtype=torch.float64, requires_grad=True)
    cosine, sine = rotation(torch.tensor([1.0, 0.1]), torch.arange(5)[None], 8, dtype=torch.float64)
    assert torch.autograd.gradcheck(rotate, (heads, cosine, sine))
    first, second, rest = heads[..., :2], heads[..., 2:4], heads[..., 4:]
    turn = cosine[..., :2]
    turned = torch.cat([first * turn - second * sine, second * turn + first * sine, rest], dim=-1)
    torch.testing.assert_close(rotate(heads, cosine, sine), turned)


@pytest.mark.parametrize("key_value_heads", [1, 2, 4])
def test_bfloat16_attention_is_float32_attention_within_rounding(key_value_heads: int) -> None:
    torch.manual_seed(0)
    queries = torch.randn(2, 4, 300, 16).bfloat16().requires_grad_()
    keys, values = (torch.randn(2, key_value_heads, 300, 16).bfloat16().requires_grad_() for _ in range(2))
    out_gradient = torch.randn(2, 4, 300, 16)

    def run(dtype: torch.dtype) -> list[torch.Tensor]:
        mixed = attend(*(tensor.to(dtype) for tensor in (queries, keys, values)), None, causal=True)
        return [mixed, *torch.autograd.grad(mixed, (queries, keys, values), out_gradient.to(dtype))]

    for ours, exact in zip(run(torch.bfloat16), run(torch.float32), strict=True):
        error = (ours.float() - exact.float()).norm() / exact.float().norm()
        assert error < 0.01  # bfloat16 keeps 8 bits: 0.004 per rounding


@FAMILY
def test_the_head_weight_is_what_makes_logits_of_the_last_hidden_states(config: DecoderConfig) -> None:
    decoder, tokens = random_decoder(config), random_tokens(config, 2, 5)
    with torch.no_grad():
        assert torch.equal(decoder(tokens), decoder.hidden_states(tokens) @ decoder.head_weight.T)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_blocks_give_the_same_gradients() -> None:
    config = replace(LLAMA, num_layers=1)  # each is compiled anew
    tokens, segments = random_tokens(config, 1, 32), segments_of([7, 12, 9], padding=4)
    eager, compiled = random_decoder(config), random_decoder(config)
    for block in compiled.layers:
        block.compile()
    for decoder in (eager, compiled):
        decoder(tokens, segments=segments).square().mean().backward()
    for name, parameter in eager.named_parameters():
        torch.testing.assert_close(compiled.get_parameter(name).grad, parameter.grad, rtol=1e-3, atol=1e-5)


def test_an_output_head_that_was_replaced_is_used() -> None:
    decoder, tokens = random_decoder(STABLE), random_tokens(STABLE, 1, 3)
    decoder.lm_head = torch.nn.Identity()
    assert torch.equal(decoder(tokens), decoder.hidden_states(tokens))


def test_the_seed_of_torch_alone_decides_the_first_weights() -> None:
    first, second, other = ([torch.manual_seed(seed), Decoder(STABLE).state_dict()][1] for seed in (3, 3, 4))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["embed_tokens.weight"], other["embed_tokens.weight"])


def test_projections_into_the_stream_start_smaller_by_the_root_of_their_number() -> None:
    wide = DecoderConfig("stablelm", 300, 128, 256, 8, 4, 4, 32, 64, qkv_bias=True)
    torch.manual_seed(0)
    for name, parameter in Decoder(wide).named_parameters():
        if "norm" in name or "bias" in name:
            assert torch.equal(parameter, torch.full_like(parameter, float(name.endswith("norm.weight"))))
        else:
            into_stream = name.endswith(("o_proj.weight", "down_proj.weight"))
            table = name in ("embed_tokens.weight", "lm_head.weight")
            expected = 0.02 if table else (1 / math.sqrt(128)) / (math.sqrt(16) if into_stream else 1)
            assert parameter.std().item() == pytest.approx(expected, rel=0.05), name
