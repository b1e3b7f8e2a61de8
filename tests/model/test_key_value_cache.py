"""With a cache, a token at a time or in chunks, the logits are those of the whole sequence."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_decoders import FAMILIES, STABLE, configs, random_decoder, random_tokens

from midspan.errors import UserError
from midspan.model import Decoder, DecoderConfig, KeyValueCache

FAMILY = pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())


def in_chunks(decoder: Decoder, tokens: torch.Tensor, sizes: list[int], cache: KeyValueCache) -> torch.Tensor:
    logits, start = [], 0
    for size in sizes:
        logits.append(decoder(tokens[:, start : start + size], cache=cache))
        start += size
    return torch.cat(logits, dim=1)


@settings(max_examples=40, deadline=None)
@given(configs(), st.lists(st.sampled_from([1, 1, 1, 2, 7]), min_size=1, max_size=8))
def test_any_chunks_give_the_logits_of_the_whole(config: DecoderConfig, sizes: list[int]) -> None:
    decoder, tokens = random_decoder(config), random_tokens(config, 2, sum(sizes))
    with torch.no_grad():
        whole = decoder(tokens)
        chunked = in_chunks(decoder, tokens, sizes, KeyValueCache(config, 2, sum(sizes)))
        torch.testing.assert_close(chunked, whole, atol=1e-4, rtol=1e-4)


def test_a_kept_row_goes_on_as_if_the_others_had_never_been() -> None:
    decoder, tokens = random_decoder(STABLE), random_tokens(STABLE, 3, 8)
    cache = KeyValueCache(STABLE, 3, 8)
    with torch.no_grad():
        decoder(tokens[:, :5], cache=cache)
        cache.keep_rows([2, 0])
        kept = decoder(tokens[[2, 0], 5:], cache=cache)
        torch.testing.assert_close(kept, decoder(tokens[[2, 0]])[:, 5:], atol=1e-4, rtol=1e-4)


def test_the_size_of_a_row_is_what_a_cache_of_one_row_takes() -> None:
    cache = KeyValueCache(STABLE, 1, 7, torch.bfloat16)
    held = sum(tensor.nbytes for tensor in (*cache.keys, *cache.values))
    assert KeyValueCache.row_bytes(STABLE, 7, torch.bfloat16) == held


@FAMILY
def test_rows_at_different_positions_are_as_if_alone(config: DecoderConfig) -> None:
    decoder, lengths, steps = random_decoder(config), [3, 9, 1], 6
    tokens = random_tokens(config, 3, max(lengths) + steps)
    cache = KeyValueCache(config, 3, 20)
    last = torch.tensor(lengths)[:, None]
    with torch.no_grad():
        prompt = decoder(tokens[:, : max(lengths)], cache=cache)  # shorter rows padded on the right with other tokens
        cache.lengths = list(lengths)  # the padding is forgotten
        stepped = []
        for step in range(steps):
            stepped.append(decoder(tokens.gather(1, last + step), cache=cache))
        for row, length in enumerate(lengths):
            alone = decoder(tokens[row : row + 1, : length + steps])[0]
            together = torch.cat([prompt[row, :length], torch.cat(stepped, dim=1)[row]])
            torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_a_rejected_draft_is_forgotten_by_writing_over_it() -> None:
    decoder, tokens = random_decoder(STABLE), random_tokens(STABLE, 1, 12)
    cache = KeyValueCache(STABLE, 1, 16)
    with torch.no_grad():
        in_chunks(decoder, tokens[:, :8], [8], cache)
        decoder((tokens[:, 8:] + 1) % 60, cache=cache)  # the draft
        cache.lengths = [8]
        again = decoder(tokens[:, 8:10], cache=cache)
        torch.testing.assert_close(again, decoder(tokens)[:, 8:10], atol=1e-4, rtol=1e-4)


def test_a_cache_in_half_the_bytes_stays_close() -> None:
    decoder, tokens = random_decoder(STABLE), random_tokens(STABLE, 1, 12)
    cache = KeyValueCache(STABLE, 1, 12, dtype=torch.bfloat16)
    with torch.no_grad():
        chunked = in_chunks(decoder, tokens, [6, 1, 1, 4], cache)
    error = (chunked - decoder(tokens)).norm() / chunked.norm()
    assert 0 < error < 0.03


def test_a_position_beyond_the_capacity_is_refused_with_both_numbers() -> None:
    decoder, cache = random_decoder(STABLE), KeyValueCache(STABLE, 1, 4)
    with torch.no_grad():
        decoder(random_tokens(STABLE, 1, 4), cache=cache)
    with pytest.raises(UserError, match=r"holds 4 positions and 5 are needed"):
        decoder(random_tokens(STABLE, 1, 1), cache=cache)


@settings(max_examples=30, deadline=None)
@given(configs(), st.lists(st.integers(1, 12), min_size=1, max_size=4), st.sampled_from([1, 3]))
def test_chunks_of_rows_that_are_not_equally_far_are_as_if_alone(
    config: DecoderConfig, lengths: list[int], size: int
) -> None:
    decoder = random_decoder(config)
    tokens = random_tokens(config, len(lengths), max(lengths) + size)
    cache = KeyValueCache(config, len(lengths), max(lengths) + size)
    with torch.no_grad():
        decoder(tokens[:, : max(lengths)], cache=cache)
        cache.lengths = list(lengths)
        new = torch.stack([tokens[row, length : length + size] for row, length in enumerate(lengths)])
        together = decoder(new, cache=cache)
        for row, length in enumerate(lengths):
            alone = decoder(tokens[row : row + 1, : length + size])[0, length:]
            torch.testing.assert_close(together[row], alone, atol=1e-4, rtol=1e-4)
