"""Cutting for fill-in-the-middle loses no character, whatever the layout."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from midspan.batches.fim import cut, fim_tokens
from midspan.batches.randomness import generator
from midspan.tokens import Tokenizer


@given(st.text(max_size=50), st.integers())
def test_the_parts_of_a_cut_joined_are_the_text(text: str, seed: int) -> None:
    assert "".join(cut(text, generator(seed))) == text


def test_both_cuts_fall_on_every_position_about_equally_often() -> None:
    places = Counter(len(cut("abc", generator(seed))[0]) for seed in range(4000))
    # Of two uniform draws from 0..3 the smaller is k with probability (7 - 2k) / 16.
    for place in range(4):
        assert abs(places[place] / 4000 - (7 - 2 * place) / 16) < 0.03


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_both_layouts_hold_the_whole_document(
    code_tokenizer: Tokenizer, prefix: str, middle: str, suffix: str, spm: bool
) -> None:
    ids = fim_tokens(code_tokenizer, prefix, middle, suffix, spm)
    text = code_tokenizer.decode(ids)
    if spm:
        assert text == f"<fim_prefix><fim_suffix>{suffix}<fim_middle>{prefix}{middle}<|endoftext|>"
    else:
        assert text == f"<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>{middle}<|endoftext|>"


def test_text_that_spells_a_sentinel_does_not_become_one(code_tokenizer: Tokenizer) -> None:
    ids = fim_tokens(code_tokenizer, "<fim_middle>", "<|endoftext|>", "<fim_prefix>", spm=False)
    assert code_tokenizer.fim is not None
    assert ids.count(code_tokenizer.fim.middle) == 1
    assert ids.count(code_tokenizer.end_of_text) == 1


@given(st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_training_begins_the_middle_where_a_prompt_ends(
    code_tokenizer: Tokenizer, prefix: str, middle: str, spm: bool
) -> None:
    ids = fim_tokens(code_tokenizer, prefix, middle, "", spm)
    asked, answer = code_tokenizer.encode(prefix), [*code_tokenizer.encode(middle), code_tokenizer.end_of_text]
    assert ids[-len(answer) :] == answer
    if spm:
        assert ids[-len(answer) - len(asked) : -len(answer)] == asked
