"""Cutting for fill-in-the-middle loses no character, whatever the layout, and asks as it was trained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.batches.fim import fim_tokens
from midspan.tokens import LAYOUTS, Tokenizer, encode_infill

layouts = st.sampled_from(list(LAYOUTS))


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), layouts, st.booleans())
def test_every_layout_holds_the_whole_document(
    code_tokenizer: Tokenizer, prefix: str, middle: str, suffix: str, layout: str, joined: bool
) -> None:
    text = code_tokenizer.decode(fim_tokens(code_tokenizer, prefix, middle, suffix, layout, joined))
    first, _, rest = prefix.rpartition("\n") if layout == "line-start" else ("", "", prefix)
    if layout == "spm":
        assert text == f"<fim_prefix><fim_suffix>{suffix}<fim_middle>{prefix}{middle}<|endoftext|>"
    elif layout == "line-start":
        first = prefix[: len(prefix) - len(rest)]
        assert text == f"<fim_prefix>{first}<fim_suffix>{suffix}<fim_middle>{rest}{middle}<|endoftext|>"
    elif not joined:
        assert text == f"<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>{middle}<|endoftext|>"
    else:  # a token or more of the prefix may stand with the middle
        before, _, rest = text.removeprefix("<fim_prefix>").partition(f"<fim_suffix>{suffix}<fim_middle>")
        assert prefix.startswith(before.rstrip("\ufffd"))


@given(st.text("ab \n(é", max_size=30), st.text("ab \n(é", max_size=30), layouts)
def test_joined_parts_have_the_tokens_of_one_text(
    code_tokenizer: Tokenizer, prefix: str, middle: str, layout: str
) -> None:
    ids, marks = fim_tokens(code_tokenizer, prefix, middle, "", layout, joined=True), code_tokenizer.fim
    assert marks is not None
    first, span = ids[1 : ids.index(marks.suffix)], ids[ids.index(marks.middle) + 1 : -1]
    turn = {"psm": 0, "spm": 0, "line-start": prefix.rfind("\n") + 1}[layout]
    whole = [*code_tokenizer.encode(prefix[:turn]), *code_tokenizer.encode(prefix[turn:] + middle)]
    assert first + span == whole


def test_where_the_cursor_is_at_the_turn_the_token_before_it_goes_with_the_middle(code_tokenizer: Tokenizer) -> None:
    marks = code_tokenizer.fim
    assert marks is not None
    ids = fim_tokens(code_tokenizer, "def f(x):\n    re", "turn x", "\n", "psm", joined=True)
    whole = code_tokenizer.encode("def f(x):\n    return x")
    inside, end = 0, 0
    while end + len(code_tokenizer.bytes_of(whole[inside])) <= len("def f(x):\n    re"):
        end += len(code_tokenizer.bytes_of(whole[inside]))
        inside += 1
    assert ids[1 : ids.index(marks.suffix)] == whole[: inside - 1]


@pytest.mark.parametrize("joined", [True, False])
def test_text_that_spells_a_sentinel_does_not_become_one(code_tokenizer: Tokenizer, joined: bool) -> None:
    ids = fim_tokens(code_tokenizer, "<fim_middle>", "<|endoftext|>", "<fim_prefix>", joined=joined)
    assert code_tokenizer.fim is not None
    assert ids.count(code_tokenizer.fim.middle) == 1
    assert ids.count(code_tokenizer.end_of_text) == 1


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), layouts)
def test_training_apart_begins_the_middle_where_a_prompt_ends(
    code_tokenizer: Tokenizer, prefix: str, middle: str, suffix: str, layout: str
) -> None:
    marks = code_tokenizer.fim
    assert marks is not None
    first, tail, rest = encode_infill(code_tokenizer, prefix, suffix, layout)
    asked = [marks.prefix, *first, marks.suffix, *tail, marks.middle, *rest]
    answer = [*code_tokenizer.encode(middle), code_tokenizer.end_of_text]
    assert fim_tokens(code_tokenizer, prefix, middle, suffix, layout) == asked + answer
