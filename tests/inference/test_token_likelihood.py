"""Likelihoods are the model's own, whatever temperature and filters do, and cost nothing where nobody asks."""

from __future__ import annotations

import math

import pytest
import torch

from midspan.inference import Engine, Ids, Plain, Sampling, likelihood, loop
from midspan.model import Decoder
from midspan.tokens import Tokenizer


def logprobs_of(model: Decoder, tokenizer: Tokenizer, tokens: list[int]) -> torch.Tensor:
    """[sequence, vocabulary], by one pass over everything."""
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([tokens]))[0, :, : tokenizer.vocabulary_size], -1)


@pytest.mark.parametrize("chunk", [4, 1024])
@pytest.mark.parametrize("sampling", [{}, {"temperature": 1.3, "top_k": 9, "top_p": 0.8, "seed": 4}, {"top_p": 0.0}])
def test_a_token_has_the_models_logprob_and_the_likeliest_beside_it(
    engine: Engine,
    model: Decoder,
    tokenizer: Tokenizer,
    sampling: dict[str, float],
    chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "chunk_size", lambda *_: chunk)  # of the prompt, read at once
    monkeypatch.setattr(likelihood, "ROWS_AT_ONCE", 3)
    prompt = tokenizer.encode("def function_1(first, second, naïve)")
    assert len(prompt) > 8
    asked = Sampling(max_tokens=12, logprobs=3, prompt_logprobs=True, **sampling)  # type: ignore[arg-type]
    pieces = list(engine.stream(Ids(prompt), asked))
    tokens = [piece.token for piece in pieces if piece.token is not None]
    expected = logprobs_of(model, tokenizer, [*prompt, *tokens])
    shown = [*pieces[0].prompt, *(piece.likelihood for piece in pieces)]
    assert all(not piece.prompt for piece in pieces[1:])
    for place, one in enumerate(shown):
        assert one is not None
        assert one.token == [*prompt, *tokens][place]
        if place == 0:
            assert (one.logprob, one.top) == (None, ())
            continue
        before = expected[place - 1]
        assert one.logprob == pytest.approx(float(before[one.token]), abs=1e-4)
        values, ids = before.topk(3)
        assert [token for token, _ in one.top] == ids.tolist()
        assert [value for _, value in one.top] == pytest.approx(values.tolist(), abs=1e-4)


def test_asking_changes_no_token(engine: Engine) -> None:
    plain = list(engine.stream(Plain("def f(fir"), Sampling(max_tokens=9)))
    asked = list(engine.stream(Plain("def f(fir"), Sampling(max_tokens=9, logprobs=2)))
    assert [(one.text, one.token) for one in plain] == [(one.text, one.token) for one in asked]
    assert all(one.likelihood is None and not one.prompt for one in plain)
    assert all(one.likelihood is not None for one in asked)


def test_after_healing_what_the_prompt_ends_with_is_given(engine: Engine, tokenizer: Tokenizer) -> None:
    """The probabilities are those of the tokens that begin as the prompt ends: together one."""
    found = 0
    for text in ("def f(fir", "    re", "x = ", "def", "second + ", "ret", "function_1", "na"):
        prompt = engine.ids(Plain(text), 4)
        asked = Sampling(max_tokens=4, logprobs=tokenizer.vocabulary_size)
        one = next(engine.stream(prompt, asked)).likelihood
        assert one is not None
        given = b"".join(map(tokenizer.bytes_of, prompt.taken))[-one.said :] if one.said else b""
        assert len(given) == one.said
        assert sum(math.exp(value) for _, value in one.top) == pytest.approx(1, abs=1e-4)
        datas = [tokenizer.bytes_of(token) for token, _ in one.top]
        assert all(data.startswith(given) or given.startswith(data) for data in datas)
        found += bool(given)
    assert found


@pytest.mark.parametrize("asked", [False, True])
def test_of_no_tokens_the_prompt_is_read_at_most(engine: Engine, asked: bool) -> None:
    pieces = list(engine.stream(Ids([40, 41, 42]), Sampling(max_tokens=0, logprobs=1, prompt_logprobs=asked)))
    (only,) = pieces
    assert (only.text, only.token, only.finish_reason) == ("", None, "length")
    assert [one.token for one in only.prompt] == ([40, 41, 42] if asked else [])
    (made,) = engine.complete([Ids([40])], Sampling(max_tokens=0))
    assert (made.text, made.tokens, made.finish_reason) == ("", [], "length")
