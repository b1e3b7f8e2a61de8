"""Cutting a corpus into shards, and sending tables from many tasks to many others."""

from __future__ import annotations

from bisect import bisect_right
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.stages.places import WHOLE_SHARDS, cut_places, sample_places
from midspan.corpus.stages.plan import shard_bytes_for
from midspan.corpus.stages.tables import join_partitions, read_partition, write_partitions

documents = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.sampled_from("st"),
        st.text("xyz/", min_size=1, max_size=4),
        st.integers(1, 1000),
    ),
    min_size=1,
    max_size=200,
)


@given(documents, st.integers(1, 12), st.integers(1, 4000))
def test_small_repositories_are_whole_and_the_shards_are_in_order(
    files: list[tuple[str, str, str, int]], shards: int, every: int
) -> None:
    files.sort()
    cuts = cut_places(sample_places(files, every), shards)
    assert cuts == sorted(set(cuts))
    assert len(cuts) < shards
    shard_of = [bisect_right(cuts, file[:3]) for file in files]
    assert shard_of == sorted(shard_of)
    each = sum(size for *_, size in files) / shards
    for _, group in groupby(zip(files, shard_of, strict=True), key=lambda one: one[0][:2]):
        members = list(group)
        if len({shard for _, shard in members}) > 1:
            assert sum(size for (*_, size), _ in members) > each * (WHOLE_SHARDS - 1) - 2 * max(every, 1000)


def test_a_repository_beyond_all_bounds_is_cut_by_path() -> None:
    files = [("monorepo", "s", f"{number:05d}.c", 1000) for number in range(10_000)]
    cuts = cut_places(sample_places(files, 10_000), 100)
    sizes = np.bincount([bisect_right(cuts, file[:3]) for file in files])
    assert len(sizes) == 100
    assert sizes.max() < 1.5 * sizes.mean()


def test_many_small_repositories_give_shards_of_about_equal_size() -> None:
    files = [(f"r{number:04d}", "s", "a.c", 1000 + number % 7) for number in range(5_000)]
    cuts = cut_places(sample_places(files, 5_000), 50)
    sizes = np.bincount([bisect_right(cuts, file[:3]) for file in files])
    assert len(sizes) == 50
    assert sizes.max() < 1.5 * sizes.mean()


@given(st.lists(st.lists(st.integers(0, 6), max_size=30), min_size=1, max_size=4))
def test_every_row_reaches_its_receiver_in_the_order_of_senders(senders: list[list[int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, receivers in enumerate(senders):
            names = [f"{number} {row}" for row in range(len(receivers))]
            paths.append(Path(folder) / f"{number}.arrow")
            write_partitions(paths[-1], pa.table({"name": pa.array(names, pa.string())}), np.array(receivers, int), 7)
        for receiver in range(7):
            expected = [
                f"{number} {row}"
                for number, receivers in enumerate(senders)
                for row, one in enumerate(receivers)
                if one == receiver
            ]
            assert join_partitions(paths, receiver)["name"].to_pylist() == expected


def test_a_file_cut_short_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    write_partitions(path, pa.table({"number": list(range(1000))}), np.zeros(1000, int), 1)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(pa.ArrowInvalid):
        read_partition(path, 0)


def test_shards_grow_with_the_corpus_up_to_what_a_worker_can_hold() -> None:
    """Every shard is read from every task's output, so that their number must not grow with the corpus."""
    for size, shard_bytes in ((10**7, 2_000_000), (4 * 10**9, 2_000_000), (10**11, 64_000_000), (10**13, 256_000_000)):
        assert shard_bytes_for(size) == shard_bytes
