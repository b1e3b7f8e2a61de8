"""Conversations: the ids transformers gives, the mask of the answers, and text that cannot leave its turn."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.errors import UserError
from midspan.tokens import (
    SPECIAL_TOKENS,
    Message,
    Tokenizer,
    chat_prefill_ids,
    chat_prompt_ids,
    encode_chat,
    train_tokenizer,
)

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
OURS = train_tokenizer([(STANDARD_LIBRARY / "argparse.py").read_text(encoding="utf-8")], 600)

CONVERSATION: list[Message] = [
    {"role": "system", "content": "You write <code>.\n"},
    {"role": "user", "content": "  Add 1 and 2."},
    {"role": "assistant", "content": "```python\nprint(1 + 2)\n```"},
    {"role": "user", "content": "And é?"},
    {"role": "assistant", "content": "Don't."},
]

any_text = st.lists(
    st.one_of(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(SPECIAL_TOKENS))
).map("".join)
conversations = st.lists(
    st.builds(
        lambda role, content: Message(role=role, content=content), st.sampled_from(["user", "assistant"]), any_text
    )
)


def masked_text(tokenizer: Tokenizer, ids: list[int], mask: list[bool]) -> str:
    return tokenizer.decode([one for one, answer in zip(ids, mask, strict=True) if answer])


def test_the_mask_covers_each_answer_and_its_end_and_nothing_else() -> None:
    ids, mask = encode_chat(OURS, CONVERSATION)
    assert OURS.decode(ids) == "".join(
        f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in CONVERSATION
    )
    assert masked_text(OURS, ids, mask) == "```python\nprint(1 + 2)\n```<|im_end|>Don't.<|im_end|>"


@pytest.mark.parametrize("add_generation_prompt", [True, False])
def test_transformers_apply_chat_template_gives_the_same_ids(tmp_path: Path, add_generation_prompt: bool) -> None:
    transformers = pytest.importorskip("transformers")
    OURS.save(tmp_path)
    peer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    theirs = peer.apply_chat_template(
        CONVERSATION, add_generation_prompt=add_generation_prompt, return_dict=True, tokenize=True
    )
    ours = chat_prompt_ids(OURS, CONVERSATION) if add_generation_prompt else encode_chat(OURS, CONVERSATION)[0]
    assert ours == theirs["input_ids"]


@given(conversations)
def test_message_text_never_yields_a_special_id(messages: list[Message]) -> None:
    ids, mask = encode_chat(OURS, messages)
    assert OURS.decode(ids) == "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    assert sum(one < len(SPECIAL_TOKENS) for one in ids) == 2 * len(messages)
    answers = [message["content"] + "<|im_end|>" for message in messages if message["role"] == "assistant"]
    assert masked_text(OURS, ids, mask) == "".join(answers)


@given(any_text, any_text)
def test_a_generation_prompt_is_a_prefix_of_the_answered_conversation(question: str, answer: str) -> None:
    turns: list[Message] = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    prompt = chat_prompt_ids(OURS, turns[:1])
    ids, mask = encode_chat(OURS, turns)
    assert ids[: len(prompt)] == prompt
    assert mask.index(True) == len(prompt)


@given(any_text, any_text)
def test_an_answer_that_has_begun_is_the_beginning_of_the_answered_conversation(question: str, answer: str) -> None:
    turns: list[Message] = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    header = chat_prompt_ids(OURS, turns[:1])
    ids, begun = chat_prefill_ids(OURS, turns)
    assert (ids[:begun], begun) == (header, len(header))
    whole, mask = encode_chat(OURS, turns)
    assert ids == whole[: len(ids)], "up to the token that closes the turn"
    assert mask.count(True) == len(ids) - begun + 1


def test_a_role_cannot_smuggle_in_a_special_token() -> None:
    ids, _ = encode_chat(OURS, [{"role": "user<|im_end|>", "content": "x"}])
    assert sum(one < len(SPECIAL_TOKENS) for one in ids) == 2


# The shapes of other families' templates: Llama 2's [INST] with trimmed content, Qwen's default system prompt.
LLAMA = (
    "{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] | trim }} [/INST]"
    "{% elif m['role'] == 'assistant' %} {{ m['content'] | trim }} {{ eos_token }}"
    "{% else %}{{ raise_exception('no ' + m['role'] + ' turns') }}{% endif %}{% endfor %}"
)
QWEN = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou help.<|im_end|>\n{% endif %}\n"
    "{% for m in messages %}\n    {{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}\n{% endfor %}\n"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@pytest.fixture
def foreign(tmp_path: Path, request: pytest.FixtureRequest) -> Tokenizer:
    OURS.save(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(request.param)
    return Tokenizer.load(tmp_path)


@pytest.mark.parametrize("foreign", [LLAMA, QWEN], indirect=True)
def test_another_familys_template_gives_the_ids_of_transformers(foreign: Tokenizer, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    peer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    turns = CONVERSATION[1:]
    assert encode_chat(foreign, turns)[0] == peer.apply_chat_template(turns, return_dict=True)["input_ids"]
    ids, mask = encode_chat(foreign, turns)
    assert "print(1 + 2)" in masked_text(foreign, ids, mask)
    assert "Add" not in masked_text(foreign, ids, mask)
    assert masked_text(foreign, ids, mask).endswith(("<|im_end|>", "<|endoftext|>"))


@pytest.mark.parametrize("foreign", [LLAMA, QWEN], indirect=True)
def test_an_answer_that_has_begun_is_rendered_as_by_transformers(foreign: Tokenizer, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    peer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    turns: list[Message] = [*CONVERSATION[1:-1], {"role": "assistant", "content": "one, two,"}]
    assert turns[-2]["role"] == "user"
    text = peer.apply_chat_template(turns, continue_final_message=True, tokenize=False)
    assert foreign.decode(chat_prefill_ids(foreign, turns)[0]) == text


@pytest.mark.parametrize("foreign", ["{{ messages[0]['content'] }}"], indirect=True)
def test_a_template_that_hides_the_last_answer_is_a_user_error(foreign: Tokenizer) -> None:
    with pytest.raises(UserError, match="does not show the last answer"):
        chat_prefill_ids(foreign, CONVERSATION)


@pytest.mark.parametrize("foreign", [LLAMA], indirect=True)
def test_what_a_template_refuses_is_a_user_error_with_its_words(foreign: Tokenizer) -> None:
    with pytest.raises(UserError, match="no system turns"):
        encode_chat(foreign, CONVERSATION)


@pytest.mark.parametrize("foreign", ["{{ messages.__class__.__mro__ }}"], indirect=True)
def test_a_template_runs_in_a_sandbox(foreign: Tokenizer) -> None:
    with pytest.raises(UserError, match="refuses"):
        encode_chat(foreign, CONVERSATION)


@pytest.mark.parametrize("foreign", ["{{ messages[-1]['content'] }}"], indirect=True)
def test_a_template_that_rewrites_earlier_turns_is_a_user_error(foreign: Tokenizer) -> None:
    with pytest.raises(UserError, match="earlier turns"):
        encode_chat(foreign, CONVERSATION)
