"""Healed prompts: what stays are the tokens of every text that goes on, what is taken back can be said again."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families import FAMILIES, ours, smollm2
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.inference import Engine, Fill, Ids, Marked, Plain, Sampling
from midspan.inference.healing import Healing
from midspan.inference.spellings import Spellings
from midspan.tokens import Tokenizer
from midspan.tokens.gguf import tokenizer_of_gguf

NAMES = [*FAMILIES, "smollm2"]
ROOT = Path(__file__).parents[2]
REAL_FILES = [*sorted(ROOT.glob("src/midspan/**/*.py"))[::4], ROOT / "README.md"]
# What splitting patterns, merges and added tokens treat in ways of their own.
ATOMS = ["a", "s", "t", "re", "ll", "E", "0", "12", "'", ".", "_", "(", ");", "==", "é", "漢字", "🙂", "²", "\u0301"]
ATOMS += [" ", "  ", "    ", "\n", "\r\n", "\t", "\u00a0", "return", "self", "import ", "# ", "\n    "]
mixed = st.lists(st.sampled_from(ATOMS), min_size=1, max_size=20).map("".join)


@functools.cache
def healing_of(name: str) -> Healing:
    return Healing(tokenizer_of_gguf(smollm2()) if name == "smollm2" else ours(name))


def assert_healed(healing: Healing, before: str, after: str) -> None:
    """Fact: the kept tokens and then the continuation's own are the encoding of the whole, each of them allowed."""
    tokenizer = healing.tokenizer
    ids, whole = tokenizer.encode(before), tokenizer.encode(before + after)
    kept = healing.stable_length(ids)
    assert whole[:kept] == ids[:kept]
    ahead = healing.bytes_of(ids[kept:])
    if not healing.bytes_of(whole[kept:]).startswith(ahead):
        return  # a normaliser changed the last character together with the next
    for token in whole[kept:]:
        if not ahead:
            break
        assert token in healing.spellings.allowed(ahead)
        ahead = ahead[len(tokenizer.bytes_of(token)) :]


def cursors(count: int) -> Iterator[tuple[str, str]]:
    draw = random.Random(0)
    texts = [file.read_text(encoding="utf-8") for file in REAL_FILES]
    for _ in range(count):
        text = draw.choice([text for text in texts if len(text) > 1])
        place = draw.randrange(1, len(text))
        yield text[max(0, place - draw.choice([5, 80, 600])) : place], text[place : place + 60]


@pytest.mark.parametrize("name", NAMES)
def test_at_random_places_of_real_files_the_prompt_goes_on_as_the_whole_is_encoded(name: str) -> None:
    healing = healing_of(name)
    for before, after in cursors(1000):
        assert_healed(healing, before, after)


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_back_little(name: str) -> None:
    healing = healing_of(name)
    tokenizer = healing.tokenizer
    taken = []
    for before, _ in cursors(200):
        ids = tokenizer.encode(before)
        taken.append(len(ids) - healing.stable_length(ids))
    assert sum(taken) / len(taken) < 2
    assert max(taken) < 10


@pytest.mark.parametrize("name", NAMES)
def test_a_long_run_is_not_taken_back_whole(name: str) -> None:
    healing = healing_of(name)
    tokenizer = healing.tokenizer
    for run in ("a" * 500, "=" * 500, "漢字" * 100):
        ids = tokenizer.encode(f"x = {run}")
        assert len(ids) - healing.stable_length(ids) < 70, run[:3]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(text=mixed, data=st.data())
def test_whatever_the_text_and_the_place(name: str, text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(text)))
    assert_healed(healing_of(name), text[:place], text[place:])


@settings(max_examples=150, deadline=None)
@given(text=mixed, data=st.data())
def test_our_own_tokenizers_too(code_tokenizer: Tokenizer, text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(text)))
    assert_healed(Healing(code_tokenizer), text[:place], text[place:])


@given(text=st.text("defin(): \n", min_size=1, max_size=6))
def test_allowed_tokens_are_those_from_which_the_text_can_be_spelled(code_tokenizer: Tokenizer, text: str) -> None:
    spelled = {token: code_tokenizer.bytes_of(token) for token in range(code_tokenizer.vocabulary_size)}

    def can_be_spelled(rest: bytes) -> bool:
        return not rest or any(
            data and (data.startswith(rest) or (rest.startswith(data) and can_be_spelled(rest[len(data) :])))
            for data in spelled.values()
        )

    ahead = text.encode()
    expected = {
        token
        for token, data in spelled.items()
        if data and (data.startswith(ahead) or (ahead.startswith(data) and can_be_spelled(ahead[len(data) :])))
    }
    found = Spellings(code_tokenizer).allowed(ahead).tolist()
    assert set(found) == expected
    assert len(found) == len(expected)


def test_a_completion_begins_at_the_cursor_wherever_the_tokens_are_cut(engine: Engine) -> None:
    tokenizer, sampling = engine.tokenizer, Sampling(max_tokens=12)
    whole = "def function_1(first, second):\n    return first + second"
    for place in range(1, len(whole)):
        prompt = engine.ids(Plain(whole[:place]), 12)
        assert whole[:place].endswith(tokenizer.decode(prompt.taken))
        (made,) = engine.complete([prompt], sampling)
        assert made.prompt_tokens == prompt.count
        assert len(made.tokens) == 12 or made.finish_reason == "stop"
        # The first token may begin with the prompt's end; what the tokens say after it is the answer.
        body = made.tokens if made.finish_reason == "length" else made.tokens[:-1]
        said = tokenizer.decode(body)
        assert said.endswith(made.text)
        assert tokenizer.decode(prompt.taken).endswith(said[: len(said) - len(made.text)])
        assert "".join(piece.text for piece in engine.stream(prompt, sampling)) == made.text


def test_the_first_tokens_are_the_best_that_begin_with_what_was_taken_back(engine: Engine) -> None:
    tokenizer = engine.tokenizer
    prompt = engine.ids(Plain("def function_1(first, second):\n    retu"), 8)
    assert prompt.taken
    ids, ahead = list(prompt.tokens), b"".join(map(tokenizer.bytes_of, prompt.taken))
    text = b""
    while len(text) < len(ahead):
        with torch.no_grad():
            logits = engine.decoder(torch.tensor([ids]))[0, -1]
        rest = ahead[len(text) :]
        allowed = [
            token
            for token in range(tokenizer.vocabulary_size)
            if (data := tokenizer.bytes_of(token)) and (data.startswith(rest) or rest.startswith(data))
        ]
        ids.append(max(allowed, key=lambda token: float(logits[token])))
        text += tokenizer.bytes_of(ids[-1])
    (made,) = engine.complete([prompt], Sampling(max_tokens=8))
    unhealed = Engine(engine.decoder, tokenizer, heals=False)
    beyond = len(text) > len(ahead)
    (rest_made,) = unhealed.complete([Ids(ids)], Sampling(max_tokens=8 - beyond))
    assert made.text == (text[len(ahead) :].decode() if beyond else "") + rest_made.text
    assert made.tokens == ([ids[-1]] if beyond else []) + rest_made.tokens


def test_healing_can_be_switched_off(engine: Engine) -> None:
    off = Engine(engine.decoder, engine.tokenizer, heals=False)
    for prompt in (Plain("def f(x):\n    retu"), Fill("def f(x):\n    retu", "\n")):
        assert engine.ids(prompt, 8).taken
        assert not off.ids(prompt, 8).taken
        assert off.ids(prompt, 8).tokens != engine.ids(prompt, 8).tokens


def test_in_an_infill_prompt_it_is_the_prefix_that_loses_its_end(engine: Engine) -> None:
    fim = engine.tokenizer.fim
    assert fim is not None
    prompt = engine.ids(Fill("def f(x):\n    retu", "\nf(1)"), 8)
    unhealed = (
        Engine(engine.decoder, engine.tokenizer, heals=False).ids(Fill("def f(x):\n    retu", "\nf(1)"), 8).tokens
    )
    place = unhealed.index(fim.suffix)
    assert prompt.tokens == unhealed[: place - len(prompt.taken)] + unhealed[place:]
    assert prompt.taken == unhealed[place - len(prompt.taken) : place]
    marked = "<fim_prefix>def f(x):\n    retu<fim_suffix>\nf(1)<fim_middle>"
    assert replace(engine.ids(Marked(marked), 8), suffix=prompt.suffix, line=prompt.line) == prompt
    # The prefix after the markers, as editors lay it out that keep the suffix in their cache.
    reordered = engine.ids(Marked("<fim_prefix><fim_suffix>\nf(1)<fim_middle>def f(x):\n    retu"), 8)
    assert reordered.taken == prompt.taken


def test_ids_are_read_as_they_are(engine: Engine) -> None:
    prompt = Ids(engine.tokenizer.encode("def f(x):\n    retu"))
    assert engine.ids(prompt, 8) == prompt


def test_sampled_answers_to_healed_prompts_depend_on_seed_and_number_alone(engine: Engine) -> None:
    sampling = Sampling(max_tokens=10, temperature=1.0, seed=5)
    prompts = [Plain("def f(x):\n    retu"), Plain("def function"), Plain("x")]
    together = engine.complete(prompts, sampling)
    assert engine.complete(prompts[:2], sampling) == together[:2]
    other = engine.complete([prompts[0], *[Plain("def funct" * 4)] * 6], sampling)
    assert other[0] == together[0]
