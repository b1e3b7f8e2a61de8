"""Prompts keep what matters and never grow beyond their limit."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.errors import UserError
from midspan.inference import (
    Chat,
    Engine,
    Fill,
    Ids,
    Marked,
    Plain,
    Prompt,
    PromptTooLongError,
    is_laid_out,
    prompt_ids,
    prompt_limit,
)
from midspan.inference.cursor import prompt_at_cursor
from midspan.inference.healing import Healing
from midspan.tokens import LAYOUTS, Message, chat_prefill_ids, chat_prompt_ids, encode_infill, train_tokenizer

TOKENIZER = train_tokenizer(["def add(first, second):\n    return first + second\n"] * 5, 300)
FIM = TOKENIZER.fim
assert FIM is not None
PLENTY = 10_000


def ids_of(prompt: Prompt, limit: int = PLENTY) -> list[int]:
    """What is read where `limit` tokens of prompt leave room for one of answer (where it is more than a quarter)."""
    return prompt_ids(TOKENIZER, prompt, positions_for(limit), 1).tokens


def positions_for(limit: int) -> int:
    return limit + 1 if limit >= 3 else limit


code = st.text("abc(): \n<|>_fim", max_size=60)


@given(code, code, st.integers(3, 80))
@settings(max_examples=300)
def test_an_infill_prompt_is_psm_and_keeps_what_is_next_to_the_cursor(prefix: str, suffix: str, limit: int) -> None:
    ids = ids_of(Fill(prefix, suffix), limit)
    assert len(ids) <= limit
    middle = ids.index(FIM.suffix)
    before, after = ids[1:middle], ids[middle + 1 : -1]
    assert (ids[0], ids[-1]) == (FIM.prefix, FIM.middle)
    all_before, all_after = TOKENIZER.encode(prefix), TOKENIZER.encode(suffix)
    assert before == all_before[len(all_before) - len(before) :]
    assert after == all_after[: len(after)]
    assert not {FIM.prefix, FIM.suffix, FIM.middle} & {*before, *after}
    room = limit - 3
    assert len(before) + len(after) == min(room, len(all_before) + len(all_after)), "no room is left unused"
    assert len(after) >= min(len(all_after), room // 4)
    assert len(before) >= min(len(all_before), room - room // 4)


@given(code, code, st.integers(3, 80), st.sampled_from(list(LAYOUTS)))
def test_in_every_layout_the_text_around_the_cursor_is_what_is_kept(
    prefix: str, suffix: str, limit: int, layout: str
) -> None:
    ids = prompt_ids(TOKENIZER, Fill(prefix, suffix), positions_for(limit), 1, layout=layout).tokens
    assert len(ids) <= limit
    at, turn = ids.index(FIM.suffix), ids.index(FIM.middle)
    first, after, rest = ids[1:at], ids[at + 1 : turn], ids[turn + 1 :]
    all_first, all_after, all_rest = encode_infill(TOKENIZER, prefix, suffix, layout)
    before = all_first + all_rest
    assert first + rest == before[len(before) - len(first + rest) :]
    assert not first or rest == all_rest
    assert after == all_after[: len(after)]
    assert len(first + rest + after) == min(limit - 3, len(before) + len(all_after)), "no room is left unused"


def test_a_line_start_prompt_is_healed_within_its_line_only() -> None:
    healing = Healing(TOKENIZER)

    def asked(prefix: str) -> Ids:
        return prompt_ids(TOKENIZER, Fill(prefix, "\n"), PLENTY, 1, healing, "line-start")

    assert asked("def f():\n").taken == []
    healed = asked("def f():\n    retu")
    turn = healed.tokens.index(FIM.middle)
    rest = b"".join(map(TOKENIZER.bytes_of, [*healed.tokens[turn + 1 :], *healed.taken]))
    assert healed.taken
    assert rest == b"    retu"


def test_a_tokenizer_without_fim_says_so() -> None:
    class Bare:
        fim = None

    with pytest.raises(UserError, match="no fill-in-the-middle"):
        prompt_ids(Bare(), Fill("a", "b"), 10, 1)  # type: ignore[arg-type]


def test_a_limit_below_the_markers_is_refused() -> None:
    with pytest.raises(UserError, match="limit of 2"):
        prompt_ids(TOKENIZER, Fill("a", "b"), 2, 1)


messages = st.lists(
    st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text("ab <|im_end|>", max_size=12)),
    min_size=1,
    max_size=9,
).map(lambda pairs: [Message(role=role, content=content) for role, content in pairs])


@given(messages, st.integers(1, 150))
@settings(max_examples=300)
def test_a_chat_prompt_drops_the_oldest_turns_and_no_more_than_needed(history: list[Message], limit: int) -> None:
    def encoded(kept: list[Message]) -> list[int]:
        return chat_prefill_ids(TOKENIZER, kept)[0] if begun else chat_prompt_ids(TOKENIZER, kept)

    begun = history[-1]["role"] == "assistant"
    questions = [number for number, message in enumerate(history) if begun and message["role"] == "user"]
    last = max(questions, default=len(history) - 1)  # from here on everything stays
    # Every way of dropping the k oldest messages, by brute force; then those that leave no answer in front.
    middle = [number for number, message in enumerate(history[:last]) if message["role"] != "system"]
    ways = []
    for count in range(len(middle) + 1):
        if 0 < count < len(middle) and history[middle[count]]["role"] != "user":
            continue
        gone = set(middle[:count])
        ways.append(encoded([message for number, message in enumerate(history) if number not in gone]))
    fitting = [way for way in ways if len(way) <= limit]
    if fitting:
        assert ids_of(Chat(history), limit) == fitting[0]
    else:
        with pytest.raises(PromptTooLongError, match=f"{len(ways[-1])} tokens.*{limit}"):
            ids_of(Chat(history), limit)


def test_a_conversation_without_messages_is_refused() -> None:
    with pytest.raises(UserError, match="no messages"):
        ids_of(Chat([]))


@given(code)
def test_a_plain_prompt_is_never_empty_and_has_no_markers_but_the_first(text: str) -> None:
    ids = ids_of(Plain(text))
    assert ids == (TOKENIZER.encode(text) or [TOKENIZER.end_of_text])


@given(code, st.integers(1, 80))
def test_a_text_that_is_too_long_is_refused_or_cut_at_its_start(text: str, limit: int) -> None:
    whole = ids_of(Plain(text))
    if len(whole) <= limit:
        assert ids_of(Plain(text, cut=True), limit) == whole
    else:
        assert ids_of(Plain(text, cut=True), limit) == whole[-limit:]
    if len(whole) > positions_for(limit):
        with pytest.raises(PromptTooLongError, match=f"{len(whole)} tokens"):
            ids_of(Plain(text), limit)


@pytest.mark.parametrize(
    "prompt",
    [Plain("a\udcff"), Fill("a\ud800", ""), Fill("", "\udfff"), Chat([Message(role="user", content="\udcff")])],
)
def test_what_is_not_unicode_is_refused(prompt: Prompt) -> None:
    with pytest.raises(UserError, match="not Unicode"):
        ids_of(prompt)


def test_a_marked_text_turns_names_into_special_tokens() -> None:
    text = "<fim_prefix>def f(<fim_suffix>): pass<fim_middle>"
    assert is_laid_out(TOKENIZER, text)
    assert ids_of(Marked(text)) == ids_of(Fill("def f(", "): pass"))
    assert not is_laid_out(TOKENIZER, "def f(): '<fim_middle>'")


@given(st.lists(st.one_of(code, st.sampled_from(list(TOKENIZER.special_ids))), max_size=6))
def test_a_marked_text_decodes_to_itself(parts: list[str]) -> None:
    text = "".join(parts)
    if text:
        assert TOKENIZER.decode(ids_of(Marked(text))) == text


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_limit_leaves_room_for_the_answer_but_never_starves_the_prompt(positions: int, max_tokens: int) -> None:
    limit = prompt_limit(positions, max_tokens)
    assert limit * 4 >= positions * 3
    assert positions - limit == max_tokens or max_tokens > positions // 4


def test_a_model_that_cannot_fill_in_is_asked_without_the_suffix(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prompt_at_cursor(engine, "a", "b") == Fill("a", "b")
    assert capsys.readouterr().err == ""
    without = Engine(engine.decoder, copy.copy(engine.tokenizer))
    without.tokenizer.fim = None
    assert without.can == {"plain", "chat"}
    assert prompt_at_cursor(without, "a", "b") == Plain("a", cut=True)
    assert "cannot fill in" in capsys.readouterr().err


@given(code, code, code, st.integers(10, 80))
def test_what_a_client_laid_out_is_cut_as_the_two_sides_of_a_cursor_are(
    prefix: str, suffix: str, line: str, limit: int
) -> None:
    prefix, suffix, line = (text.replace("<", "").replace("|", "") for text in (prefix, suffix, line))
    laid_out = f"<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>"
    assert ids_of(Marked(laid_out), limit) == ids_of(Fill(prefix, suffix), limit)
    backwards = ids_of(Marked(f"<fim_prefix><fim_suffix>{suffix}<fim_middle>{line}"), limit)
    assert len(backwards) <= limit
    kept = backwards[backwards.index(FIM.middle) + 1 :]
    all_of_it = TOKENIZER.encode(line)
    assert kept == all_of_it[len(all_of_it) - len(kept) :]
    assert len(kept) >= min(len(all_of_it), limit - 3 - limit // 4)
    headed = ids_of(Marked(f"<reponame>x<filename>y\n{line}{laid_out}"), limit)
    assert len(headed) <= limit
    assert headed[-len(ids_of(Fill(prefix, suffix), limit)) :] == ids_of(Fill(prefix, suffix), limit)


def test_what_is_not_laid_out_whole_is_refused_with_both_counts() -> None:
    text = "<fim_prefix>" + "def add(" * 60
    with pytest.raises(PromptTooLongError, match=r"the prompt has \d+ tokens, the model takes 41"):
        ids_of(Marked(text), 40)


def test_an_id_that_the_tokenizer_does_not_have_is_named() -> None:
    for token in (-1, TOKENIZER.vocabulary_size):
        with pytest.raises(UserError, match=f"token id {token}, the model's vocabulary ends at"):
            ids_of(Ids([1, token]))


FILES = [("a.py", "def add(first):\n" * 3), ("b.py", "return second\n" * 3)]


def test_other_files_stand_before_the_markers_the_newest_last() -> None:
    repository, file = TOKENIZER.special("<reponame>"), TOKENIZER.special("<filename>")
    ids = ids_of(Fill("def f(", ")", FILES))
    parts = [[file, *TOKENIZER.encode(f"{path}\n"), *TOKENIZER.encode(text)] for path, text in FILES]
    unnamed = [file, *TOKENIZER.encode("\n")]
    assert ids == [repository, *parts[0], *parts[1], *unnamed, *ids_of(Fill("def f(", ")"))]


@given(code, code, st.integers(5, 400))
def test_other_files_take_a_quarter_at_most(prefix: str, suffix: str, limit: int) -> None:
    ids = ids_of(Fill(prefix, suffix, FILES), limit)
    assert len(ids) <= limit
    before = ids[: ids.index(FIM.prefix)]
    assert len(before) <= limit // 4
    if before:
        assert TOKENIZER.encode("b.py\n")[0] in before, "the newest stays longest"
    assert ids[len(before) :] == ids_of(Fill(prefix, suffix), limit - len(before))


def test_a_model_that_knows_no_files_is_shown_none() -> None:
    bare = copy.copy(TOKENIZER)
    bare.repository = None
    assert prompt_ids(bare, Fill("a", "b", FILES), PLENTY, 1) == prompt_ids(bare, Fill("a", "b"), PLENTY, 1)


def test_an_answer_that_has_begun_is_healed_in_its_own_text_only(engine: Engine) -> None:
    question = Message(role="user", content="count")
    asked = engine.ids(Chat([question]), 4)
    for text in ("", "return", "def f(fir", "    "):
        begun = engine.ids(Chat([question, Message(role="assistant", content=text)]), 4)
        assert begun.tokens[: asked.count] == asked.tokens, "nothing of the header is taken back"
        assert engine.tokenizer.decode([*begun.tokens, *begun.taken][asked.count :]) == text


@pytest.mark.parametrize("text", ["", "\n"])
def test_a_cursor_at_the_beginning_of_a_file(engine: Engine, text: str) -> None:
    assert engine.ids(Fill("", text), 4).count == 3 + len(engine.tokenizer.encode(text))
