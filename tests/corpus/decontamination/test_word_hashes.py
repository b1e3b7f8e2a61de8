"""Words and their hashes against brute force: re.split, and sums of Python's own integers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.decontamination import words as module
from midspan.corpus.decontamination.words import gram_hashes, normalise, whole_hash, word_hashes

texts = st.text(alphabet=st.one_of(st.sampled_from("abAB_09 \n\t.(\\n\xa0\u200bé中"), st.characters()), max_size=200)


@given(texts)
def test_words_hash_alike_exactly_where_they_are_alike(text: str) -> None:
    normalised = normalise(text)
    words = normalised.split()
    hashes = word_hashes(normalised).tolist()
    assert len(hashes) == len(words)
    assert len(set(hashes)) == len(set(words)) == len(set(zip(hashes, words, strict=True)))


@given(st.text(alphabet="abcXYZ019_ .,:()[]\n\t+-*/='\"", max_size=200))
def test_normalised_words_are_those_of_a_regular_expression(text: str) -> None:
    assert normalise(text).decode().split() == re.findall(r"[a-z0-9_]+", text.lower())


@given(st.lists(st.sampled_from(["def", "x", "return", "中文", "émile", "_a1"]), min_size=1, max_size=30), st.data())
def test_white_space_and_punctuation_of_any_kind_change_nothing(words: list[str], data: st.DataObject) -> None:
    between = st.sampled_from(
        [" ", "\t", "\r\n", "\n\n    ", "\xa0", "\u3000", " \u2009", "\\n", "; ", " # ", "\n// ", "('"]
    )
    text = "".join(word + data.draw(between) for word in words)
    assert normalise(text).split() == normalise(" ".join(words)).split()


@pytest.mark.parametrize("length", [0, 1, 5, 100, 1000])
def test_blocks_do_not_show(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    normalised = normalise(" ".join(f"word{number % 37}" for number in range(length)))
    whole = word_hashes(normalised)
    monkeypatch.setattr(module, "_BLOCK", 64)
    assert word_hashes(normalised).tolist() == whole.tolist()
    assert whole.tolist() == [word_hashes(word)[0] for word in normalised.split()]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(1, 6), st.integers(1, 6))
def test_the_hash_of_a_gram_is_a_sum_over_its_words(values: list[int], size: int, more: int) -> None:
    base = int(module._GRAM_BASE)

    def expected(count: int) -> list[int]:
        grams = [values[start : start + count] for start in range(len(values) - count + 1)]
        return [sum(one * base ** (count - 1 - i) for i, one in enumerate(gram)) % 2**64 for gram in grams]

    words = np.array(values, dtype=np.uint64)
    short, long = gram_hashes(words, size, size + more)
    assert short.tolist() == expected(size)
    assert long.tolist() == expected(size + more)
    assert words.tolist() == values
    if values:
        assert int(whole_hash(words)) == expected(len(values))[0]
