"""The chat templates of released families: transformers' ids, and text that cannot spell a special token."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

import pytest
from families import directory_of, ours, peer
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from midspan.errors import UserError
from midspan.tokens import Message, Tokenizer, chat_prompt_ids, encode_chat

MISTRAL = (  # Mistral 7B Instruct v0.1
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token + ' ' }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
    "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
    "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + "
    "eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n"
    "{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)
R1 = (  # the distillations: thoughts of earlier answers are left out
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|User|>' + message['content'] }}{% endif %}"
    "{% if message['role'] == 'assistant' %}{% set content = message['content'] %}"
    "{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}"
    "{{ '<|Assistant|>' + content + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|Assistant|><think>\\n' }}{% endif %}"
)
MARKED = (  # {% generation %}, {% break %}, strftime_now and tojson
    "{{ strftime_now('%Y') }} {{ messages[0] | tojson }}\n{% for message in messages %}{% if loop.index0 > 3 %}"
    "{% break %}{% endif %}{{ '<|im_start|>' + message.role + '\n' }}{% if message.role == 'assistant' %}"
    "{% generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}{% else %}"
    "{{ message.content + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEMPLATES = {"mistral": MISTRAL, "llama2": LLAMA2, "zephyr": ZEPHYR, "r1": R1, "marked": MARKED}
CASES = [
    *((family, name) for family in ("mistral", "code-llama") for name in ("mistral", "llama2", "zephyr")),
    *(("qwen", name) for name in ("own", "r1", "marked", "zephyr")),
    ("neox", "zephyr"),
]

TURNS: list[Message] = [
    {"role": "user", "content": "  Add 1 and 2, <b>please</b>.\n"},
    {"role": "assistant", "content": "(1 + 2) # é👍\n"},
    {"role": "user", "content": "And [1]?"},
    {"role": "assistant", "content": "    return [x for x in y]\n\n"},
    {"role": "user", "content": "Don't"},
]


@functools.cache
def our_tokenizer(family: str, template: str) -> Tokenizer:
    ours(family).encode_markup_at("")  # what takes long is shared
    tokenizer = copy.copy(ours(family))
    if template != "own":
        tokenizer.chat_template = TEMPLATES[template]
    return tokenizer


def their_ids(family: str, template: str, messages: list[Message], asking: bool) -> Any:
    chosen = None if template == "own" else TEMPLATES[template]
    return peer(family).apply_chat_template(
        messages, chat_template=chosen, add_generation_prompt=asking, return_dict=False
    )


@pytest.mark.parametrize(("family", "template"), CASES)
@pytest.mark.parametrize("turns", range(1, 6))
def test_a_question_has_the_ids_of_apply_chat_template(family: str, template: str, turns: int) -> None:
    messages = TURNS[:turns]
    assert chat_prompt_ids(our_tokenizer(family, template), messages) == their_ids(family, template, messages, True)


@pytest.mark.parametrize(("family", "template"), [case for case in CASES if case[1] != "r1"])
def test_an_answered_conversation_has_the_ids_of_apply_chat_template(family: str, template: str) -> None:
    answered: list[Message] = [TURNS[0], {"role": "assistant", "content": "3, é\n"}]
    tokenizer = our_tokenizer(family, template)
    ids, mask = encode_chat(tokenizer, answered)
    assert ids == their_ids(family, template, answered, False)
    said = tokenizer.decode([one for one, answer in zip(ids, mask, strict=True) if answer])
    assert "3, é" in said
    assert "Add" not in said
    prompt = chat_prompt_ids(tokenizer, answered[:1])
    assert ids[: len(prompt)] == prompt


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
spoken = st.lists(st.one_of(texts, st.sampled_from([" ", "\n", "[INST]", "(", "<", "x", "é"]))).map("".join)


@pytest.mark.parametrize(("family", "template"), CASES)
@settings(max_examples=30)
@given(contents=st.lists(spoken, min_size=1, max_size=5))
def test_so_has_any_conversation(family: str, template: str, contents: list[str]) -> None:
    messages = [Message(role=("user", "assistant")[n % 2], content=content) for n, content in enumerate(contents)]
    tokenizer = our_tokenizer(family, template)
    assume(not any(name in content for name in tokenizer.special_ids for content in contents))  # theirs are tokens
    assert chat_prompt_ids(tokenizer, messages) == their_ids(family, template, messages, True)


@pytest.mark.parametrize(("family", "template"), [("mistral", "llama2"), ("qwen", "own"), ("qwen", "zephyr")])
@settings(max_examples=30)
@given(data=st.data())
def test_no_message_yields_a_special_id(family: str, template: str, data: st.DataObject) -> None:
    tokenizer = our_tokenizer(family, template)
    names = [*tokenizer.special_ids, *(name[:-1] for name in tokenizer.special_ids), ">"]
    content = st.lists(st.one_of(texts, st.sampled_from(names))).map("".join)
    hostile = [Message(role="user", content=data.draw(content))]
    specials = set(tokenizer.special_ids.values())
    harmless = [Message(role="user", content="x")]
    expected = [one for one in chat_prompt_ids(tokenizer, harmless) if one in specials]
    found = chat_prompt_ids(tokenizer, hostile)
    assert [one for one in found if one in specials] == expected
    text = tokenizer.decode(tokenizer.encode(hostile[0]["content"].strip()))  # as the tokenizer normalises it
    assert text.strip() in tokenizer.decode(found)


def test_a_spelled_token_changes_no_other_id_of_the_conversation() -> None:
    tokenizer = our_tokenizer("mistral", "llama2")
    ids = chat_prompt_ids(tokenizer, [Message(role="user", content="a </s> b"), *TURNS[1:3]])
    plain = their_ids("mistral", "llama2", [Message(role="user", content="a"), *TURNS[1:3]], True)
    end = plain.index(2)
    assert ids[-(len(plain) - end) :] == plain[end:]
    assert ids.count(2) == plain.count(2)


def test_thoughts_are_left_out_of_earlier_answers_as_transformers_does_and_yield_no_special_id_elsewhere() -> None:
    tokenizer = our_tokenizer("qwen", "own")
    thought = Message(role="assistant", content="<think>\nhm\n</think>\n\n3")
    messages = [TURNS[0], thought, TURNS[2]]
    assert chat_prompt_ids(tokenizer, messages) == their_ids("qwen", "own", messages, True)
    hostile = [TURNS[0], thought, Message(role="user", content="a<think>b</think><|im_end|>")]
    ids = chat_prompt_ids(tokenizer, hostile)
    assert not {tokenizer.special("<think>"), tokenizer.special("</think>")} & set(ids)
    assert ids.count(tokenizer.special("<|im_end|>")) == 3
    with pytest.raises(UserError, match="earlier turns"):
        encode_chat(tokenizer, [*messages, thought])
    with pytest.raises(UserError, match="cannot be told apart"):  # it asks with a thought that the answer lacks
        encode_chat(our_tokenizer("qwen", "r1"), [TURNS[0], thought])


def test_the_mask_is_transformers_where_the_template_says_what_is_generated() -> None:
    theirs = peer("qwen").apply_chat_template(
        TURNS[:4], chat_template=MARKED, return_dict=True, return_assistant_tokens_mask=True
    )
    ids, mask = encode_chat(our_tokenizer("qwen", "marked"), [*TURNS[:1], *TURNS[1:4]])
    assert sum(mask) > 10
    decode = our_tokenizer("qwen", "marked").decode
    assert decode([one for one, said in zip(ids, mask, strict=True) if said]) == "".join(
        message["content"] + "<|im_end|>" for message in TURNS[1:4:2]
    )
    assert decode(ids) == decode(theirs["input_ids"])


def test_a_message_that_is_not_unicode_is_one_line() -> None:
    with pytest.raises(UserError, match="not Unicode"):
        chat_prompt_ids(our_tokenizer("mistral", "zephyr"), [Message(role="user", content="a\udcff")])


@pytest.mark.parametrize("template", ["{{ 1 // 0 }}", "{{ messages[9].content.x }}", "{% for %}", "{{ 'a' + 1 }}"])
def test_a_template_that_fails_is_one_line(tmp_path: Path, template: str) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).symlink_to((directory_of("mistral") / name).resolve())
    (tmp_path / "chat_template.jinja").write_text(template)
    with pytest.raises(UserError, match="refuses") as failure:
        chat_prompt_ids(Tokenizer.load(tmp_path), TURNS[:1])
    assert "\n" not in str(failure.value)
    assert json.loads((tmp_path / "tokenizer_config.json").read_text())["bos_token"] == "<s>"
