"""How families are asked: the published texts, and the same tokens that the engine here would read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from families import directory_of, ours, peer

from midspan.errors import UserError
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.families import FAMILIES, Family, family_by_tokens, family_of
from midspan.evaluate.subjects import open_subject, place_of
from midspan.evaluate.subjects.elsewhere import asked
from midspan.evaluate.subjects.local import Local
from midspan.evaluate.subjects.server import Server
from midspan.evaluate.subjects.transformers import Transformers
from midspan.evaluate.systems import SYSTEMS, published_for
from midspan.inference import Fill, prompt_ids
from midspan.tokens import Message, chat_prompt_ids
from midspan.tokens.chat_template import render
from midspan.tokens.special import FIM_LAYOUTS

BY_NAME = {family.name: family for family in FAMILIES}
TURNS = [
    Message(role="system", content="Be brief."),
    Message(role="user", content="One?"),
    Message(role="assistant", content="1"),
    Message(role="user", content="Two?"),
]
CHATML = (
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\n1<|im_end|>\n"
    "<|im_start|>user\nTwo?<|im_end|>\n<|im_start|>assistant\n"
)
# Each family's conversation as its model card writes it; <s> and </s> are a text's beginning and end.
PUBLISHED = {
    "Stable Code": CHATML,
    "Code Llama": "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nOne? [/INST] 1 </s><s>[INST] Two? [/INST]",
    "DeepSeek-Coder": "<s>Be brief.### Instruction:\nOne?\n### Response:\n1\n<|EOT|>\n### Instruction:\nTwo?\n"
    "### Response:\n",
    "Qwen2.5-Coder": CHATML,
    "Granite": "System:\nBe brief.\n\nQuestion:\nOne?\n\nAnswer:\n1\n\nQuestion:\nTwo?\n\nAnswer:\n",
    "Codestral": "<s>[INST] One?[/INST] 1</s>[INST] Be brief.\n\nTwo?[/INST]",
    "Zephyr": "<|system|>\nBe brief.</s>\n<|user|>\nOne?</s>\n<|assistant|>\n1</s>\n<|user|>\nTwo?</s>\n"
    "<|assistant|>\n",
    "Neural-Chat": "### System:\nBe brief.\n### User:\nOne?\n### Assistant:\n1\n### User:\nTwo?\n### Assistant:\n",
    "Tulu 2": "<|system|>\nBe brief.\n<|user|>\nOne?\n<|assistant|>\n1</s>\n<|user|>\nTwo?\n<|assistant|>\n",
}
MIDDLES = {
    "Stable Code": "<fim_prefix>before<fim_suffix>after<fim_middle>",
    "StarCoder": "<fim_prefix>before<fim_suffix>after<fim_middle>",
    "SantaCoder": "<fim-prefix>before<fim-suffix>after<fim-middle>",
    "Code Llama": "▁<PRE> before▁<SUF>after▁<MID>",
    "DeepSeek-Coder": "<｜fim▁begin｜>before<｜fim▁hole｜>after<｜fim▁end｜>",
    "Qwen2.5-Coder": "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>",
    "Granite": "<fim_prefix>before<fim_suffix>after<fim_middle>",
    "Codestral": "[SUFFIX]after[PREFIX]before",
}


def named(role: str) -> str:
    return {"bos": "<s>", "eos": "</s>"}.get(role, "")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_a_family_is_asked_as_it_is_published(family: Family) -> None:
    text = render(family.chat, TURNS, named, True) if family.chat else ""
    assert text == PUBLISHED.get(family.name, "")
    assert (family.asks("before", "after") if family.fill else "") == MIDDLES.get(family.name, "")


def test_families_that_speak_first_say_what_they_are_where_nobody_else_does() -> None:
    told = {name: render(BY_NAME[name].chat, TURNS[1:2], named, True) for name in PUBLISHED}
    assert told["Qwen2.5-Coder"].startswith("<|im_start|>system\nYou are Qwen, created by Alibaba Cloud.")
    assert told["DeepSeek-Coder"].startswith("<s>You are an AI programming assistant")
    assert [name for name, text in told.items() if "system" in text.lower()] == ["Qwen2.5-Coder"]


def test_texts_that_look_like_places_or_markers_stay_texts() -> None:
    assert BY_NAME["Codestral"].asks("a{suffix}", "b{prefix}") == "[SUFFIX]b{prefix}[PREFIX]a{suffix}"
    assert BY_NAME["StarCoder"].asks("", "") == "<fim_prefix><fim_suffix><fim_middle>"


@pytest.mark.parametrize(("family", "tokenizer"), [("Code Llama", "code-llama"), ("Qwen2.5-Coder", "qwen")])
@pytest.mark.parametrize("prefix", ["def f(x):\n    ", "import os\n\n", "x = '", "é ("])
def test_the_text_and_the_engines_ids_are_the_same_tokens(family: str, tokenizer: str, prefix: str) -> None:
    """Token by token: what transformers reads of the text, and what the engine lays out."""
    suffix = "\n    return y\n"
    theirs = peer(tokenizer)(BY_NAME[family].asks(prefix, suffix))["input_ids"]
    mine = prompt_ids(ours(tokenizer), Fill(prefix, suffix), 512, 16)
    assert theirs == [*mine.tokens, *mine.taken]


@pytest.mark.parametrize(("family", "tokenizer"), [("Qwen2.5-Coder", "qwen")])
def test_a_conversations_text_is_the_same_tokens_as_the_tokenizers_own_template(family: str, tokenizer: str) -> None:
    text = render(BY_NAME[family].chat, TURNS, named, True)
    assert peer(tokenizer)(text)["input_ids"] == chat_prompt_ids(ours(tokenizer), TURNS)


@pytest.mark.parametrize("name", ["Zephyr", "Neural-Chat"])
def test_mistrals_children_read_their_texts_as_mistrals_tokenizer_does(name: str) -> None:
    """Theirs is Mistral's tokenizer, which has no such template: the family's is taken."""
    theirs, mine = peer("mistral"), ours("mistral")
    mine.chat_template, theirs.chat_template = BY_NAME[name].chat, BY_NAME[name].chat
    ids: Any = theirs.apply_chat_template(list(TURNS), add_generation_prompt=True, return_dict=True)["input_ids"]
    assert ids == chat_prompt_ids(mine, TURNS)
    text = theirs.decode(ids, skip_special_tokens=False)
    assert re.sub(r"\s+", "", text) == re.sub(r"\s+", "", PUBLISHED[name])


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("stabilityai/stable-code-3b", "Stable Code"),
        ("bigcode/starcoderbase-1b", "StarCoder"),
        ("codellama/CodeLlama-7b-Instruct-hf", "Code Llama"),
        ("deepseek-ai/deepseek-coder-6.7b-base", "DeepSeek-Coder"),
        ("Qwen/Qwen2.5-Coder-1.5B", "Qwen2.5-Coder"),
        ("ibm-granite/granite-3b-code-base", "Granite"),
        ("mistralai/Codestral-22B-v0.1", "Codestral"),
        ("Salesforce/codegen-2B-multi", "CodeGen"),
        ("HuggingFaceH4/zephyr-7b-beta", "Zephyr"),
        ("Intel/neural-chat-7b-v3-1", "Neural-Chat"),
        ("allenai/tulu-2-dpo-70b", "Tulu 2"),
        ("HuggingFaceTB/SmolLM2-135M", None),
    ],
)
def test_a_family_is_known_by_the_name_of_its_models(name: str, family: str | None) -> None:
    found = family_of(name)
    assert (found and found.name) == family


def test_a_base_model_does_not_converse() -> None:
    base, instruct = (family_of(f"deepseek-coder-1.3b-{kind}") for kind in ("base", "instruct"))
    assert base
    assert instruct
    assert (bool(base.chat), bool(instruct.chat)) == (False, True)


def test_a_family_is_known_by_its_tokens() -> None:
    found = family_by_tokens({"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "x"})
    assert found
    assert found.name == "Qwen2.5-Coder"
    assert family_by_tokens({"<fim_prefix>", "<fim_suffix>"}) is None


def test_transformers_is_asked_for_a_middle_by_its_tokens() -> None:
    subject = Transformers("x", str(directory_of("qwen")), "auto", None)
    assert "fill" in subject.can
    assert asked(Fill("a", "b"), subject.filling) == "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"


def test_every_system_can_be_asked_by_its_name() -> None:
    for name, system in SYSTEMS.items():
        assert place_of(name) == system.given
        assert place_of(f"transformers:{name}") == f"transformers:{system.hub}"
        assert family_of(system.hub) or name in ("stablelm-3b", "replit-code-3b", "deci-coder-1b", "sqlcoder-7b")
    subject = open_subject("codegen-2b-multi", "auto")
    assert isinstance(subject, Transformers)
    assert subject.place == "Salesforce/codegen-2B-multi"


def test_a_system_that_is_misspelt_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'stable-code-3b'"):
        open_subject("stable-code-3", "auto")


def test_what_is_published_is_found_by_the_score() -> None:
    found = published_for([("multipl-e", "pass@1, Rust"), ("humaneval", "pass@1, strict")])
    assert found["stable-code-3b, model card"] == {("multipl-e", "pass@1, Rust"): 23.0}
    assert found["stable-code-3b, BigCode leaderboard"] == {("multipl-e", "pass@1, Rust"): 22.15}
    assert not any("Instruct" in name for name in found)


def test_a_model_whose_tokenizer_has_no_template_converses_by_its_familys(tmp_path: Path) -> None:
    place = directory_of("mistral")
    plain = Local("x", place, None, "auto", None)
    chatting = Local("x", place, None, "auto", family_of("HuggingFaceH4/zephyr-7b-beta"))
    assert plain._conversing(ours("mistral")).chat_template != BY_NAME["Zephyr"].chat
    fresh = type(ours("mistral")).load(place)
    if fresh.chat_template is None:
        assert chatting._conversing(fresh).chat_template == BY_NAME["Zephyr"].chat


def test_a_server_is_asked_for_a_middle_as_its_models_family_is() -> None:
    known = open_subject("http://localhost:1/v1#Qwen/Qwen2.5-Coder-7B", "auto")
    unknown = open_subject("http://localhost:1/v1#other", "auto")
    assert isinstance(known, Server)
    assert isinstance(unknown, Server)
    assert known.can == {"plain", "chat", "fill"}
    assert unknown.can == {"plain", "chat"}
    assert asked(Fill("a", "b"), known.family) == "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"
    assert asked(Fill("a", "b"), unknown.family) == "a"


def test_what_is_published_has_the_names_of_our_own_scores() -> None:
    for system in SYSTEMS.values():
        for benchmark, label in (found for source in system.published for found in source.scores):
            group = label.rpartition(", ")[2] if ", " in label else ""
            assert group in BENCHMARKS[benchmark].asks, (benchmark, label)


def test_every_layout_of_the_tokenizers_is_a_familys() -> None:
    known = {frozenset(family.markers) for family in FAMILIES}
    assert all({layout.prefix, layout.suffix, layout.middle} in known for layout in FIM_LAYOUTS)
