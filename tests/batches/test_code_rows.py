"""Packed rows of code: pure functions of (seed, stage, k) that hold every document."""

from __future__ import annotations

import json
import multiprocessing
import tempfile
from pathlib import Path
from typing import Any, Literal

import pytest

from midspan import recipe
from midspan.batches import CodeRows, open_code_rows, pack_rows
from midspan.corpus.documents import Document
from midspan.corpus.token_shards import TokenShard
from midspan.corpus.token_writer import write_token_shard
from midspan.errors import UserError
from midspan.tokens import Tokenizer, encode_infill, train_tokenizer


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


def document(repository: str, path: str, text: str, language: str = "") -> Document:
    blank = dict.fromkeys(("licence", "licence_evidence", "source", "revision", "date"), "")
    return Document(id=path, text=text, path=path, repository=repository, language=language, **blank)


def rows_of(
    shard: TokenShard,
    tokenizer: Tokenizer,
    rate: float = 0.5,
    repositories: Literal["dependency", "random"] | None = None,
    context: int = 256,
    stage: str = "base",
    **fim: Any,
) -> CodeRows:
    with tempfile.TemporaryDirectory() as folder:  # the plan stays mapped
        return open_code_rows(
            shard,
            tokenizer,
            context=context,
            fim=recipe.Fim(rate=rate, **fim),
            repositories=repositories,
            seed=7,
            stage=stage,
            folder=Path(folder) / "plan",
        )


def test_row_k_is_the_same_whatever_was_asked_before(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    first, second = rows_of(shard, code_tokenizer), rows_of(shard, code_tokenizer)
    drawn = [second.row(k) for k in reversed(range(2 * len(second)))][::-1]
    assert [first.row(k) for k in range(2 * len(first))] == drawn


def _checksum(directory: str, tokenizer_directory: str) -> int:
    rows = rows_of(TokenShard.open(Path(directory)), Tokenizer.load(Path(tokenizer_directory)))
    return hash(tuple(token for k in range(12, 16) for segment in rows.row(k) for token in segment.tokens))


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


@pytest.mark.parametrize("parts", ["apart", "joined"])
@pytest.mark.parametrize("layout", ["psm", "spm", "line-start"])
@pytest.mark.parametrize("cuts", ["characters", "lines", "nodes"])
def test_a_cut_piece_put_together_again_is_the_piece(
    shard: TokenShard, code_tokenizer: Tokenizer, layout: str, cuts: str, parts: str
) -> None:
    rows = rows_of(shard, code_tokenizer, rate=1.0, layouts=layout, cuts=cuts, parts=parts)
    everything = "".join(text_of(shard, code_tokenizer, row) + "\0" for row in shard.documents().to_pylist())
    cut = [code_tokenizer.decode(s.tokens) for k in range(len(rows)) for s in rows.row(k)]
    cut = [text for text in cut if text.startswith("<fim_prefix>")]
    assert len(cut) > 20
    for text in cut:
        text = text.removesuffix("<|endoftext|>").removeprefix("<fim_prefix>")
        prefix, rest = text.split("<fim_suffix>", 1)
        suffix, middle = rest.split("<fim_middle>", 1)
        assert prefix + middle + suffix in everything
        assert {"psm": True, "spm": not prefix, "line-start": prefix[-1:] in ("", "\n")}[layout]


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
    rows = rows_of(shard, code_tokenizer, rate=0.5, repositories="dependency", context=2048)
    texts = [code_tokenizer.decode(s.tokens) for k in range(len(rows)) for s in rows.row(k)]
    assert all(text.startswith(("<reponame>", "<repo_continuation>")) for text in texts)
    assert any(text.count("<filename>") >= 2 for text in texts)
    assert any("<fim_middle>" in text for text in texts)
    for text in texts:
        repository = text.split(">", 1)[1].split("<filename>")[0]
        for file in text.split("<filename>")[1:]:
            assert file.startswith(repository + "/")
            for sentinel in ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"):
                assert file.count(sentinel) == file.count("<fim_prefix>") <= 1


@pytest.mark.parametrize("context", [128, 300, 2048])
@pytest.mark.parametrize("order", ["dependency", "random"])
def test_repository_rows_without_fim_hold_every_file_once(
    shard: TokenShard, code_tokenizer: Tokenizer, context: int, order: Literal["dependency", "random"]
) -> None:
    rows = rows_of(shard, code_tokenizer, rate=0.0, repositories=order, context=context)
    pieces: dict[str, str] = {}
    for sample in (sample for row in range(len(rows)) for sample in rows.plan.samples_of(row)):
        told = code_tokenizer.decode(rows._tokens(sample, 0)).removesuffix("<|endoftext|>")
        files = told.split("<filename>")[1:]
        for span, file in zip(sample.spans, files, strict=True):
            path, text = file.split("\n", 1)
            assert path == shard.file(span.document)[1]
            pieces[f"{path} {span.start:9}"] = text
    files_of: dict[str, str] = {}
    for name in sorted(pieces):
        files_of[name.split()[0]] = files_of.get(name.split()[0], "") + pieces[name]
    table = shard.documents(columns=["path", "start", "end"]).to_pylist()
    assert files_of == {row["path"]: text_of(shard, code_tokenizer, row) for row in table}


def text_of(shard: TokenShard, tokenizer: Tokenizer, row: dict[str, int]) -> str:
    return tokenizer.decode(shard.tokens[row["start"] : row["end"]].tolist())


@pytest.mark.parametrize("repositories", [None, "dependency"])
@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_no_row_is_longer_than_the_context(
    shard: TokenShard, code_tokenizer: Tokenizer, rate: float, repositories: Literal["dependency"] | None
) -> None:
    for context in (64, 97, 512):
        rows = rows_of(shard, code_tokenizer, rate, repositories, context)
        lengths = [sum(segment.length for segment in rows.row(k)) for k in range(2 * len(rows))]
        assert max(lengths) <= context


def test_a_batch_restarts_positions_and_predicts_only_within_a_segment(
    shard: TokenShard, code_tokenizer: Tokenizer
) -> None:
    rows = rows_of(shard, code_tokenizer, context=128)
    batch = pack_rows([rows.row(k) for k in range(8)], 128)
    for row in range(8):
        for segment in set(batch.segments[row].tolist()) - {-1}:
            inside = batch.segments[row] == segment
            assert batch.positions[row][inside].tolist() == list(range(int(inside.sum())))
            assert batch.targets[row][inside][:-1].tolist() == batch.tokens[row][inside][1:].tolist()
        assert (batch.loss_weight[row] == (batch.segments[row] >= 0)).all()


def test_another_stage_has_another_order_and_other_cuts(shard: TokenShard, code_tokenizer: Tokenizer) -> None:
    base, long = rows_of(shard, code_tokenizer), rows_of(shard, code_tokenizer, stage="long")
    assert [base.row(k) for k in range(len(base))] != [long.row(k) for k in range(len(long))]
    plain = [rows_of(shard, code_tokenizer, 0.0, stage=stage) for stage in ("base", "long")]
    texts = [sorted(segment.tokens for k in range(len(rows)) for segment in rows.row(k)) for rows in plain]
    assert texts[0] == texts[1]


def test_a_selection_of_the_shard_is_all_that_is_learnt(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    texts = {"python": "def f():\n    return 1\n" * 9, "c": "int f(void) { return 2; }\n" * 9}
    documents = [document("r", f"{n}.{language}", texts[language], language) for n in range(3) for language in texts]
    write_token_shard(documents, code_tokenizer, tmp_path / "shard")
    chosen = rows_of(TokenShard.open(tmp_path / "shard", languages=["c"]), code_tokenizer, rate=0.0)
    learnt = [code_tokenizer.decode(segment.tokens) for k in range(len(chosen)) for segment in chosen.row(k)]
    assert learnt == [f"<|endoftext|>{texts['c']}<|endoftext|>"] * 3


def with_beginning(tokenizer: Tokenizer, home: Path) -> Tokenizer:
    """The same tokenizer, of a family that puts `<repo_continuation>` before every text."""
    tokenizer.save(home)
    configuration = json.loads((home / "tokenizer_config.json").read_text())
    configuration |= {"bos_token": "<repo_continuation>", "add_bos_token": True}
    (home / "tokenizer_config.json").write_text(json.dumps(configuration))
    return Tokenizer.load(home)


@pytest.mark.parametrize("repositories", [None, "dependency"])
def test_every_segment_begins_as_the_familys_prompts_do(
    shard: TokenShard, code_tokenizer: Tokenizer, tmp_path: Path, repositories: Literal["dependency"] | None
) -> None:
    beginner = with_beginning(code_tokenizer, tmp_path)
    (begin,) = beginner.opening
    fim = beginner.fim
    assert fim is not None
    rows = rows_of(shard, beginner, rate=0.5, repositories=repositories, context=512)
    seen = {tuple(segment.tokens[:2]) for k in range(2 * len(rows)) for segment in rows.row(k)}
    assert {first for first, _ in seen} == {begin}
    if repositories:
        assert {second for _, second in seen} <= {beginner.special("<reponame>"), begin}
    else:
        assert fim.prefix in {second for _, second in seen}  # as in inference's infill prompt
        assert beginner.end_of_text not in {second for _, second in seen}
    for k in range(2 * len(rows)):
        assert sum(segment.length for segment in rows.row(k)) <= 512


def test_a_tokenizer_without_fim_tokens_reads_plain_code_and_refuses_to_cut(
    tmp_path: Path, code_tokenizer: Tokenizer
) -> None:
    code_tokenizer.save(tmp_path / "tokenizer")
    definition = (tmp_path / "tokenizer/tokenizer.json").read_text().replace("fim_", "mif_")
    (tmp_path / "tokenizer/tokenizer.json").write_text(definition)
    tokenizer = Tokenizer.load(tmp_path / "tokenizer")
    assert tokenizer.fim is None
    write_token_shard([document("r", "a.py", "x = 1\n" * 20)], tokenizer, tmp_path / "shard")
    shard = TokenShard.open(tmp_path / "shard")
    (segment,) = rows_of(shard, tokenizer, rate=0.0).row(0)
    assert tokenizer.decode(segment.tokens) == "<|endoftext|>" + "x = 1\n" * 20 + "<|endoftext|>"
    with pytest.raises(UserError, match="no fill-in-the-middle tokens: set the rate of fim to 0"):
        rows_of(shard, tokenizer, rate=0.1)


def test_a_shard_of_another_tokenizer_and_a_plan_of_another_shard_are_refused(
    shard: TokenShard, code_tokenizer: Tokenizer, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="encoded with another tokenizer"):
        rows_of(shard, train_tokenizer(["x = 1\n"], 400))
    write_token_shard([document("r", "a.py", "x = 1\n" * 20)], code_tokenizer, tmp_path / "other")
    plan = rows_of(shard, code_tokenizer).plan
    with pytest.raises(UserError, match="not that of"):
        CodeRows(TokenShard.open(tmp_path / "other"), code_tokenizer, plan, fim=None, seed=0, stage="base")
    with pytest.raises(UserError, match="not that of"):  # kept no room for what FIM adds
        plain = rows_of(shard, code_tokenizer, rate=0.0).plan
        CodeRows(shard, code_tokenizer, plain, fim=recipe.Fim(), seed=0, stage="base")


CHARACTERS = "naïve = 'Grüße'  # 変数 🙂\n" * 60


@pytest.mark.parametrize("context", [20, 37, 64])
def test_a_stretch_that_begins_or_ends_inside_a_character_stays_plain(
    tmp_path: Path, code_tokenizer: Tokenizer, context: int
) -> None:
    write_token_shard([document("r", "a.py", CHARACTERS)], code_tokenizer, tmp_path / "shard")
    rows = rows_of(TokenShard.open(tmp_path / "shard"), code_tokenizer, rate=1.0, context=context)
    segments = [segment for k in range(len(rows)) for segment in rows.row(k)]
    assert code_tokenizer.fim is not None
    cut = [segment for segment in segments if segment.tokens[0] == code_tokenizer.fim.prefix]
    assert 0 < len(cut) < len(segments)
    assert all("\ufffd" not in code_tokenizer.decode(segment.tokens) for segment in cut)


TOKENIZERS = Path(__file__).parents[2] / ".." / "shared" / "data" / "tokenizer"
TOKENIZERS = TOKENIZERS if TOKENIZERS.is_dir() else Path("/work/shared/data/tokenizer")


@pytest.mark.parametrize("name", ["mistral-v0.1", "codellama-rebuilt", "qwen3"])
def test_released_tokenizers_lose_no_character_in_rows(name: str, tmp_path: Path, code_texts: list[str]) -> None:
    if not (TOKENIZERS / name).is_dir():
        pytest.skip(f"{TOKENIZERS / name} is not here")
    tokenizer = Tokenizer.load(TOKENIZERS / name)
    text = code_texts[3][:6000] + CHARACTERS
    write_token_shard([document("r", "a.py", text)], tokenizer, tmp_path / "shard")
    shard = TokenShard.open(tmp_path / "shard")
    rate = 1.0 if tokenizer.fim else 0.0
    rows = rows_of(shard, tokenizer, rate=rate, context=200)
    spans = [span for row in range(len(rows)) for sample in rows.plan.samples_of(row) for span in sample.spans]
    stretches = []
    for span in spans:
        told = b"".join(map(tokenizer.bytes_of, shard.tokens[span.start : span.end].tolist()))
        stretches.append(told.removeprefix(b" ") if span.begins_document else told)
    assert sum(map(len, stretches)) == len(text.encode())
    before, marks, cut = tokenizer.opening, tokenizer.fim, 0
    for segment in (segment for k in range(len(rows)) for segment in rows.row(k)):
        assert segment.tokens[: len(before)] == before
        ids = segment.tokens[len(before) :]
        if marks is None or ids[0] != marks.prefix:
            continue
        assert ids[-1] == marks.end
        parts = ids[1 : ids.index(marks.suffix)], ids[ids.index(marks.suffix) + 1 : ids.index(marks.middle)]
        prefix, suffix, middle = (
            b"".join(map(tokenizer.bytes_of, part)) for part in (*parts, ids[ids.index(marks.middle) + 1 : -1])
        )
        space = b" " if marks.space_before_prefix else b""  # Code Llama's
        assert prefix + middle + suffix in [space + stretch for stretch in stretches]
        if prefix.removeprefix(space):  # in SPM, the prefix is part of the middle
            told = prefix.decode().removeprefix(space.decode())
            assert parts == encode_infill(tokenizer, told, suffix.decode())[:2]
        cut += 1
    assert cut > 5 or marks is None


@pytest.mark.parametrize("repositories", [None, "dependency"])
def test_the_token_that_ends_a_middle_has_its_own_weight_and_no_other(
    shard: TokenShard, code_tokenizer: Tokenizer, repositories: Literal["dependency"] | None
) -> None:
    rows = rows_of(shard, code_tokenizer, 0.5, repositories, 512, end_weight=7)
    plain = rows_of(shard, code_tokenizer, 0.5, repositories, 512)
    fim, ends = code_tokenizer.fim, 0
    assert fim is not None
    for k in range(len(rows)):
        for segment, other in zip(rows.row(k), plain.row(k), strict=True):
            assert segment.tokens == other.tokens
            assert other.loss_weight is None
            assert segment.loss_weight is not None
            heavy = [place + 1 for place, weight in enumerate(segment.loss_weight) if weight != 1]
            ends += len(heavy)
            assert {segment.loss_weight[place - 1] for place in heavy} <= {7.0}
            assert all(segment.tokens[place] == fim.end for place in heavy)
            assert len(heavy) == list(segment.tokens).count(fim.middle)
    assert ends > 5
