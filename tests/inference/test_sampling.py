"""Choosing tokens: greedy, top-k, top-p, temperature, against the definitions."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from midspan.errors import UserError
from midspan.inference import Sampling
from midspan.inference.sampling import Uniforms, choose

LOGITS = torch.tensor([[2.0, 0.0, 1.0, -1.0, 2.5]])
rows_of_logits = st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=12)
below_one = st.integers(0, 2**32 - 1).map(lambda bits: bits / 2**32)


def kept_by_definition(logits: list[float], temperature: float, top_k: int, top_p: float) -> dict[int, float]:
    """Probabilities of the tokens that may be drawn, one token after the other, best first."""
    weights = torch.softmax(torch.tensor(logits, dtype=torch.float64) / temperature, -1).tolist()
    best_first = sorted(range(len(weights)), key=lambda token: -weights[token])[: top_k or None]
    total, kept, mass = sum(weights[token] for token in best_first), {}, 0.0
    for token in best_first:
        if top_p < 1 and mass >= top_p:
            break
        kept[token] = weights[token] / total
        mass += kept[token]
    return {token: weight / sum(kept.values()) for token, weight in kept.items()}


def test_temperature_zero_takes_the_best_and_of_equals_the_first() -> None:
    assert choose(LOGITS, Sampling(), [0.99]) == [4]
    assert choose(torch.tensor([[1.0, 3.0, 3.0]]), Sampling(), [0.99]) == [1]
    assert choose(LOGITS, Sampling(temperature=1e-9), [0.99]) == [4]


@given(rows_of_logits, below_one, st.floats(0.05, 5), st.integers(0, 14), st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_drawn_token_is_one_that_top_k_and_top_p_keep(
    logits: list[float], uniform: float, temperature: float, top_k: int, top_p: float
) -> None:
    sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    (token,) = choose(torch.tensor([logits]), sampling, [uniform])
    weights = torch.softmax(torch.tensor(logits, dtype=torch.float64) / temperature, -1)
    kept = kept_by_definition(logits, temperature, top_k, top_p + 1e-6)
    # Of tokens that are exactly as likely, either may be the one that is kept.
    assert any(abs(float(weights[token] - weights[other])) < 1e-12 for other in kept)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=1.0),
        Sampling(temperature=0.5),
        Sampling(temperature=2.0, top_k=3),
        Sampling(temperature=1.0, top_p=0.8),
        Sampling(temperature=1.5, top_k=4, top_p=0.7),
    ],
)
def test_tokens_are_drawn_as_often_as_they_should(sampling: Sampling) -> None:
    count = 4000  # evenly spaced uniforms: the frequencies are exact to one in `count`
    uniforms = [(step + 0.5) / count for step in range(count)]
    tokens = choose(LOGITS.expand(count, -1), sampling, uniforms)
    expected = kept_by_definition(LOGITS[0].tolist(), sampling.temperature, sampling.top_k, sampling.top_p)
    for token in range(LOGITS.shape[1]):
        assert tokens.count(token) / count == pytest.approx(expected.get(token, 0.0), abs=2 / count)


@given(st.lists(rows_of_logits.map(lambda row: (row * 12)[:12]), min_size=2, max_size=5), st.data())
def test_a_row_is_drawn_alike_alone_and_among_others(rows: list[list[float]], data: st.DataObject) -> None:
    uniforms = [data.draw(below_one) for _ in rows]
    sampling = Sampling(temperature=0.8, top_k=7, top_p=0.9)
    together = choose(torch.tensor(rows), sampling, uniforms)
    alone = [choose(torch.tensor([row]), sampling, [uniform])[0] for row, uniform in zip(rows, uniforms, strict=True)]
    assert together == alone


def test_uniforms_follow_from_seed_and_row() -> None:
    def first(seed: int, row: int) -> list[float]:
        uniforms = Uniforms(seed, row)
        return [uniforms.next() for _ in range(100)]

    assert first(1, 2) == first(1, 2)
    assert first(1, 2) != first(2, 1)
    assert first(1, 11) != first(11, 1)
    assert all(0 <= number < 1 for number in first(0, 0))
    assert 0.4 < sum(first(0, 0)) / 100 < 0.6


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_tokens", -1), ("temperature", -0.1), ("top_k", -1), ("top_p", -0.1), ("top_p", 1.1), ("logprobs", -1)],
)
def test_a_setting_out_of_range_is_named(field: str, value: float) -> None:
    with pytest.raises(UserError, match=f"{field} is {value}"):
        Sampling(**{field: value})
