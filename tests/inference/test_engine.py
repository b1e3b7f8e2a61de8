"""Batched and streamed decoding against uncached decoding by brute force."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from midspan.errors import UserError
from midspan.inference import Completion, Engine, Ids, Piece, PromptTooLongError, Sampling, completion
from midspan.model import Decoder
from midspan.tokens import Tokenizer

GREEDY = Sampling(max_tokens=24)
SAMPLED = Sampling(max_tokens=24, temperature=0.9, top_k=50, top_p=0.95, seed=7)


def complete(engine: Engine, prompts: list[list[int]], sampling: Sampling) -> list[Completion]:
    return engine.complete([Ids(prompt) for prompt in prompts], sampling)


def brute_force(model: Decoder, tokenizer: Tokenizer, prompt: list[int], max_tokens: int) -> list[int]:
    """Greedy tokens: the whole sequence through the model for every one of them, no cache, no batch."""
    tokens = list(prompt)
    while len(tokens) - len(prompt) < max_tokens and len(tokens) <= model.config.max_positions:
        with torch.no_grad():
            logits = model(torch.tensor([tokens]))[0, -1, : tokenizer.vocabulary_size]
        tokens.append(int(logits.argmax()))
        if tokens[-1] in tokenizer.ends:
            break
    return tokens[len(prompt) :]


@pytest.fixture(scope="module")
def prompts(tokenizer: Tokenizer) -> list[list[int]]:
    text = "def function_1(first, second):\n    return first + second * 1\n" * 3
    ids = tokenizer.encode(text)
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 80, (40,), generator=generator).tolist()
    starts = torch.randint(0, 15, (40,), generator=generator).tolist()
    return [ids[start:][:length] for start, length in zip(starts, lengths, strict=True)]


def test_a_batch_gives_what_uncached_decoding_of_each_prompt_gives(
    engine: Engine, model: Decoder, tokenizer: Tokenizer, prompts: list[list[int]]
) -> None:
    completions = complete(engine, prompts, GREEDY)
    expected = [brute_force(model, tokenizer, prompt, GREEDY.max_tokens) for prompt in prompts]
    assert [made.tokens for made in completions] == expected
    assert [made.prompt_tokens for made in completions] == [len(prompt) for prompt in prompts]
    assert len({tuple(tokens) for tokens in expected}) > 10, "the prompts should tell apart right rows from wrong ones"


def test_rows_that_end_early_leave_the_batch_and_the_others_go_on(
    engine: Engine, model: Decoder, tokenizer: Tokenizer
) -> None:
    prompts = [[token] for token in range(30, 62)]
    alone = [brute_force(model, tokenizer, prompt, 20) for prompt in prompts]
    # A stop string that ends some rows soon and others never; of whole characters, which the text shows at once.
    stop = next(text for text in (tokenizer.decode([row[2]]) for row in alone) if text.isascii())
    sampling = Sampling(max_tokens=20, stop=(stop,))
    completions = complete(engine, prompts, sampling)
    for made, expected in zip(completions, alone, strict=True):
        ends = (end for end in range(len(expected)) if stop in tokenizer.decode(expected[: end + 1]))
        assert made.tokens == expected[: next(ends, len(expected)) + 1]
    assert len({len(made.tokens) for made in completions}) > 2


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
def test_a_stream_says_what_the_batch_says(
    engine: Engine, tokenizer: Tokenizer, prompts: list[list[int]], sampling: Sampling
) -> None:
    (whole,) = complete(engine, prompts[:1], sampling)
    pieces = list(engine.stream(Ids(prompts[0]), sampling))
    assert completion(len(prompts[0]), pieces) == whole
    assert [bool(piece.finish_reason) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    body = whole.tokens if whole.finish_reason == "length" else whole.tokens[:-1]
    assert whole.text == tokenizer.decode(body)


def test_sampled_rows_depend_on_seed_and_row_alone(engine: Engine, prompts: list[list[int]]) -> None:
    everything = complete(engine, prompts, SAMPLED)
    assert complete(engine, prompts[:3], SAMPLED) == everything[:3]
    other = [prompts[0], *([[50] * 70] * 5)]
    assert complete(engine, other, SAMPLED)[0] == everything[0]


def test_another_seed_or_row_draws_other_tokens(engine: Engine) -> None:
    first, second = complete(engine, [[40, 41]] * 2, SAMPLED)
    (reseeded,) = complete(engine, [[40, 41]], dataclasses.replace(SAMPLED, seed=8))
    assert len({tuple(made.tokens) for made in (first, second, reseeded)}) == 3


def test_ids_that_the_tokenizer_does_not_have_are_never_chosen(engine: Engine, tokenizer: Tokenizer) -> None:
    hot = Sampling(max_tokens=90, temperature=100.0)
    made = complete(engine, [[40]] * 8, hot)
    assert max(token for one in made for token in one.tokens) < tokenizer.vocabulary_size


def test_an_end_token_ends_the_answer_and_is_not_text(
    engine: Engine, model: Decoder, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = brute_force(model, tokenizer, [40, 41], 6)
    monkeypatch.setattr(tokenizer, "ends", frozenset({expected[4]}))
    (made,) = complete(engine, [[40, 41]], Sampling(max_tokens=20))
    cut = expected.index(expected[4])
    assert made.tokens == expected[: cut + 1]
    assert (made.text, made.finish_reason) == (tokenizer.decode(expected[:cut]), "stop")


def test_fim_turn_and_file_markers_end_an_answer(tokenizer: Tokenizer) -> None:
    names = {"<|endoftext|>", "<|im_end|>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<filename>", "<reponame>"}
    assert {tokenizer.special(name) for name in names} <= tokenizer.ends


def test_a_character_split_over_tokens_comes_whole(
    engine: Engine, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "x = '🙂é東'\n"
    ids = tokenizer.encode(text)
    script = iter([*ids, tokenizer.end_of_text])
    assert len(ids) > len(text), "some characters must take several tokens"
    monkeypatch.setattr("midspan.inference.loop.choose", lambda *_: [next(script)])
    pieces = list(engine.stream(Ids([40]), Sampling(max_tokens=60)))
    assert "".join(piece.text for piece in pieces) == text
    assert not any("\ufffd" in piece.text for piece in pieces)


def test_half_a_character_at_the_end_is_shown_as_such(
    engine: Engine, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = tokenizer.encode("a🙊")
    script = iter(ids)
    monkeypatch.setattr("midspan.inference.loop.choose", lambda *_: [next(script)])
    (made,) = complete(engine, [[40]], Sampling(max_tokens=len(ids) - 1))
    assert made == dataclasses.replace(made, text=tokenizer.decode(ids[:-1]), finish_reason="length")
    assert "\ufffd" in made.text


@pytest.mark.parametrize(
    ("stop", "expected", "reason"),
    [
        (("return",), "    ", "stop"),
        (("nowhere", "first +"), "    return ", "stop"),
        (("second * 2", "second"), "    return first + ", "stop"),
        (("n first",), "    retur", "stop"),  # across tokens
        (("* 1\n\n",), "    return first + second * 1\n", "length"),  # only begins: comes out in the end
        (("",), "    return first + second * 1\n", "length"),
    ],
)
def test_stop_strings_cut_the_text(
    engine: Engine,
    tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
    stop: tuple[str, ...],
    expected: str,
    reason: str,
) -> None:
    ids = tokenizer.encode("    return first + second * 1\n")
    script = iter(ids)
    monkeypatch.setattr("midspan.inference.loop.choose", lambda *_: [next(script)])
    (made,) = complete(engine, [[40]], Sampling(max_tokens=len(ids), stop=stop))
    assert (made.text, made.finish_reason) == (expected, reason)


def test_generation_ends_where_the_positions_end(engine: Engine, model: Decoder, tokenizer: Tokenizer) -> None:
    positions = model.config.max_positions
    full, almost = [40] * positions, [40] * (positions - 2)
    endless = Sampling(max_tokens=1000, temperature=1.0, seed=3)
    one, three = complete(engine, [full, almost], endless)
    assert (len(one.tokens), one.finish_reason) == (1, "length")
    assert (len(three.tokens), three.finish_reason) == (3, "length")
    assert complete(engine, [full], GREEDY)[0].tokens == brute_force(model, tokenizer, full, 1)


def test_a_prompt_that_does_not_fit_is_refused_with_both_numbers(engine: Engine) -> None:
    with pytest.raises(PromptTooLongError, match=r"97 tokens.*96"):
        complete(engine, [[40], [40] * 97], GREEDY)
    with pytest.raises(UserError, match="no tokens"):
        next(engine.stream(Ids([]), GREEDY))


def test_cancelling_stops_before_the_next_token(engine: Engine) -> None:
    pieces: list[Piece] = []
    for piece in engine.stream(Ids([40, 41]), Sampling(max_tokens=50), cancelled=lambda: len(pieces) >= 3):
        pieces.append(piece)
    assert len(pieces) == 3
    assert pieces[-1].finish_reason is None


def test_cancelling_stops_within_a_long_prompt(engine: Engine, model: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []
    original = model.hidden_states
    monkeypatch.setattr("midspan.inference.loop.CHUNK_FLOPS", {"cpu": 1, "cuda": 1})
    monkeypatch.setattr(model, "hidden_states", lambda *a, **k: passes.append(a[0].shape[1]) or original(*a, **k))
    assert list(engine.stream(Ids([40] * 90), GREEDY, cancelled=lambda: len(passes) == 1)) == []
    assert passes == [32]


def test_pieces_carry_the_number_of_their_prompt(engine: Engine, prompts: list[list[int]]) -> None:
    tokens: dict[int, list[int]] = {}
    for row, piece in engine.stream_batch([Ids(prompt) for prompt in prompts], GREEDY):
        tokens.setdefault(row, []).append(piece.token)
    made = complete(engine, prompts, GREEDY)
    assert [tokens[row] for row in range(len(prompts))] == [one.tokens for one in made]


def test_progress_counts_the_finished(engine: Engine) -> None:
    counts: list[int] = []
    engine.complete([Ids([40])] * 35, Sampling(max_tokens=3), on_progress=counts.append)
    assert counts == list(range(1, 36))


def test_nothing_to_complete_gives_nothing(engine: Engine) -> None:
    assert complete(engine, [], GREEDY) == []
