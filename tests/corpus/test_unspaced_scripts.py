"""Words of scripts that are written without spaces, against a twin that goes character by character."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.scripts import has_unspaced, spaced, unspaced_characters

NAMES = (
    "CJK UNIFIED",
    "CJK COMPATIBILITY IDEOGRAPH",
    "HIRAGANA LETTER",
    "KATAKANA LETTER",
    "THAI CHARACTER",
    "LAO LETTER",
)
ALPHABET = "中文書語々のるカターกขคาเ◌ำຂລກကခဂကកខគ한국العन"
MARKS = "\u0e31\u0e48\u0ec8\u102d\u17b6\u17d2\u3099"
PUNCTUATION = "。、「」！・（）"
TEXTS = st.text(alphabet=st.sampled_from("abc 1_,.\n\té" + ALPHABET + MARKS + PUNCTUATION), max_size=40)


def is_letter(character: str) -> bool:
    """By the character's Unicode name: nothing of the tables of ranges."""
    name = unicodedata.name(character, "")
    return any(script in name for script in (*NAMES, "MYANMAR LETTER", "KHMER LETTER", "IDEOGRAPHIC ITERATION"))


def _is_part(character: str) -> bool:
    return is_letter(character) or character in MARKS + "ー"


def twin(text: str) -> list[str]:
    """Words: characters with their marks, and what white space or these scripts part."""
    words: list[str] = []
    open_ = False  # whether a spaced word goes on
    after_letter = False
    for place, character in enumerate(text):
        if character in MARKS and after_letter:
            words[-1] += character
        elif _is_part(character):
            words.append(character)
            open_, after_letter = False, True
        elif (character in PUNCTUATION and _touches_letters(text, place)) or character.isspace():
            open_ = after_letter = False
        else:
            if open_:
                words[-1] += character
            else:
                words.append(character)
            open_, after_letter = True, False
    return words


def _touches_letters(text: str, place: int) -> bool:
    """Whether a letter of these scripts stands in the same run of letters, marks and punctuation."""
    run = set(ALPHABET[: ALPHABET.index("한")] + MARKS + PUNCTUATION) - {"◌"}
    first = last = place
    while first and text[first - 1] in run:
        first -= 1
    while last + 1 < len(text) and text[last + 1] in run:
        last += 1
    return any(_is_part(one) for one in text[first : last + 1])


@given(TEXTS)
def test_the_words_are_those_found_character_by_character(text: str) -> None:
    assert spaced(text).split() == twin(text)


@given(st.text())
def test_nothing_but_spaces_and_punctuation_changes_and_twice_is_once(text: str) -> None:
    apart = spaced(text)
    assert spaced(apart).split() == apart.split()
    letters = [one for one in text if unicodedata.category(one)[0] in "LN"]
    assert [one for one in apart if unicodedata.category(one)[0] in "LN"] == letters
    assert has_unspaced(text) or apart == text


@pytest.mark.parametrize(
    "text", ["plain words", "проверка слов", "한국어 낱말", "كلمات عربية", "हिन्दी शब्द", "naïve café “quoted” …"]
)
def test_scripts_with_spaces_stay_as_they_are(text: str) -> None:
    assert spaced(text) == text
    assert unspaced_characters(text) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("使用Python编写。", ["使", "用", "Python", "编", "写"]),
        ("x = 1  # 计数，从零开始", ["x", "=", "1", "#", "计", "数", "从", "零", "开", "始"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("ភាសាខ្មែរ។", ["ភា", "សា", "ខ្", "មែ", "រ"]),
        ("コード", ["コ", "ー", "ド"]),
        ("𠀀𠀁", ["𠀀", "𠀁"]),
    ],
)
def test_each_character_with_its_marks_is_a_word(text: str, words: list[str]) -> None:
    assert spaced(text).split() == words
