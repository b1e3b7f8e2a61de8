"""Token shards: the documents' ids and boundaries, whole or absent, and damage that is noticed."""

from __future__ import annotations

import json
import os
import shutil
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.documents import Document, to_table
from midspan.corpus.token_shards import TOKEN_SCHEMA, TokenParts, TokenShard
from midspan.corpus.token_writer import encode_documents, write_token_shard
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.tokens import SPECIAL_TOKENS, Tokenizer, train_tokenizer

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
TEXTS = [file.read_text(encoding="utf-8") for file in sorted(STANDARD_LIBRARY.glob("c*.py"))[:8]]
TOKENIZER = train_tokenizer(TEXTS, 500)


def document(text: str, name: str) -> Document:
    return Document(name, text, f"{name}.py", f"repository-{name}", "python", "MIT", "", "stdlib", "", "")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows(shard: TokenShard, numbers: range | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shard.documents(numbers, TOKEN_SCHEMA.names).to_pylist()
    return found


DOCUMENTS = [document(text, str(index)) for index, text in enumerate([*TEXTS, "", "<|endoftext|><fim_prefix>é"])]


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    write_token_shard(iter(DOCUMENTS), TOKENIZER, tmp_path / "shard")
    return tmp_path / "shard"


def test_each_document_is_found_again_between_its_boundaries(shard: Path) -> None:
    opened = TokenShard.open(shard)
    assert len(opened) == opened.total("documents") == len(DOCUMENTS)
    for one, row in zip(DOCUMENTS, rows(opened), strict=True):
        ids = opened.tokens[row["start"] : row["end"]]
        assert ids.tolist() == TOKENIZER.encode(one.text)
        assert TOKENIZER.decode(ids.tolist()) == one.text
        assert all(row[name] == getattr(one, name) for name in ("id", "path", "repository", "source", "language"))
        assert opened.file(row["number"]) == (one.repository, one.path, one.language)
    assert opened.total("bytes") == sum(len(one.text.encode()) for one in DOCUMENTS)
    assert opened.total("tokens") == len(opened.tokens)
    assert (opened.vocabulary_size, opened.fingerprint) == (500, TOKENIZER.fingerprint)


def test_no_special_id_is_in_a_shard(shard: Path) -> None:
    assert TokenShard.open(shard).tokens[:].min() >= len(SPECIAL_TOKENS)


def test_the_tokens_are_mapped_not_read(shard: Path) -> None:
    assert isinstance(TokenShard.open(shard).tokens[3:9], np.memmap)


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
    assert opened.tokens[:][-1] == size - 1


def test_a_shard_without_documents_opens(tmp_path: Path) -> None:
    write_token_shard([], TOKENIZER, tmp_path / "shard")
    opened = TokenShard.open(tmp_path / "shard")
    assert (len(opened), len(opened.tokens), rows(opened)) == (0, 0, [])


def test_writing_twice_gives_the_same_bytes(shard: Path, tmp_path: Path) -> None:
    write_token_shard(DOCUMENTS, TOKENIZER, tmp_path / "again")
    write_token_shard(DOCUMENTS, TOKENIZER, shard)  # over an older one
    assert contents(tmp_path / "again") == contents(shard)


@pytest.mark.parametrize("name", ["000000/tokens.bin", "000000/documents.parquet", "shard.json"])
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
    (shard / "000000/documents.parquet").write_bytes((tmp_path / "other/000000/documents.parquet").read_bytes())
    with pytest.raises(UserError, match="damaged"):
        TokenShard.open(shard)


def test_a_full_disk_leaves_the_old_shard_or_none(shard: Path, tmp_path: Path) -> None:
    before = contents(shard)
    full = OSError(28, os.strerror(28))
    with mock.patch("os.fsync", side_effect=full):
        for output in (shard, tmp_path / "new"):
            with pytest.raises(OSError, match="space"):
                write_token_shard(DOCUMENTS[:2], TOKENIZER, output)
    assert contents(shard) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shard"]


def test_a_folder_with_other_things_in_it_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty"):
        write_token_shard(DOCUMENTS[:1], TOKENIZER, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def write_documents(home: Path) -> Path:
    """Three files of documents, one of them empty, of two sources and two languages; beside them a tokenizer."""
    TOKENIZER.save(home / "tokenizer")
    (home / "documents").mkdir()
    other = [replace(one, source="folder", language="c") for one in DOCUMENTS[4:]]
    for name, part in (("000000", DOCUMENTS[:4]), ("000001", []), ("000002", other)):
        pq.write_table(to_table(part), home / "documents" / f"{name}.parquet")
    return home / "documents"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return write_documents(tmp_path)


def encode(documents: Path, output: Path, engine: EngineChoice | None = None) -> Path:
    encode_documents(documents, documents.parent / "tokenizer", output, engine)
    return output


@pytest.fixture(scope="module")
def two_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shard of four documents of one source and language, none, and six of others, in three parts."""
    home = tmp_path_factory.mktemp("two-sources")
    return encode(write_documents(home), home / "shard")


def test_many_parts_read_as_the_one_shard_of_all_documents(documents: Path, shard: Path, tmp_path: Path) -> None:
    parted, whole = TokenShard.open(encode(documents, tmp_path / "parted")), TokenShard.open(shard)
    assert sorted(path.name for path in (tmp_path / "parted").iterdir()) == ["000000", "000001", "000002", "shard.json"]
    own = [row | {"source": "stdlib", "language": "python"} for row in rows(parted)]
    assert own == rows(whole)
    assert parted.total("bytes") == whole.total("bytes")
    assert parted.tokens[:].tolist() == whole.tokens[:].tolist()
    for row in own:
        assert parted.tokens[row["start"] : row["end"]].tolist() == whole.tokens[row["start"] : row["end"]].tolist()
        assert parted.file(row["number"])[:2] == whole.file(row["number"])[:2]
    assert isinstance(parted.tokens[: own[0]["end"]], np.memmap)


@given(st.integers(0, 12), st.integers(0, 12))
def test_any_range_of_documents_is_that_of_the_whole_list(two_sources: Path, first: int, last: int) -> None:
    shard = TokenShard.open(two_sources)
    assert rows(shard, range(first, last)) == rows(shard)[first:last]
    selection = TokenShard.open(two_sources, languages=["c"])
    chosen = [row for row in rows(shard)[first:last] if row["language"] == "c"]
    assert rows(selection, range(first, last)) == chosen


@pytest.mark.parametrize(
    ("sources", "languages", "expected"),
    [
        (None, None, range(10)),
        (["stdlib"], None, range(4)),
        (["folder", "stdlib"], ["c"], range(4, 10)),
        (["folder"], ["c"], range(4, 10)),
        (None, ["python"], range(4)),
        (None, ["python", "c", "c"], range(10)),
    ],
)
def test_a_selection_keeps_the_numbers_and_counts_what_it_holds(
    two_sources: Path, sources: list[str] | None, languages: list[str] | None, expected: range
) -> None:
    shard = TokenShard.open(two_sources, sources, languages)
    assert [row["number"] for row in rows(shard)] == list(expected)
    assert [row["path"] for row in rows(shard)] == [DOCUMENTS[number].path for number in expected]
    assert shard.total("documents") == len(expected)
    assert shard.total("tokens") == sum(row["end"] - row["start"] for row in rows(shard))
    assert shard.total("bytes") == sum(len(DOCUMENTS[number].text.encode()) for number in expected)
    assert len(shard) == len(DOCUMENTS)


@pytest.mark.parametrize(
    ("sources", "languages", "message"),
    [
        (["github"], None, "source 'github' cannot be taken from .*; it has: folder, stdlib"),
        (["stdlib", ""], None, "source '' .* it has: folder, stdlib"),
        (None, ["rust"], "language 'rust' .* it has: c, python"),
        (["stdlib"], ["c"], "language 'c' .* it has: python"),
        ([], None, "no source is asked of .* it has: folder, stdlib"),
        (None, [], "no language is asked of .* it has: c, python"),
    ],
)
def test_a_selection_of_what_is_not_there_says_what_is(
    two_sources: Path, sources: list[str] | None, languages: list[str] | None, message: str
) -> None:
    with pytest.raises(UserError, match=message) as raised:
        TokenShard.open(two_sources, sources, languages)
    assert "\n" not in str(raised.value)


def test_what_a_shard_holds_has_another_hash_for_another_selection_or_other_documents(
    two_sources: Path, shard: Path
) -> None:
    same = TokenShard.open(two_sources, ["stdlib", "folder"]), TokenShard.open(two_sources, ["folder", "stdlib"])
    assert same[0].contents == same[1].contents
    others = [TokenShard.open(two_sources, languages=["c"]), TokenShard.open(two_sources), TokenShard.open(shard)]
    assert len({one.contents for one in (same[0], *others)}) == 4


def test_a_shard_of_an_older_version_says_to_tokenise_again(shard: Path) -> None:
    table = pq.read_table(shard / "000000/documents.parquet").drop_columns(["source", "language"])
    pq.write_table(table, shard / "000000/documents.parquet")
    facts = json.loads((shard / "shard.json").read_text())
    del facts["parts"]["000000"]["table"]
    (shard / "shard.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match="tokenise again"):
        TokenShard.open(shard)


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=4), st.data())
def test_any_slice_of_parts_is_that_of_their_concatenation(parts: list[list[int]], data: st.DataObject) -> None:
    tokens = TokenParts([np.array(part, dtype=np.uint16) for part in parts], np.dtype(np.uint16))
    whole = [one for part in parts for one in part]
    ends = st.none() | st.integers(-20, 20)
    start, stop = data.draw(ends), data.draw(ends)
    assert len(tokens) == len(whole)
    assert tokens[start:stop].tolist() == whole[start:stop]
    assert tokens[start:stop].dtype == np.uint16


def test_tokens_documents_and_bytes_are_counted_by_source_and_language(documents: Path, tmp_path: Path) -> None:
    facts = json.loads((encode(documents, tmp_path / "shard") / "shard.json").read_text())
    assert list(facts["by_source"]) == ["folder", "stdlib"]
    (python,) = facts["by_source"]["stdlib"].values()
    texts = [one.text for one in DOCUMENTS[:4]]
    assert python == {
        "tokens": sum(map(len, TOKENIZER.encode_batch(texts))),
        "documents": 4,
        "bytes": sum(len(text.encode()) for text in texts),
    }
    for unit in ("tokens", "documents", "bytes"):
        assert facts[unit] == sum(one[unit] for group in facts["by_source"].values() for one in group.values())
        assert facts[unit] == sum(part[unit] for part in facts["parts"].values())


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers_writes_the_same_bytes(documents: Path, tmp_path: Path, workers: int) -> None:
    here = contents(encode(documents, tmp_path / "here"))
    assert contents(encode(documents, tmp_path / "there", EngineChoice("local", workers))) == here
    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents", "here", "there", "tokenizer"]


def test_after_a_kill_what_is_encoded_is_not_encoded_again(documents: Path, tmp_path: Path) -> None:
    encoded = []
    original = Tokenizer.encode_batch

    def spied(self: Tokenizer, texts: list[str]) -> list[list[int]]:
        encoded.append(len(texts))
        if sum(encoded) > 4:
            raise KeyboardInterrupt
        return original(self, texts)

    with mock.patch.object(Tokenizer, "encode_batch", spied):
        with pytest.raises(KeyboardInterrupt):
            encode(documents, tmp_path / "shard")
        assert not (tmp_path / "shard").exists()
        with pytest.raises(UserError, match="no token shard"):
            TokenShard.open(tmp_path / "shard")
        encoded[:] = [-100]
        encode(documents, tmp_path / "shard")
        assert encoded == [-100, len(DOCUMENTS) - 4]  # the first part was there
    assert contents(tmp_path / "shard") == contents(encode(documents, tmp_path / "again"))


def test_parts_of_other_documents_or_another_tokenizer_are_not_taken_over(documents: Path, tmp_path: Path) -> None:
    """A killed call has left its parts, and then the documents have changed."""
    expected = contents(encode(documents, tmp_path / "shard"))
    stale = tmp_path / ".shard.parts"
    stale.mkdir()
    for name in ("000000", "000007"):
        shutil.copytree(tmp_path / "shard" / "000002", stale / name)
    assert contents(encode(documents, tmp_path / "shard")) == expected
    assert not stale.exists()
    train_tokenizer(TEXTS, 600).save(tmp_path / "tokenizer")
    shutil.copytree(tmp_path / "shard", stale)
    encode(documents, tmp_path / "shard")
    assert TokenShard.open(tmp_path / "shard").vocabulary_size == 600
    assert contents(tmp_path / "shard")["000000/tokens.bin"] != expected["000000/tokens.bin"]


def test_no_documents_at_all_are_an_empty_shard_and_no_folder_is_a_user_error(tmp_path: Path) -> None:
    TOKENIZER.save(tmp_path / "tokenizer")
    (tmp_path / "documents").mkdir()
    opened = TokenShard.open(encode(tmp_path / "documents", tmp_path / "shard"))
    assert (len(opened), len(opened.tokens), rows(opened)) == (0, 0, [])
    with pytest.raises(UserError, match="nowhere"):
        encode(tmp_path / "nowhere", tmp_path / "other")
    assert not (tmp_path / "other").exists()
