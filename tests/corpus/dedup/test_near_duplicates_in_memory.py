"""Near-duplicates in memory against brute force on strings, and in the cases where other deduplications go wrong."""

from __future__ import annotations

import random

import pytest
from copies import exact_jaccard, greedy_truth, library_files, mutated

from midspan.corpus.dedup import in_memory, near_duplicates
from midspan.corpus.dedup.shingles import Hashes

WORDS = [f"word{number}" for number in range(5000)]


def by_index(texts: list[str]) -> list[tuple[int]]:
    return [(index,) for index in range(len(texts))]


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs each round verifies."""
    counts: list[int] = []
    exact = in_memory._similarities

    def counted(pairs: Hashes, *rest: object) -> object:
        counts.append(len(pairs))
        return exact(pairs, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(in_memory, "_similarities", counted)
    return counts


def test_real_files_with_copies_are_parted_as_comparing_all_with_all_does() -> None:
    originals = library_files(40)
    rates = (0.0, 0.01, 0.03, 0.06, 0.15, 0.5)
    copies = [mutated(text, rates[number % 6], number) for number, text in enumerate(originals * 2)]
    texts = [*originals, *copies]
    draw = random.Random(1)
    priorities = [(draw.randrange(3), index) for index in range(len(texts))]
    result = near_duplicates(texts, priorities)
    order = sorted(range(len(texts)), key=lambda index: priorities[index])
    assert {index for index, kept in enumerate(result) if kept is None} == greedy_truth(texts, order, 0.7)
    for index, kept in enumerate(result):
        if kept is not None:
            assert result[kept] is None
            assert priorities[kept] < priorities[index]
            assert exact_jaccard(texts[index], texts[kept]) >= 0.7


def test_short_texts_are_dropped_only_as_exact_copies() -> None:
    """B7, BigCode v2: all documents below 5 tokens have one signature and form one cluster; so in Daft the empty."""
    texts = ["", "import os", "import sys", "a b c d e f g h i", "", "import os", "a b c d e f g h j"]
    assert near_duplicates(texts, by_index(texts)) == [None, None, None, None, 0, 1, None]


def test_the_best_priority_stays_wherever_it_stands() -> None:
    text = library_files(1)[0]
    texts = [mutated(text, 0.02, 1), text, mutated(text, 0.02, 2)]
    assert near_duplicates(texts, [(2, "a"), (1, "b"), (0, "c")]) == [2, 2, None]
    assert near_duplicates(texts, [(1, "same"), (1, "same"), (1, "same")]) == [None, 0, 0]


def test_documents_in_another_script_are_judged_by_that_script() -> None:
    """Where only [a-z0-9_] counts, two translations are copies of each other because of the code they share."""
    draw = random.Random(0)
    code = " ".join(draw.choices(WORDS, k=30))

    def prose(alphabet: str) -> str:
        return " ".join("".join(draw.choices(alphabet, k=6)) for _ in range(300))

    texts = [prose("абвгдежзик") + code, prose("一二三四五六七八九十") + code]
    assert near_duplicates(texts, by_index(texts)) == [None, None]


def test_a_bucket_of_20000_near_copies_takes_a_few_comparisons_each(comparisons: list[int]) -> None:
    """E2, text-dedup: all-pairs inside each bucket is quadratic; 2 x 10^8 comparisons here."""
    draw = random.Random(0)
    boilerplate = " ".join(draw.choices(WORDS, k=120))
    texts = [f"{boilerplate} generated{number} on{number}" for number in range(20_000)]
    assert near_duplicates(texts, by_index(texts)) == [None] + [0] * 19_999
    assert sum(comparisons) <= 10 * len(texts)


def test_boilerplate_shared_by_20000_documents_hides_no_copy_and_costs_few_comparisons(comparisons: list[int]) -> None:
    """E2, text-dedup: a common header (J 0.5 between any two) fills buckets; copies are found all the same."""
    draw = random.Random(0)
    header = " ".join(draw.choices(WORDS, k=80))
    originals = [header + " " + " ".join(draw.choices(WORDS, k=40)) for _ in range(19_000)]
    copies = [f"{originals[number * 19]} {' '.join(draw.choices(WORDS, k=6))}" for number in range(1000)]
    texts = originals + copies
    assert 0.45 < exact_jaccard(texts[0], texts[1]) < 0.6
    assert exact_jaccard(texts[0], texts[19_000]) > 0.9
    result = near_duplicates(texts, by_index(texts))
    assert result == [None] * 19_000 + [number * 19 for number in range(1000)]
    assert sum(comparisons) <= 60 * len(texts)


def test_a_bucket_holding_many_groups_of_copies_ends_with_one_of_each() -> None:
    draw = random.Random(0)
    header = " ".join(draw.choices(WORDS, k=80))
    groups = [header + " " + " ".join(draw.choices(WORDS, k=60)) for _ in range(300)]
    texts = [f"{groups[number % 300]} copy{number}" for number in range(3000)]
    result = near_duplicates(texts, by_index(texts))
    assert result == [None if number < 300 else number % 300 for number in range(3000)]


@pytest.mark.parametrize("threshold", [0.5, 0.85])
def test_another_threshold_is_obeyed(threshold: float) -> None:
    originals = library_files(30)
    texts = [*originals, *(mutated(text, 0.04 + 0.01 * (number % 8), number) for number, text in enumerate(originals))]
    result = near_duplicates(texts, by_index(texts), threshold)
    kept = {index for index, survivor in enumerate(result) if survivor is None}
    truth = greedy_truth(texts, list(range(len(texts))), threshold)
    assert truth <= kept
    assert len(kept - truth) <= (2 if threshold < 0.7 else 0)
