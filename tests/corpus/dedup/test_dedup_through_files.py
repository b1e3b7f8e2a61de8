"""Deduplication through files: for any sharding, order, worker and kill the answer of the texts alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from copies import document, exact_jaccard, library_files, mutated

from midspan.corpus.dedup import (
    NearSettings,
    document_starts,
    exact_duplicates,
    near_duplicates,
    near_duplicates_in_files,
    read_dropped,
)
from midspan.corpus.dedup.buckets import GroupTask, group_bands
from midspan.corpus.dedup.priority import PriorityTask, rank_documents, sort_key, write_sort_keys
from midspan.corpus.dedup.signature_files import SignatureTask, read_bands, write_signatures
from midspan.corpus.documents import Document, to_table
from midspan.errors import UserError

Search = Callable[..., Path]
SMALL = NearSettings(group_documents=2000, verify_documents=25, verify_bytes=60_000)  # several tasks of every kind


def shards_of(documents: Sequence[Document], count: int, folder: Path) -> list[Path]:
    paths = [folder / f"{count}-{shard}.parquet" for shard in range(count)]
    for shard, path in enumerate(paths):
        pq.write_table(to_table(documents[shard::count]), path, row_group_size=7)
    return paths


def outcome(search: Search, shards: Sequence[Path], work: Path, *settings: Any, **named: Any) -> dict[str, str]:
    """Which path is dropped for which, without numbers."""
    dropped = read_dropped(search(shards, work, *settings, **named), 0, 2**40)
    paths = [path for shard in shards for path in pq.read_table(shard, columns=["path"])["path"].to_pylist()]
    for row in dropped.to_pylist():
        assert paths[row["survivor"]] == row["path"]
    return {paths[row["document"]]: row["path"] for row in dropped.to_pylist()}


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """Files, exact copies and near-copies of different standing."""
    draw = random.Random(0)
    texts = list(library_files(40))
    texts += [mutated(texts[number % 40], (0.01, 0.03, 0.06, 0.15)[number % 4], number) for number in range(70)]
    texts += ["", "", "import os\n", "import os\n", *texts[:10]]
    return [
        document(
            text,
            number,
            licence=draw.choice(["MIT", "GPL-3.0-only", ""]),
            stars=draw.choice([0, 7, 100]),
            date=draw.choice(["", "2020-01-01", "2023-05-05"]),
            repository=draw.choice("abc"),
        )
        for number, text in enumerate(texts)
    ]


def order_of(one: Document) -> tuple[Any, ...]:
    """The priority as a tuple, for the brute force."""
    licence = {"MIT": 0, "": 1, "GPL-3.0-only": 2}[one.licence]
    return licence, -one.stars, one.date or "~", one.repository, one.path


def test_exact_copies_are_those_with_the_same_text_and_the_best_stays(
    documents: list[Document], tmp_path: Path
) -> None:
    found = outcome(exact_duplicates, shards_of(documents, 3, tmp_path), tmp_path / "work", partitions=5)
    groups: dict[str, list[Document]] = {}
    for one in documents:
        groups.setdefault(one.text, []).append(one)
    best = {text: min(group, key=order_of) for text, group in groups.items()}
    assert found == {one.path: best[one.text].path for one in documents if one is not best[one.text]}


def test_near_copies_through_files_are_those_in_memory(documents: list[Document], tmp_path: Path) -> None:
    long = [one for one in documents if len(one.text) > 100]
    found = outcome(near_duplicates_in_files, shards_of(long, 3, tmp_path), tmp_path / "work", SMALL)
    expected = near_duplicates([one.text for one in long], [order_of(one) for one in long])
    assert found == {long[i].path: long[kept].path for i, kept in enumerate(expected) if kept is not None}
    assert len(found) > 40


@pytest.mark.parametrize("search", [exact_duplicates, near_duplicates_in_files])
def test_the_survivors_are_the_same_for_any_sharding_and_order(
    search: Search, documents: list[Document], tmp_path: Path
) -> None:
    """E2, datatrove and BigCode: the survivor is arbitrary, and ids depend on the partitions."""
    outcomes = []
    for count in (1, 3, 7):
        shuffled = random.Random(count).sample(documents, len(documents))
        shards = shards_of(shuffled, count, tmp_path)
        random.Random(count).shuffle(shards)
        outcomes.append(outcome(search, shards, tmp_path / f"work-{count}"))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0]


def test_tasks_run_in_any_order_and_twice_change_nothing(documents: list[Document], tmp_path: Path) -> None:
    def backwards_and_twice(function: Callable[[Any], None], tasks: Sequence[Any], name: str) -> None:
        for task in [*reversed(tasks), *tasks]:
            function(task)

    shards = shards_of(documents, 3, tmp_path)
    plain = near_duplicates_in_files(shards, tmp_path / "plain", SMALL)
    stirred = near_duplicates_in_files(shards, tmp_path / "stirred", SMALL, backwards_and_twice)
    assert [path.read_bytes() for path in sorted(plain.iterdir())] == [
        path.read_bytes() for path in sorted(stirred.iterdir())
    ]


@pytest.mark.parametrize("search", [exact_duplicates, near_duplicates_in_files])
def test_killed_anywhere_it_goes_on_where_it_was(search: Search, documents: list[Document], tmp_path: Path) -> None:
    """E1, datatrove 157: partial signature files after a kill are the first MinHash issue there."""
    shards = shards_of(documents, 2, tmp_path)
    expected = outcome(search, shards, tmp_path / "whole")
    done: list[Any] = []

    def dies(function: Callable[[Any], None], tasks: Sequence[Any], name: str) -> None:
        for task in tasks:
            assert task not in done  # nothing is done again
            function(task)
            done.append(task)
            if len(done) % 2:
                raise KeyboardInterrupt

    for _ in range(100):
        try:
            assert outcome(search, shards, tmp_path / "killed", run=dies) == expected
            break
        except KeyboardInterrupt:
            continue
    else:
        pytest.fail("it never ends")


def test_a_work_folder_of_other_shards_or_settings_is_not_taken_for_its_own(
    documents: list[Document], tmp_path: Path
) -> None:
    shards, work = shards_of(documents, 2, tmp_path), tmp_path / "work"
    strict = outcome(near_duplicates_in_files, shards, work, NearSettings(threshold=0.95))
    assert outcome(near_duplicates_in_files, shards, work) != strict
    copies = outcome(exact_duplicates, shards, tmp_path / "exact", fingerprint="one")
    pq.write_table(to_table(documents[:20]), shards[0])
    assert outcome(exact_duplicates, shards, tmp_path / "exact", fingerprint="two") != copies


def test_every_dropped_document_is_like_a_better_one_that_stays(documents: list[Document], tmp_path: Path) -> None:
    """E1, Marin 6854: unverified bands and transitive closure leave 2 of 859,092 documents."""
    found = outcome(near_duplicates_in_files, shards_of(documents, 3, tmp_path), tmp_path / "work")
    by_path = {one.path: one for one in documents}
    for path, survivor in found.items():
        assert survivor not in found
        assert order_of(by_path[survivor]) < order_of(by_path[path])
        assert exact_jaccard(by_path[path].text, by_path[survivor].text) >= 0.7


@pytest.mark.parametrize("search", [exact_duplicates, near_duplicates_in_files])
def test_nothing_and_empty_shards_drop_nothing(search: Search, tmp_path: Path) -> None:
    assert len(read_dropped(search([], tmp_path / "none"), 0, 10)) == 0
    assert len(read_dropped(search(shards_of([], 2, tmp_path), tmp_path / "empty"), 0, 10)) == 0
    twice = [document(library_files(1)[0], number) for number in range(2)]
    mixed = [*shards_of([], 1, tmp_path), *shards_of(twice, 3, tmp_path)]  # two of these four are empty
    assert outcome(search, mixed, tmp_path / "mixed") == {"src/00001.py": "src/00000.py"}


def test_what_one_shard_loses_is_read_alone(documents: list[Document], tmp_path: Path) -> None:
    shards = shards_of(documents, 3, tmp_path)
    dropped = exact_duplicates(shards, tmp_path / "work", partitions=4)
    starts = document_starts(shards)
    parts = [read_dropped(dropped, start, end).to_pylist() for start, end in pairwise(starts)]
    assert [row for part in parts for row in part] == read_dropped(dropped, 0, starts[-1]).to_pylist()
    assert all(parts)


def test_ranks_are_the_order_of_priority_for_any_size_of_range(documents: list[Document], tmp_path: Path) -> None:
    shards = shards_of(documents, 3, tmp_path)
    starts = document_starts(shards)
    tasks = [
        PriorityTask(shard, start, tmp_path / f"keys-{start}") for shard, start in zip(shards, starts, strict=False)
    ]
    for task in tasks:
        write_sort_keys(task)
    ordered = sorted((one for shard in range(3) for one in documents[shard::3]), key=order_of)
    listed = [one for shard in range(3) for one in documents[shard::3]]
    for size in (1, 64, 1000, 10**6):
        rank_documents([task.output for task in tasks], len(listed), tmp_path / "ranks.npy", size)
        assert [ordered[rank] for rank in np.load(tmp_path / "ranks.npy")] == listed


def test_the_priority_is_licence_then_stars_then_date_then_place() -> None:
    keys = [
        sort_key("MIT", 5, "2024-01-01", "z", "z", "z"),
        sort_key("MIT", 4, "2001-01-01", "a", "a", "a"),
        sort_key("MIT", 4, "2002-01-01", "a", "a", "a"),
        sort_key("MIT", 4, "", "a", "a", "a"),
        sort_key("MIT", 4, "", "a", "a/b", "a"),
        sort_key("MIT", 4, "", "a/b", "a", "a"),
        sort_key("MIT", 4, "", "a/b", "src/scan.ts", "a"),
        sort_key("MIT", 4, "", "a", "dist/types/scan.d.ts", "a"),
        sort_key("no such licence", 9, "2001-01-01", "a", "a", "a"),
        sort_key("GPL-3.0-only", 10**12, "2001-01-01", "a\0b", "a", "a"),
    ]
    assert keys == sorted(keys)


def test_a_band_may_be_cut_by_ranges_of_keys_and_bands_taken_together(
    documents: list[Document], tmp_path: Path
) -> None:
    shards = shards_of(documents, 2, tmp_path)
    near_duplicates_in_files(shards, work := tmp_path / "work")

    def pairs(bands: tuple[int, ...], keys: tuple[int, int]) -> set[int]:
        folders = tuple(work / "signatures" / f"{shard:06d}" for shard in range(2))
        files = (work / name for name in ("ranks.npy", "filled.npy", "survivors-000.npy"))
        starts = tuple(document_starts(shards))
        group_bands(GroupTask(folders, starts, *files, bands, keys, 4, 0.7, 0, tmp_path / "pairs.npy"))
        return set(np.load(tmp_path / "pairs.npy").tolist())

    cuts = [0, 1, 2**62, 2**63 + 12345, 2**64]
    whole = [pairs((band,), (0, 2**64)) for band in (3, 9)]
    assert set().union(*(pairs((3,), keys) for keys in pairwise(cuts))) == whole[0]
    assert pairs((3, 9), (0, 2**64)) == whole[0] | whole[1]
    assert len(whole[0]) > 20


def test_signatures_of_another_seed_or_scheme_are_refused(tmp_path: Path) -> None:
    """E1, datasketch 323: a changed default scheme silently invalidated stored sketches."""
    (shard,) = shards_of([document(library_files(1)[0], 0)], 1, tmp_path)
    write_signatures(SignatureTask(shard, tmp_path / "signed", seed=1))
    assert len(read_bands(tmp_path / "signed", ["band_00"], 1)) == 1
    assert np.load(tmp_path / "signed" / "signatures.npy").shape == (1, 512)
    with pytest.raises(UserError, match="another scheme or seed"):
        read_bands(tmp_path / "signed", ["band_00"], 2)
