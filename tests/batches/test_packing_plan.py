"""The packing plan: every document once, the same from any engine, and never taken for that of other inputs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.batches import Joining, PackingPlan, Sample, Span, write_packing_plan
from midspan.batches.samples import single_samples
from midspan.corpus.documents import Document, to_table
from midspan.corpus.token_shards import TokenShard
from midspan.corpus.token_writer import encode_documents, write_token_shard
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.tokens import Tokenizer

CONTEXT, RESERVE = 256, 2


def document(repository: str, path: str, text: str, language: str = "python") -> Document:
    return Document(path, text, path, repository, language, "MIT", "", "stdlib", "", "")


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory, code_tokenizer: Tokenizer, code_texts: list[str]) -> TokenShard:
    """Two repositories in three files of documents: the first goes on in the second file, and comes again."""
    home = tmp_path_factory.mktemp("parted")
    code_tokenizer.save(home / "tokenizer")
    one = [document("one", f"z{9 - n}.py", text[:900]) for n, text in enumerate(code_texts)]
    two = [document("two", f"{n}.c", text[:500], "c") for n, text in enumerate(code_texts)]
    (home / "documents").mkdir()
    for name, part in (("00-0", one[:3]), ("00-1", one[3:] + two), ("01-0", one)):
        pq.write_table(to_table(part), home / "documents" / f"{name}.parquet")
    encode_documents(home / "documents", home / "tokenizer", home / "shard")
    return TokenShard.open(home / "shard")


def plan_of(
    shard: TokenShard,
    folder: Path,
    joining: Joining | None = None,
    context: int = CONTEXT,
    engine: EngineChoice | None = None,
    window: int = 1 << 20,
) -> PackingPlan:
    write_packing_plan(shard, context, RESERVE, joining, folder, engine, window)
    return PackingPlan.open(folder)


def samples(plan: PackingPlan) -> list[Sample]:
    return [sample for row in range(len(plan)) for sample in plan.samples_of(row)]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


JOININGS = [None, "dependency", "random"]


@pytest.fixture(params=JOININGS)
def joining(request: pytest.FixtureRequest, code_tokenizer: Tokenizer) -> Joining | None:
    return Joining(request.param, code_tokenizer, 1, "long") if request.param else None


@pytest.mark.parametrize("window", [1, 4, 7, 100])
def test_every_token_of_every_document_is_in_one_span(
    shard: TokenShard, tmp_path: Path, joining: Joining | None, window: int
) -> None:
    plan = plan_of(shard, tmp_path / "plan", joining, window=window)
    covered = np.zeros(len(shard.tokens), dtype=int)
    table = {row["number"]: row for row in shard.documents().to_pylist()}
    for sample in samples(plan):
        assert joining or len(sample.spans) == 1
        for span in sample.spans:
            covered[span.start : span.end] += 1
            of = table[span.document]
            assert of["start"] <= span.start < span.end <= of["end"]
            assert (span.begins_document, span.ends_document) == (span.start == of["start"], span.end == of["end"])
    assert (covered == 1).all()


@pytest.mark.parametrize("window", [4, 100])
def test_the_plan_is_the_same_for_every_engine_and_number_of_workers(
    shard: TokenShard, tmp_path: Path, joining: Joining | None, window: int
) -> None:
    plan_of(shard, tmp_path / "here", joining, window=window)
    for workers in (1, 3):
        plan_of(shard, tmp_path / f"{workers}", joining, engine=EngineChoice("local", workers), window=window)
        assert contents(tmp_path / f"{workers}") == contents(tmp_path / "here")
    assert sorted(contents(tmp_path / "here")) == ["plan.json", "rows.npy", "samples.npy", "spans.npy"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "3", "here"]


def test_one_window_starts_no_processes(shard: TokenShard, tmp_path: Path) -> None:
    with mock.patch("midspan.batches.plan.start_engine", side_effect=AssertionError):
        plan_of(shard, tmp_path / "plan", engine=EngineChoice("local", 2))


def test_a_plan_that_is_there_is_not_made_again(shard: TokenShard, tmp_path: Path, joining: Joining | None) -> None:
    plan_of(shard, tmp_path / "plan", joining)
    before = (tmp_path / "plan/rows.npy").stat()
    plan_of(TokenShard.open(shard.directory), tmp_path / "plan", joining)
    assert (tmp_path / "plan/rows.npy").stat() == before


def test_a_plan_of_other_inputs_is_made_anew(
    shard: TokenShard, tmp_path: Path, code_tokenizer: Tokenizer, code_texts: list[str]
) -> None:
    write_token_shard([document("r", "a.py", text) for text in code_texts], code_tokenizer, tmp_path / "other")
    other = TokenShard.open(tmp_path / "other")
    c_only = TokenShard.open(shard.directory, languages=["c"])
    inputs = [
        (shard, CONTEXT, RESERVE, None, 100),
        (shard, CONTEXT + 1, RESERVE, None, 100),
        (shard, CONTEXT, RESERVE + 1, None, 100),
        (shard, CONTEXT, RESERVE, None, 8),
        (other, CONTEXT, RESERVE, None, 100),
        (c_only, CONTEXT, RESERVE, None, 100),
        (shard, CONTEXT, RESERVE, Joining("dependency", code_tokenizer), 100),
        (shard, CONTEXT, RESERVE, Joining("random", code_tokenizer), 100),
        (shard, CONTEXT, RESERVE, Joining("random", code_tokenizer, seed=1), 100),
        (shard, CONTEXT, RESERVE, Joining("random", code_tokenizer, stage="long"), 100),
    ]
    seen = []
    for shard_, context, reserve, joining, window in inputs:
        write_packing_plan(shard_, context, reserve, joining, tmp_path / "plan", None, window)
        alone = tmp_path / f"alone-{len(seen)}"
        write_packing_plan(shard_, context, reserve, joining, alone, None, window)
        assert contents(tmp_path / "plan") == contents(alone)
        seen.append(contents(alone)["plan.json"])
    assert len(set(seen)) == len(inputs)


def test_documents_encoded_again_at_the_same_place_have_another_plan(
    tmp_path: Path, code_tokenizer: Tokenizer, code_texts: list[str]
) -> None:
    lengths = []
    for size in (3000, 2000):
        texts = [text[:size] for text in code_texts]
        write_token_shard([document("r", "a.py", text) for text in texts], code_tokenizer, tmp_path / "shard")
        shard = TokenShard.open(tmp_path / "shard")
        plan = plan_of(shard, tmp_path / "plan")
        lengths.append(sum(span.end - span.start for sample in samples(plan) for span in sample.spans))
        assert lengths[-1] == len(shard.tokens)
    assert lengths[0] != lengths[1]


def test_the_seed_changes_nothing_where_no_order_is_drawn(code_tokenizer: Tokenizer) -> None:
    assert Joining("dependency", code_tokenizer, 1, "a").key == Joining("dependency", code_tokenizer, 2, "b").key


@pytest.mark.parametrize("name", ["rows.npy", "samples.npy", "spans.npy", "plan.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "another's"])
def test_damage_is_a_user_error_and_is_mended(shard: TokenShard, tmp_path: Path, name: str, damage: str) -> None:
    plan_of(shard, tmp_path / "plan")
    whole = contents(tmp_path / "plan")
    file = tmp_path / "plan" / name
    file.unlink()
    if damage == "another's":
        plan_of(shard, tmp_path / "other", context=128)
        shutil.copy(tmp_path / "other" / name, file)
    elif damage != "missing":
        file.write_bytes(whole[name][: len(whole[name]) // 2] if damage == "cut" else b"")
    if (name, damage) != ("plan.json", "another's"):
        with pytest.raises(UserError, match=r"the packing plan .* cannot be read"):
            PackingPlan.open(tmp_path / "plan")
    plan_of(shard, tmp_path / "plan")
    assert contents(tmp_path / "plan") == whole


def test_a_full_disk_leaves_the_old_plan_or_none(shard: TokenShard, tmp_path: Path) -> None:
    plan_of(shard, tmp_path / "plan")
    before = contents(tmp_path / "plan")
    with mock.patch("os.fsync", side_effect=OSError(28, os.strerror(28))):
        for folder in (tmp_path / "plan", tmp_path / "new"):
            with pytest.raises(OSError, match="space"):
                plan_of(shard, folder, context=128)
    assert contents(tmp_path / "plan") == before
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_selection_is_all_that_is_planned(shard: TokenShard, tmp_path: Path, joining: Joining | None) -> None:
    chosen = TokenShard.open(shard.directory, languages=["c"])
    plan = plan_of(chosen, tmp_path / "plan", joining, window=4)
    documents = {span.document for sample in samples(plan) for span in sample.spans}
    assert documents == set(range(5, 10))
    assert sum(span.end - span.start for sample in samples(plan) for span in sample.spans) == chosen.total("tokens")


def test_what_cannot_be_packed_is_a_user_error(shard: TokenShard, tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    write_token_shard([document("r", "a.py", "")], code_tokenizer, tmp_path / "empty")
    with pytest.raises(UserError, match="no tokens: nothing to train on"):
        plan_of(TokenShard.open(tmp_path / "empty"), tmp_path / "plan")
    with pytest.raises(UserError, match="a context of 2 has no room"):
        plan_of(shard, tmp_path / "plan", context=2)
    with pytest.raises(UserError, match="a context of 8 has no room for a file and its name"):
        plan_of(shard, tmp_path / "plan", Joining("dependency", code_tokenizer), context=8)
    with pytest.raises(UserError, match="a context of 8 has no room for a file and its name"):  # in a worker too
        joining = Joining("dependency", code_tokenizer)
        plan_of(shard, tmp_path / "plan", joining, context=8, engine=EngineChoice("local", 2), window=4)
    assert not (tmp_path / "plan").exists()


@given(st.lists(st.integers(0, 200), max_size=30), st.integers(2, 60), st.integers(0, 5))
def test_documents_are_cut_as_a_plain_loop_would(sizes: list[int], context: int, reserve: int) -> None:
    reserve = min(reserve, context - 1)
    ends = np.cumsum(sizes, dtype=np.int64)
    starts = ends - np.array(sizes, dtype=np.int64)
    table = pa.table({"number": pa.array(np.arange(len(sizes)) + 7), "start": pa.array(starts), "end": pa.array(ends)})
    found = single_samples(table, context, reserve)
    expected = [
        Span(number + 7, at, min(at + context - reserve, end), at == start, at + context - reserve >= end)
        for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True))
        for at in range(start, end, context - reserve)
    ]
    assert [Span(*span) for span in found.spans.tolist()] == expected
    assert found.lengths.tolist() == [span.end - span.start + reserve for span in expected]
    assert found.first.tolist() == list(range(len(expected) + 1))


def test_utilisation_is_the_share_of_positions_filled(shard: TokenShard, tmp_path: Path) -> None:
    plan = plan_of(shard, tmp_path / "plan", window=6)
    filled = sum(span.end - span.start + RESERVE for sample in samples(plan) for span in sample.spans)
    assert plan.utilisation == filled / (len(plan) * CONTEXT)
    for row in range(len(plan)):
        assert sum(sample.spans[0].end - sample.spans[0].start + RESERVE for sample in plan.samples_of(row)) <= CONTEXT


def passes(shard: TokenShard, plan: PackingPlan) -> Iterator[tuple[str, list[str]]]:
    """Each repository's pass with its files in the order in which samples tell them."""
    ordered = sorted(samples(plan), key=lambda sample: (min(span.document for span in sample.spans) // 10, 0))
    by_pass: dict[tuple[str, bool], list[Sample]] = {}
    for sample in ordered:
        number = sample.spans[0].document
        by_pass.setdefault((shard.file(number)[0], number >= 10), []).append(sample)
    for (repository, _), own in by_pass.items():
        opening = [sample for sample in own if not sample.continues]
        assert len(opening) == 1
        yield repository, [shard.file(span.document)[1] for sample in own for span in sample.spans]


def test_files_of_a_repository_are_joined_in_the_order_of_the_corpus_across_parts(
    shard: TokenShard, tmp_path: Path, code_tokenizer: Tokenizer
) -> None:
    plan = plan_of(shard, tmp_path / "plan", Joining("dependency", code_tokenizer), context=8192)
    once = [f"z{9 - n}.py" for n in range(5)]
    assert sorted(passes(shard, plan)) == [("one", once), ("one", once), ("two", [f"{n}.c" for n in range(5)])]


def test_random_order_is_another_for_another_stage_and_the_same_for_the_same(
    shard: TokenShard, tmp_path: Path, code_tokenizer: Tokenizer
) -> None:
    orders = []
    for index, stage in enumerate(("long", "long", "longer")):
        joining = Joining("random", code_tokenizer, 1, stage)
        orders.append(sorted(passes(shard, plan_of(shard, tmp_path / f"{index}", joining, context=8192))))
    assert orders[0] == orders[1] != orders[2]
    assert [(name, sorted(files)) for name, files in orders[0]] == [(name, sorted(files)) for name, files in orders[2]]


@pytest.mark.parametrize("window", [2, 3, 100])
def test_a_repository_cut_by_the_end_of_a_window_goes_on_in_the_next(
    tmp_path: Path, code_tokenizer: Tokenizer, window: int
) -> None:
    files = [("a", 3), ("b", 4), ("c", 1)]
    documents = [document(name, f"{n}.py", "x = 1\n" * 30) for name, count in files for n in range(count)]
    write_token_shard(documents, code_tokenizer, tmp_path / "shard")
    shard = TokenShard.open(tmp_path / "shard")
    plan = plan_of(shard, tmp_path / "plan", Joining("dependency", code_tokenizer), window=window)
    by_repository: dict[str, list[tuple[int, bool]]] = {}
    for sample in samples(plan):
        start = sample.spans[0].start
        by_repository.setdefault(shard.file(sample.spans[0].document)[0], []).append((start, sample.continues))
    for starts in by_repository.values():
        assert [continues for _, continues in sorted(starts)] == [False, *[True] * (len(starts) - 1)]
