"""Token shards: the documents' ids and boundaries, whole or absent, and damage that is noticed."""

from __future__ import annotations

import json
import os
import sysconfig
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from midspan.corpus import Document, TokenShard, write_token_shard
from midspan.errors import UserError
from midspan.tokens import SPECIAL_TOKENS, Tokenizer, train_tokenizer

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
TEXTS = [file.read_text(encoding="utf-8") for file in sorted(STANDARD_LIBRARY.glob("c*.py"))[:8]]
TOKENIZER = train_tokenizer(TEXTS, 500)


def document(text: str, name: str) -> Document:
    return Document(name, text, f"{name}.py", f"repository-{name}", "python", "MIT", "", "", "", "")


DOCUMENTS = [document(text, str(index)) for index, text in enumerate([*TEXTS, "", "<|endoftext|><fim_prefix>é"])]


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    write_token_shard(iter(DOCUMENTS), TOKENIZER, tmp_path / "shard")
    return tmp_path / "shard"


def test_each_document_is_found_again_between_its_boundaries(shard: Path) -> None:
    opened = TokenShard.open(shard)
    assert len(opened.boundaries) == len(DOCUMENTS) + 1
    assert opened.boundaries.dtype == np.int64
    for index, one in enumerate(DOCUMENTS):
        ids = opened.tokens[opened.boundaries[index] : opened.boundaries[index + 1]]
        assert ids.tolist() == TOKENIZER.encode(one.text)
        assert TOKENIZER.decode(ids.tolist()) == one.text
    assert opened.paths == [one.path for one in DOCUMENTS]
    assert opened.repositories == [one.repository for one in DOCUMENTS]
    assert opened.bytes == sum(len(one.text.encode()) for one in DOCUMENTS)
    assert (opened.vocabulary_size, opened.fingerprint) == (500, TOKENIZER.fingerprint)


def test_no_special_id_is_in_a_shard(shard: Path) -> None:
    assert TokenShard.open(shard).tokens.min() >= len(SPECIAL_TOKENS)


def test_the_tokens_are_mapped_not_read(shard: Path) -> None:
    assert isinstance(TokenShard.open(shard).tokens, np.memmap)


@pytest.mark.parametrize(("size", "dtype"), [(65_536, np.uint16), (65_537, np.uint32)])
def test_ids_take_two_bytes_as_long_as_they_fit(tmp_path: Path, size: int, dtype: type) -> None:
    TOKENIZER.save(tmp_path / "tokenizer")
    definition = json.loads((tmp_path / "tokenizer/tokenizer.json").read_text())
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    padding = [{"id": index, "content": f"filling{index}"} | flags for index in range(500, size)]
    definition["added_tokens"] += [*padding[:-1], padding[-1] | {"content": "→last←"}]
    (tmp_path / "tokenizer/tokenizer.json").write_text(json.dumps(definition))
    large = Tokenizer.load(tmp_path / "tokenizer")
    assert large.vocabulary_size == size
    write_token_shard([document("x →last←", "a")], large, tmp_path / "shard")
    opened = TokenShard.open(tmp_path / "shard")
    assert opened.tokens.dtype == dtype
    assert opened.tokens[-1] == size - 1


def test_a_shard_without_documents_opens(tmp_path: Path) -> None:
    write_token_shard([], TOKENIZER, tmp_path / "shard")
    opened = TokenShard.open(tmp_path / "shard")
    assert len(opened.tokens) == 0
    assert opened.boundaries.tolist() == [0]


def test_writing_twice_gives_the_same_bytes(shard: Path, tmp_path: Path) -> None:
    write_token_shard(DOCUMENTS, TOKENIZER, tmp_path / "again")
    write_token_shard(DOCUMENTS, TOKENIZER, shard)  # over an older one
    for file in shard.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("name", ["tokens.bin", "documents.parquet", "shard.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_damage_is_a_user_error(shard: Path, name: str, damage: str) -> None:
    file = shard / name
    whole = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(whole[: len(whole) - 2] if damage == "cut" else b"")
    if (name, damage) == ("shard.json", "cut"):
        file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="shard"):
        TokenShard.open(shard)


def test_boundaries_that_disagree_with_the_tokens_are_a_user_error(shard: Path, tmp_path: Path) -> None:
    write_token_shard(DOCUMENTS[:3], TOKENIZER, tmp_path / "other")
    (shard / "documents.parquet").write_bytes((tmp_path / "other/documents.parquet").read_bytes())
    with pytest.raises(UserError, match="damaged"):
        TokenShard.open(shard)


def test_a_full_disk_leaves_the_old_shard_or_none(shard: Path, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in shard.iterdir()}
    full = OSError(28, os.strerror(28))
    with mock.patch("os.fsync", side_effect=full):
        for output in (shard, tmp_path / "new"):
            with pytest.raises(OSError, match="space"):
                write_token_shard(DOCUMENTS[:2], TOKENIZER, output)
    assert {file.name: file.read_bytes() for file in shard.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shard"]


def test_a_folder_with_other_things_in_it_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty"):
        write_token_shard(DOCUMENTS[:1], TOKENIZER, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "precious"
