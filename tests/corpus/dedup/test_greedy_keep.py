"""The greedy choice against a loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.corpus.dedup.keep import greedy_keep


def loop(edges: set[tuple[int, int]], count: int) -> list[int]:
    """Documents are their own ranks: each is dropped for the best kept neighbour before it."""
    survivor = [-1] * count
    for document in range(count):
        kept = [one for one, other in edges if other == document and survivor[one] == -1]
        survivor[document] = min(kept, default=-1)
    return survivor


@given(st.integers(2, 14).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.tuples(*[st.integers(0, n - 1)] * 2)))))
@settings(max_examples=300)
def test_it_is_the_loop_in_order_of_priority(case: tuple[int, set[tuple[int, int]]]) -> None:
    count, drawn = case
    edges = {(min(pair), max(pair)) for pair in drawn if pair[0] != pair[1]}
    better, worse = (np.array([edge[side] for edge in edges], np.int64) for side in (0, 1))
    assert greedy_keep(better, worse, np.arange(count)).tolist() == loop(edges, count)
    relabelled = np.random.default_rng(count).permutation(count)  # document i is now called relabelled[i]
    ranks = np.empty(count, np.int64)
    ranks[relabelled] = np.arange(count)
    result = greedy_keep(relabelled[better], relabelled[worse], ranks)
    expected = [int(relabelled[one]) if one >= 0 else -1 for one in loop(edges, count)]
    assert result[relabelled].tolist() == expected


def test_a_chain_keeps_every_second_document_where_connected_components_would_keep_one() -> None:
    """E1, Marin 6854: transitive closure dropped 859,090 of 859,092 documents."""
    count = 1001
    survivors = greedy_keep(np.arange(count - 1), np.arange(1, count), np.arange(count))
    assert (survivors < 0).sum() == 501
    assert survivors[1::2].tolist() == list(range(0, count - 1, 2))
