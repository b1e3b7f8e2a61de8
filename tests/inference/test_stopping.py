"""Stop strings, against looking at the text character by character."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from midspan.inference.stopping import StopMatcher

texts = st.text("ab\n", max_size=30)
stop_lists = st.lists(st.text("ab\n", max_size=4), max_size=4).map(tuple)


def character_by_character(text: str, stops: tuple[str, ...]) -> tuple[str, bool]:
    for end in range(1, len(text) + 1):
        complete = [stop for stop in stops if stop and text[:end].endswith(stop)]
        if complete:
            return text[: end - max(map(len, complete))], True
    return text, False


def push_all(pieces: list[str], stops: tuple[str, ...]) -> tuple[str, bool]:
    matcher, shown = StopMatcher(stops), ""
    for piece in pieces:
        shown += matcher.push(piece)
        if matcher.stopped:
            return shown, True
    return shown + matcher.flush(), False


@given(texts, stop_lists, st.data())
def test_the_text_is_cut_at_the_first_complete_stop_however_it_comes(
    text: str, stops: tuple[str, ...], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert push_all(pieces, stops) == character_by_character(text, stops)


@given(texts, stop_lists)
def test_nothing_is_shown_that_may_yet_be_cut_and_nothing_else_is_held(text: str, stops: tuple[str, ...]) -> None:
    matcher, shown = StopMatcher(stops), ""
    for number, character in enumerate(text, 1):
        shown += matcher.push(character)
        if matcher.stopped:
            return
        held = text[len(shown) : number]
        assert shown == text[: len(shown)]
        assert held == "" or any(stop.startswith(held) and stop != held for stop in stops)
