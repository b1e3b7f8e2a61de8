"""The mixture: weights and epochs per source and language, what is held out, and what the build reports."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_corpus import module_text

from midspan.corpus.documents import read_documents
from midspan.corpus.stages import build_corpus
from midspan.corpus.stages.amounts import amount
from midspan.corpus.stages.mixture import epochs_of
from midspan.corpus.stages.survey import HASH_END, split_threshold
from midspan.errors import UserError
from midspan.files import read_json
from midspan.recipe import Corpus, FolderSource, Share


def source(name: str, **fields: object) -> FolderSource:
    return FolderSource.model_validate({"kind": "folder", "path": f"/{name}", "name": name, **fields})


def available(**sizes: int) -> dict[tuple[str, str], dict[str, int]]:
    return {(name.split("_")[0], name.split("_")[1]): amount(1, size) for name, size in sizes.items()}


def test_without_a_mixture_everything_is_taken_once() -> None:
    assert epochs_of([source("a")], available(a_c=10, a_go=20)) == {("a", "c"): 1.0, ("a", "go"): 1.0}


def test_weights_are_shares_of_bytes_and_the_scarcest_source_is_taken_whole() -> None:
    """Stable Code's code to natural language 80:20 (reference/corpus.md, B5)."""
    found = epochs_of(
        [source("code", weight=80), source("text", weight=20)], available(code_c=600, code_go=400, text_text=100)
    )
    assert found == {("code", "c"): 0.4, ("code", "go"): 0.4, ("text", "text"): 1.0}


def test_a_language_may_have_a_share_of_its_own() -> None:
    java = {"java": Share(epochs=0.25)}
    found = epochs_of([source("code", epochs=2, by_language=java)], available(code_c=10, code_java=90))
    assert found == {("code", "c"): 2.0, ("code", "java"): 0.25}
    weighted = {"java": Share(weight=1)}
    found = epochs_of([source("code", weight=1, by_language=weighted)], available(code_c=10, code_go=10, code_java=80))
    assert found == {("code", "c"): 1.0, ("code", "go"): 1.0, ("code", "java"): 0.25}


def test_a_share_for_a_language_that_is_not_there_is_a_user_error() -> None:
    with pytest.raises(UserError, match=r"code\.by_language: no document in cobol"):
        epochs_of([source("code", by_language={"cobol": Share(epochs=1)})], available(code_c=10))


@given(st.lists(st.tuples(st.integers(1, 10**6), st.floats(0.01, 100)), min_size=1, max_size=6))
def test_the_shares_taken_are_the_weights_and_nothing_is_repeated(places: list[tuple[int, float]]) -> None:
    sources = [source(f"s{number}", weight=weight) for number, (_, weight) in enumerate(places)]
    epochs = epochs_of(sources, {(f"s{n}", "c"): amount(1, size) for n, (size, _) in enumerate(places)})
    taken = [epochs[f"s{number}", "c"] * size for number, (size, _) in enumerate(places)]
    for share, (_, weight) in zip(taken, places, strict=True):
        assert share / sum(taken) == pytest.approx(weight / sum(one for _, one in places))
    assert max(epochs.values()) == pytest.approx(1)


@given(st.floats(0, 0.999), st.sets(st.integers(0, HASH_END - 1), min_size=2, max_size=20))
def test_both_sides_of_the_split_get_a_document(fraction: float, keys: set[int]) -> None:
    threshold = split_threshold(fraction, min(keys), max(keys), len(keys))
    below = sum(key < threshold for key in keys)
    assert below == 0 if fraction == 0 else 0 < below < len(keys)
    natural = sum(key < int(fraction * HASH_END) for key in keys)
    assert below == natural or natural in (0, len(keys)) or fraction == 0


def test_the_build_writes_passes_and_reports_what_it_got(tmp_path: Path) -> None:
    for name, count, offset in (("code", 60, 0), ("notes", 8, 1000), ("twice", 6, 2000)):
        (tmp_path / name / "repository").mkdir(parents=True)
        for number in range(count):
            (tmp_path / name / "repository" / f"{name}{number}.py").write_text(module_text(offset + number))
    sources = [
        FolderSource(path=str(tmp_path / "code"), weight=80),
        FolderSource(path=str(tmp_path / "notes"), weight=20),
        FolderSource(path=str(tmp_path / "twice"), epochs=2.5),
    ]
    settings = Corpus(sources=sources, licences=["unknown"], heldout={"files": 0.1})
    build_corpus(settings, tmp_path / "corpus")
    train = Counter(one.path for one in read_documents(tmp_path / "corpus" / "train"))
    heldout = [one.path for one in read_documents(tmp_path / "corpus" / "heldout")]
    assert not set(train) & set(heldout)
    assert {times for path, times in train.items() if path.startswith("twice")} == {2, 3}
    assert {times for path, times in train.items() if not path.startswith("twice")} == {1}
    assert sum(path.startswith("notes") for path in [*train, *heldout]) == 8
    assert 15 < sum(path.startswith("code") for path in [*train, *heldout]) < 50  # 32 of 60 are wanted
    for file in sorted((tmp_path / "corpus" / "train").iterdir()):  # no pass holds a document twice
        paths = [one.path for one in read_documents(file)]
        assert len(paths) == len(set(paths))
    statistics = read_json(tmp_path / "corpus" / "statistics.json")
    report = {row["source"]: row for row in statistics["mixture"]}
    assert report["code"]["train"]["documents"] == sum(path.startswith("code") for path in train)
    assert report["twice"]["train"]["documents"] == sum(n for path, n in train.items() if path.startswith("twice"))
    assert sum(row["share"] for row in report.values()) == pytest.approx(1, abs=1e-3)
    assert statistics["by_reason"] == {"not in the mixture": 60 + 8 + 6 - len({*train, *heldout})}
