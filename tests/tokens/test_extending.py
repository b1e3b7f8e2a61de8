"""A released tokenizer with the special tokens that it lacked: transformers reads the same ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from families import FAMILIES, ours, real_files

from midspan.tokens import Message, Tokenizer, chat_prompt_ids, encode_infill, train_tokenizer
from midspan.tokens.special import CHAT_TOKENS, FIM_NAMES, REPOSITORY_TOKENS

NAMES = [*FIM_NAMES, *REPOSITORY_TOKENS, *CHAT_TOKENS]


@pytest.mark.parametrize("family", FAMILIES)
def test_lacking_tokens_get_the_next_ids_and_transformers_reads_the_same(tmp_path: Path, family: str) -> None:
    transformers = pytest.importorskip("transformers")
    before = ours(family)
    after = before.extended(NAMES)
    lacked = [name for name in NAMES if name not in before.special_ids]
    assert [after.special(name) - before.vocabulary_size for name in lacked] == list(range(len(lacked)))
    assert after.vocabulary_size == before.vocabulary_size + len(lacked)
    assert before.special_ids.items() <= after.special_ids.items()
    after.save(tmp_path)
    peer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert peer.convert_tokens_to_ids(NAMES) == [after.special(name) for name in NAMES]
    asked = [Message(role="user", content=" Add <b>1</b>.\n")]
    theirs = peer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
    assert chat_prompt_ids(after, asked) == theirs
    for text in real_files(3):
        assert after.encode(text) == before.encode(text) == peer.encode(text, add_special_tokens=False)


def test_a_tokenizer_without_fim_and_chat_can_then_be_asked_for_both() -> None:
    after = ours("mistral").extended(NAMES)
    assert after.fim is not None
    assert after.chat_template is not None
    prefix, suffix, rest = encode_infill(after, "return", "  x")
    assert rest == []
    assert b"".join(map(after.bytes_of, prefix + suffix)) == b"return  x"
    assert {after.special("<|im_end|>"), after.fim.middle} <= after.ends
    names = "".join(NAMES)
    assert after.decode(after.encode(names)) == names
    assert not set(after.encode(names)) & {after.special(name) for name in NAMES}


def test_what_it_has_already_stays_as_it_is() -> None:
    tokenizer = train_tokenizer(real_files(1), 400)
    again = tokenizer.extended(NAMES)
    assert (again.fingerprint, again.special_ids) == (tokenizer.fingerprint, tokenizer.special_ids)


def test_ids_beyond_a_gap_are_kept(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(real_files(1), 400)
    tokenizer.save(tmp_path)
    definition = json.loads((tmp_path / "tokenizer.json").read_text())
    definition["model"]["vocab"]["<pad>"] = 511  # as a table padded to 512 leaves one
    (tmp_path / "tokenizer.json").write_text(json.dumps(definition))
    padded = Tokenizer.load(tmp_path).extended(["<new>"])
    assert padded.special("<new>") == 512
    padded.save(tmp_path / "again")
    peer = pytest.importorskip("transformers").AutoTokenizer.from_pretrained(tmp_path / "again")
    assert peer.convert_tokens_to_ids("<new>") == 512
