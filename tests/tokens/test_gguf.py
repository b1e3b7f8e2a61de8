"""Tokenizers read from GGUF files: the ids of transformers' own reading, and of the tokenizer a file was made from."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import gguf
import pytest
from families import directory_of, ours, real_files, smollm2

from midspan.errors import UserError
from midspan.tokens import Tokenizer
from midspan.tokens.gguf import tokenizer_of_gguf

TEXTS = [
    "",
    " ",
    "    return",
    "x  1 = 12345",
    "    12\n",
    "é👍🏽十 a\x00b",
    "don't  I'LL\r\n\r\n\t<s>[INST]",
    "a<|im_end|>b",
]


def write_gguf(path: Path, source: Path, kind: str, pre: str, **changes: Any) -> Path:
    """A file of nothing but a vocabulary, with the fields that llama.cpp's converter writes; None leaves one out."""
    definition = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    model = definition["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    added = {token["content"]: token for token in definition["added_tokens"]}
    ids = model["vocab"] | {content: token["id"] for content, token in added.items()}
    tokens = sorted(ids, key=lambda token: ids[token])
    made = ["".join(merge.split(" ")) for merge in merges]
    ranks = {token: rank for rank, token in reversed(list(enumerate(made)))}

    def type_of(token: str) -> int:
        if token in added:
            named = gguf.TokenType.UNKNOWN if token == "<unk>" else gguf.TokenType.CONTROL
            return int(named if added[token]["special"] else gguf.TokenType.USER_DEFINED)
        return int(gguf.TokenType.BYTE if token.startswith("<0x") else gguf.TokenType.NORMAL)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(kind)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(changes.get("tokens", tokens))
    writer.add_token_types(changes.get("types", [type_of(token) for token in tokens]))
    if kind == "llama":
        writer.add_token_scores([-float(ranks.get(token, len(made))) for token in tokens])
    else:
        writer.add_token_merges(merges)
    for key, value in changes.items():
        if isinstance(value, bool):
            writer.add_bool(f"tokenizer.ggml.{key}", value)
        elif isinstance(value, int):
            writer.add_uint32(f"tokenizer.ggml.{key}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@functools.cache
def small() -> Tokenizer:
    return tokenizer_of_gguf(smollm2())


@functools.cache
def small_peer() -> Any:
    file = smollm2()
    transformers = pytest.importorskip("transformers")
    return transformers.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)


def test_smollm2s_ids_are_those_of_transformers_own_reading() -> None:
    tokenizer, other = small(), small_peer()
    for text in [*TEXTS, *real_files(30)]:
        assert tokenizer.encode(text) == other.encode(text, add_special_tokens=False, split_special_tokens=True)
    ids = tokenizer.encode(real_files(1)[0])
    assert tokenizer.decode(ids) == other.decode(ids)


def test_smollm2s_special_tokens_and_template_are_those_of_the_file() -> None:
    tokenizer, other = small(), small_peer()
    assert tokenizer.vocabulary_size == len(other) == 49152
    assert tokenizer.special_ids == other.get_added_vocab()
    assert (tokenizer.named("eos"), tokenizer.opening) == ("<|im_end|>", [])
    assert {tokenizer.special("<|endoftext|>"), tokenizer.special("<|im_end|>")} <= tokenizer.ends
    assert tokenizer.chat_template is not None
    assert "SmolLM" in tokenizer.chat_template


def test_a_tokenizer_read_from_a_gguf_is_saved_so_that_transformers_reads_the_same(tmp_path: Path) -> None:
    small().save(tmp_path)
    other = pytest.importorskip("transformers").AutoTokenizer.from_pretrained(tmp_path)
    for text in [*TEXTS[:7], *real_files(4)]:
        assert other.encode(text) == small().encode(text)


def test_mistrals_merges_come_back_from_the_scores(tmp_path: Path) -> None:
    source = directory_of("mistral")
    ids = {"bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0}
    tokenizer = tokenizer_of_gguf(write_gguf(tmp_path / "m.gguf", source, "llama", "default", **ids))
    for text in [*TEXTS, *real_files(10)]:
        assert tokenizer.encode(text) == ours("mistral").encode(text)
        assert tokenizer.encode_continuation(text) == ours("mistral").encode_continuation(text)
    assert (tokenizer.opening, tokenizer.end_of_text, tokenizer.special_ids) == ([1], 2, ours("mistral").special_ids)


def test_a_file_may_say_that_no_space_is_put_before_a_text_and_no_beginning(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"add_space_prefix": False, "add_bos_token": False, "bos_token_id": 1, "eos_token_id": 2}
    path = write_gguf(tmp_path / "m.gguf", directory_of("mistral"), "llama", "default", **changes)
    tokenizer = tokenizer_of_gguf(path)
    assert tokenizer.opening == []
    assert tokenizer.encode("return x") == ours("mistral").encode_continuation("return x")
    assert tokenizer.decode(tokenizer.encode(" x")) == " x"


def test_qwens_tokenizer_comes_back_with_its_tokens_that_are_not_special(tmp_path: Path) -> None:
    source, original = directory_of("qwen"), ours("qwen")
    ends = {"eos_token_id": 151645, "eot_token_id": 151643}
    tokenizer = tokenizer_of_gguf(write_gguf(tmp_path / "q.gguf", source, "gpt2", "qwen2", **ends))
    for text in [*TEXTS, "e\u0301 <think>", *real_files(10)]:
        assert tokenizer.encode(text) == original.encode(text)
    assert tokenizer.special_ids == original.special_ids
    assert (tokenizer.ends, tokenizer.fim) == (original.ends, original.fim)
    assert tokenizer.slow_because == ""


def test_the_padding_of_the_table_is_no_part_of_the_vocabulary(tmp_path: Path) -> None:
    vocabulary = json.loads((directory_of("mistral") / "tokenizer.json").read_text())["model"]["vocab"]
    tokens = [*vocabulary, *(f"[PAD{token}]" for token in range(32000, 32064))]
    types = [2, 3, 3, *[6] * 256, *[1] * (32000 - 259), *[5] * 64]
    path = write_gguf(
        tmp_path / "m.gguf", directory_of("mistral"), "llama", "default", tokens=tokens, types=types, eos_token_id=2
    )
    assert tokenizer_of_gguf(path).vocabulary_size == 32000


@pytest.mark.parametrize(("kind", "pre"), [("bert", "default"), ("gpt2", "made-up")])
def test_an_unknown_kind_of_tokenizer_is_one_line_that_names_it(tmp_path: Path, kind: str, pre: str) -> None:
    path = write_gguf(tmp_path / "x.gguf", directory_of("mistral"), kind, pre)
    with pytest.raises(UserError, match=kind if kind == "bert" else pre) as failure:
        tokenizer_of_gguf(path)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("kept", [0, 3, 4, 9, 100, 5_000, 400_000])
def test_a_file_that_is_cut_short_or_is_no_gguf_is_one_line(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.gguf"
    with smollm2().open("rb") as file:
        path.write_bytes(file.read(kept))
    with pytest.raises(UserError, match=r"cut\.gguf is") as failure:
        tokenizer_of_gguf(path)
    assert "\n" not in str(failure.value)


def test_a_gguf_without_a_tokenizer_is_one_line(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "bare.gguf", "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(UserError, match="no tokenizer"):
        tokenizer_of_gguf(tmp_path / "bare.gguf")


def test_smollm2_goes_through_the_fast_encoder_with_the_same_ids() -> None:
    tokenizer = small()
    assert tokenizer.slow_because == ""
    texts = [*TEXTS, "a\x04b", *real_files(40)]
    for text in texts:
        assert tokenizer.encode(text) == small_peer().encode(text, add_special_tokens=False, split_special_tokens=True)
    assert tokenizer.encode_batch(texts) == [tokenizer.encode(text) for text in texts]
