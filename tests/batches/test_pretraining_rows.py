"""Packed pre-training rows: pure functions of (seed, stage, k) that hold every document."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow.parquet as pq
import pytest

from midspan.batches import PretrainingRows, held_out_rows
from midspan.corpus import Document, TokenShard, encode_documents, write_token_shard
from midspan.corpus.documents import to_table
from midspan.tokens import Tokenizer


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory, code_tokenizer: Tokenizer, code_texts: list[str]) -> TokenShard:
    """Each text as two files of one repository."""
    folder = tmp_path_factory.mktemp("shard")
    halves = [
        (n, part, text[part * len(text) // 2 :][: len(text) // 2])
        for n, text in enumerate(code_texts)
        for part in (0, 1)
    ]
    documents = [document(f"r{n}", f"r{n}/f{part}.py", text) for n, part, text in halves]
    write_token_shard(documents, code_tokenizer, folder / "shard")
    return TokenShard.open(folder / "shard")


def document(repository: str, path: str, text: str) -> Document:
    blank = dict.fromkeys(("language", "licence", "licence_evidence", "source", "revision", "date"), "")
    return Document(id=path, text=text, path=path, repository=repository, **blank)


def rows_of(
    shard: TokenShard,
    tokenizer: Tokenizer,
    rate: float = 0.5,
    repositories: bool = False,
    context: int = 256,
    order: Literal["dependency", "random"] = "dependency",
) -> PretrainingRows:
    return PretrainingRows(
        shard,
        tokenizer,
        stage="base",
        context=context,
        seed=7,
        fim_rate=rate,
        spm_share=0.5,
        repository_order=order if repositories else None,
    )


def test_row_k_is_the_same_whatever_was_asked_before(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    first, second = rows_of(shard, code_tokenizer), rows_of(shard, code_tokenizer)
    drawn = [second.row(k) for k in reversed(range(2 * len(second)))][::-1]
    assert [first.row(k) for k in range(2 * len(first))] == drawn


def _checksum(directory: str, tokenizer_directory: str) -> int:
    rows = rows_of(TokenShard.open(Path(directory)), Tokenizer.load(Path(tokenizer_directory)))
    return hash(tuple(rows.batch(3, 4).tokens.flatten().tolist()))


def test_another_process_makes_the_same_rows(
    tmp_path: Path, shard: TokenShard, code_tokenizer: Tokenizer, code_texts: list[str]
) -> None:
    documents = [document("r", f"{n}.py", text) for n, text in enumerate(code_texts)]
    write_token_shard(documents, code_tokenizer, tmp_path / "shard")
    code_tokenizer.save(tmp_path / "tokenizer")
    arguments = (str(tmp_path / "shard"), str(tmp_path / "tokenizer"))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_checksum, arguments) == _checksum(*arguments)


def test_without_fim_an_epoch_holds_every_token_of_the_shard_once(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    rows = rows_of(shard, code_tokenizer, rate=0.0)
    end = code_tokenizer.end_of_text
    seen = [token for k in range(len(rows)) for part in rows.row(k) for token in part.tokens if token != end]
    assert sorted(seen) == sorted(shard.tokens[:].tolist())


def test_each_epoch_has_another_order_and_other_cuts(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    rows = rows_of(shard, code_tokenizer)
    epochs = [[rows.row(epoch * len(rows) + k) for k in range(len(rows))] for epoch in (0, 1)]
    texts = [sorted(code_tokenizer.decode(s.tokens) for row in epoch for s in row) for epoch in epochs]
    assert texts[0] != texts[1]


def test_a_cut_piece_put_together_again_is_the_piece(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    rows = rows_of(shard, code_tokenizer, rate=1.0)
    everything = "".join(
        code_tokenizer.decode(shard.tokens[a:b].tolist()) + "\0"
        for a, b in zip(shard.boundaries[:-1], shard.boundaries[1:], strict=True)
    )
    cut = [code_tokenizer.decode(s.tokens) for k in range(len(rows)) for s in rows.row(k)]
    cut = [text for text in cut if text.startswith("<fim_prefix>")]
    assert len(cut) > 20
    for text in cut:
        text = text.removesuffix("<|endoftext|>").removeprefix("<fim_prefix>")
        prefix, rest = text.split("<fim_suffix>", 1)
        suffix, middle = rest.split("<fim_middle>", 1)
        assert prefix + middle + suffix in everything  # in SPM, `prefix` is empty and `middle` begins with it


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_the_share_of_cut_pieces_is_the_rate(shard: TokenShard, code_tokenizer: Tokenizer, rate: float) -> None:
    rows = rows_of(shard, code_tokenizer, rate=rate, context=64)
    segments = [s for k in range(4 * len(rows)) for s in rows.row(k)]
    assert code_tokenizer.fim is not None
    cut = sum(segment.tokens[0] == code_tokenizer.fim.prefix for segment in segments) / len(segments)
    assert abs(cut - rate) < 0.06


def test_repository_samples_join_files_with_separators_and_cut_within_one_file(
    shard: TokenShard, code_tokenizer: Tokenizer
) -> None:
    rows = rows_of(shard, code_tokenizer, rate=0.5, repositories=True, context=2048)
    texts = [code_tokenizer.decode(s.tokens) for k in range(len(rows)) for s in rows.row(k)]
    assert all(text.startswith(("<reponame>", "<repo_continuation>")) for text in texts)
    assert any(text.count("<filename>") >= 2 for text in texts)
    for text in texts:
        repository = text.split(">", 1)[1].split("<filename>")[0]
        for file in text.split("<filename>")[1:]:
            assert file.startswith(repository + "/")
            for sentinel in ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"):
                assert file.count(sentinel) == file.count("<fim_prefix>") <= 1


def test_repository_samples_hold_every_token_once(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    rows = rows_of(shard, code_tokenizer, rate=0.0, repositories=True, context=512)
    total = sum(piece.end - piece.start for sample in rows.samples for piece in sample.pieces)
    covered = np.zeros(len(shard.tokens), dtype=int)
    for sample in rows.samples:
        for piece in sample.pieces:
            covered[piece.start : piece.end] += 1
    assert total == len(shard.tokens)
    assert (covered == 1).all()
    assert sorted(i for row in rows.rows for i in row) == list(range(len(rows.samples)))


def test_a_batch_restarts_positions_and_predicts_only_within_a_segment(
    shard: TokenShard, code_tokenizer: Tokenizer
) -> None:
    rows = rows_of(shard, code_tokenizer, context=128)
    batch = rows.batch(0, 8)
    for row in range(8):
        for segment in set(batch.segments[row].tolist()) - {-1}:
            inside = batch.segments[row] == segment
            assert batch.positions[row][inside].tolist() == list(range(int(inside.sum())))
            assert batch.targets[row][inside][:-1].tolist() == batch.tokens[row][inside][1:].tolist()
        assert (batch.loss_weight[row] == (batch.segments[row] >= 0)).all()


def test_held_out_rows_predict_every_byte_of_whole_documents(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    batch, total = held_out_rows(shard, code_tokenizer, 128, most_bytes=5000)
    predicted = batch.targets[batch.loss_weight > 0].tolist()
    assert total >= 5000
    assert len(code_tokenizer.decode(predicted).encode()) == total


def files_in_samples(shard: TokenShard, rows: PretrainingRows) -> dict[str, list[str]]:
    """For each repository its files in the order in which samples tell them."""
    told: dict[str, list[str]] = {}
    for sample in rows.samples:
        assert sample.repository is not None
        files = told.setdefault(sample.repository, [])
        for piece in sample.pieces:
            if not files or files[-1] != shard.paths[piece.document] or not sample.continues:
                files.append(shard.paths[piece.document])
    return told


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory, code_tokenizer: Tokenizer, code_texts: list[str]) -> TokenShard:
    """Two repositories in three files of documents: the first goes on in the second file, and comes again."""
    home = tmp_path_factory.mktemp("parted")
    code_tokenizer.save(home / "tokenizer")
    one = [document("one", f"z{9 - n}.py", text[:900]) for n, text in enumerate(code_texts)]
    two = [document("two", f"{n}.py", text[:500]) for n, text in enumerate(code_texts)]
    (home / "documents").mkdir()
    for name, part in (("00-0", one[:3]), ("00-1", one[3:] + two), ("01-0", one)):
        pq.write_table(to_table(part), home / "documents" / f"{name}.parquet")
    encode_documents(home / "documents", home / "tokenizer", home / "shard")
    return TokenShard.open(home / "shard")


def test_files_of_a_repository_are_joined_in_the_order_of_the_corpus_across_parts(
    parted: TokenShard, code_tokenizer: Tokenizer
) -> None:
    rows = rows_of(parted, code_tokenizer, rate=0.0, repositories=True, context=1024)
    told = files_in_samples(parted, rows)
    assert told["two"] == [f"{n}.py" for n in range(5)]
    once = [f"z{9 - n}.py" for n in range(5)]
    assert told["one"] == once * 2  # each pass by itself
    for sample in rows.samples:
        paths = [parted.paths[piece.document] for piece in sample.pieces]
        assert len(set(paths)) == len(paths)


def test_random_order_is_another_for_another_stage_and_the_same_for_the_same(
    parted: TokenShard, code_tokenizer: Tokenizer
) -> None:
    orders = []
    for stage in ("long", "long", "longer"):
        rows = PretrainingRows(
            parted,
            code_tokenizer,
            stage=stage,
            context=8192,
            seed=1,
            fim_rate=0,
            spm_share=0,
            repository_order="random",
        )
        orders.append(files_in_samples(parted, rows))
    assert orders[0] == orders[1] != orders[2]
    assert all(sorted(orders[0][name]) == sorted(orders[2][name]) for name in ("one", "two"))
    in_dependency_order = rows_of(parted, code_tokenizer, repositories=True, context=8192)
    assert files_in_samples(parted, in_dependency_order) != orders[0]
