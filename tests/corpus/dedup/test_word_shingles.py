"""Shingles against a brute-force twin on strings."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.corpus.dedup.shingles import batches, jaccard, jaccards, shingle_hashes, shingle_sets
from midspan.corpus.scripts import spaced

TEXTS = st.text(
    st.sampled_from("abcXYZ_019 \t\n.,()=") | st.characters(min_codepoint=0, max_codepoint=0x1F600),
    max_size=80,
)


def words_of(text: str) -> list[str]:
    """The definition: runs of ASCII letters without case, digits, underscores, and of characters beyond ASCII."""
    lowered = re.sub("[A-Z]", lambda match: match[0].lower(), spaced(text))
    return re.findall(r"[a-z0-9_\u0080-\U0010ffff]+", lowered)


def shingles_of(text: str) -> list[tuple[str, ...]]:
    words = words_of(text)
    return [tuple(words[start : start + 5]) for start in range(len(words) - 4)]


@given(st.lists(TEXTS | st.lists(TEXTS, min_size=5, max_size=8).map(" ".join), max_size=6))
@settings(max_examples=300, deadline=None)
def test_equal_hashes_mean_equal_word_5_grams_in_the_same_places(texts: list[str]) -> None:
    hashes, offsets = shingle_hashes(texts)
    expected = [shingles_of(text) for text in texts]
    assert np.diff(offsets).tolist() == [len(one) for one in expected]
    flat = [shingle for one in expected for shingle in one]
    number_of = {shingle: number for number, shingle in enumerate(dict.fromkeys(flat))}
    hash_number = {value: number for number, value in enumerate(dict.fromkeys(hashes.tolist()))}
    assert [hash_number[value] for value in hashes.tolist()] == [number_of[shingle] for shingle in flat]


def test_a_paragraph_of_chinese_or_thai_is_many_words_and_its_punctuation_none() -> None:
    chinese, changed, thai = shingle_sets(
        ["首先导入两个模块，然后创建一个队列。", "首先导入两个模块然后创建三个队列", "คำสั่งจะตรวจหาไลบรารีที่จำเป็น"]
    )
    assert len(chinese) == 12
    assert 0.3 < jaccard(chinese, changed) < 0.7
    assert len(thai) > 10


@given(st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5))
@settings(max_examples=100, deadline=None)
def test_the_shingles_of_a_text_do_not_depend_on_its_neighbours(before: list[str], after: list[str]) -> None:
    text = "def area(width, height): return width * height  # of a rectangle"
    hashes, offsets = shingle_hashes([*before, text, *after])
    alone, _ = shingle_hashes([text])
    assert hashes[offsets[len(before)] : offsets[len(before) + 1]].tolist() == alone.tolist()


def test_words_of_any_length_are_told_apart_by_any_byte() -> None:
    for length in (1, 7, 8, 9, 16, 17, 63, 64, 65, 71, 72, 73, 80, 200, 100_000):
        word = "w" * length
        variants = [word, word + "w", word[:-1] + "v", "v" + word[1:], word[: length // 2] + "x" + word[length // 2 :]]
        hashes, _ = shingle_hashes([f"one two {variant} three four" for variant in variants])
        assert len(hashes) == 5
        assert len(set(hashes.tolist())) == len(set(variants)), length


def test_case_and_punctuation_do_not_count_but_letters_beyond_ascii_do() -> None:
    one, other, chinese = shingle_sets(
        ["Return(The Width, of; it)", "return the-width of\n\tit", "return 宽 width of it"]
    )
    assert jaccard(one, other) == 1.0
    assert jaccard(one, chinese) == 0.0


def test_a_set_counts_a_repeated_shingle_once() -> None:
    (repeated,) = shingle_sets(["a b c d e " * 100])
    assert len(repeated) == 5
    assert (np.diff(repeated.astype(object)) > 0).all()


@given(st.lists(st.sets(st.integers(0, 40), min_size=1), min_size=2, max_size=6))
def test_jaccard_is_that_of_python_sets(drawn: list[set[int]]) -> None:
    arrays = {index: np.array(sorted(each), np.uint64) for index, each in enumerate(drawn)}
    pairs = [(one, other) for one in arrays for other in arrays if one < other]
    expected = [len(drawn[one] & drawn[other]) / len(drawn[one] | drawn[other]) for one, other in pairs]
    assert [jaccard(arrays[one], arrays[other]) for one, other in pairs] == expected
    better, worse = np.array(pairs).T
    assert jaccards(arrays, better, worse).tolist() == expected


def test_another_seed_gives_other_hashes() -> None:
    text = ["the seed of the hashes is stored with every signature"]
    assert not set(shingle_hashes(text, 1)[0].tolist()) & set(shingle_hashes(text, 2)[0].tolist())


def test_hashes_are_the_same_on_every_machine_and_in_every_version() -> None:
    hashes, _ = shingle_hashes(["def a_function_with_a_long_name(argument): return argument + 1"])
    assert [f"{value:016x}" for value in hashes.tolist()] == ["aae2a4a5ea5b5558", "567b578be120a8da"]


@given(st.lists(st.text(max_size=20)))
def test_batches_hold_every_text_once_in_order(texts: list[str]) -> None:
    assert [text for batch in batches(texts) for text in batch] == texts
