"""A scorer of one's own: learnt from few labels, judged by some it has not seen, refused where there are too few."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.corpus.scorer import OwnJudge, Scorer, learn_scorer, trial_at
from midspan.corpus.scorer.features import BUCKETS, VIEW, buckets_of
from midspan.corpus.scorer.labels import Labelled
from midspan.corpus.scorer.learn import _folds
from midspan.corpus.scorer.trial import wilson
from midspan.errors import UserError
from midspan.files import hash_path
from midspan.recipe import Corpus

WORDS = {
    True: ["parse", "token", "buffer", "index", "length"],
    False: ["assertEqual", "setUp", "mock", "fixture", "tearDown"],
}


def text_of(good: bool, seed: int) -> str:
    """Code in the words of its kind, half of them of neither; no two are alike."""
    rng = random.Random(seed)
    names = [f"{rng.choice(WORDS[good])}_{rng.randrange(10**6)}" for _ in range(20)]
    return "".join(f"def {name}(value):\n    return value + {rng.randrange(10**6)}\n" for name in names)


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    return [
        {"path": f"{n}.py", "language": "python", "label": n % 2 == 0, "text": text_of(n % 2 == 0, seed + n)}
        for n in range(count)
    ]


def write(file: Path, found: list[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in found))
    return file


def learn(labels: Path, output: Path, **options: Any) -> Scorer:
    given = {"corpus": None, "good_from": None, "evaluation": []} | options
    return learn_scorer(labels, output, **given)[0]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scorer")
    learn(write(folder / "labels.jsonl", rows(80)), folder / "scorer")
    return folder / "scorer"


def test_it_tells_apart_what_it_has_not_seen(scorer: Path) -> None:
    found = Scorer.load(scorer)
    right = [(found.score(text_of(good, seed)) >= 0.5) is good for good in (True, False) for seed in range(900, 950)]
    assert sum(right) >= 90
    trial = trial_at(found.facts["trial"], 0.5)
    assert trial["labels"] == 80
    assert trial["precision"] >= 0.9
    assert trial["recall"] >= 0.9
    low, high = trial["precision_interval"]
    assert low < trial["precision"] <= high


def test_labels_by_chance_are_not_told_apart(tmp_path: Path) -> None:
    chance = random.Random(5)
    found = learn(
        write(tmp_path / "labels.jsonl", [row | {"label": chance.random() < 0.5} for row in rows(120)]),
        tmp_path / "out",
    )
    assert trial_at(found.facts["trial"], 0.5)["precision"] < 0.7  # though it knows by heart what it was shown


def test_the_same_labels_give_the_same_scorer_in_any_order(tmp_path: Path) -> None:
    found = rows(60)
    learn(write(tmp_path / "one.jsonl", found), tmp_path / "one")
    random.Random(1).shuffle(found)
    learn(write(tmp_path / "other.jsonl", found), tmp_path / "other")
    assert hash_path(tmp_path / "one") == hash_path(tmp_path / "other")


def test_near_copies_are_in_one_fold_and_exact_ones_count_once(tmp_path: Path) -> None:
    texts = [text_of(n % 2 == 0, n) for n in range(60)]
    copies = [Labelled(f"{n:032x}", text, "", "python", n % 2 == 0) for n, text in enumerate(texts)]
    copies += [Labelled(f"{100 + n:032x}", text + "x = 1\n", "", "python", n % 2 == 0) for n, text in enumerate(texts)]
    folds = _folds(copies)
    assert (folds[:60] == folds[60:]).all()
    assert set(folds.tolist()) == set(range(5))
    found = rows(60)
    learnt = learn(write(tmp_path / "labels.jsonl", found + found[:7]), tmp_path / "out")
    assert (learnt.facts["labels"], learnt.facts["left_out"]) == (60, {"exact copies": 7})


def test_a_text_that_is_labelled_both_ways_is_left_out(tmp_path: Path) -> None:
    found = rows(60)
    learnt = learn(write(tmp_path / "labels.jsonl", [*found, found[0] | {"label": False}]), tmp_path / "out")
    assert learnt.facts["labels"] == 59
    assert learnt.facts["left_out"]["labelled both ways"] == 1


def test_what_holds_an_evaluation_item_is_not_learnt_from(tmp_path: Path) -> None:
    found = rows(60)
    problems = write(tmp_path / "problems.jsonl", [{"task_id": "a/0", "prompt": found[3]["text"]}])
    learnt = learn(write(tmp_path / "labels.jsonl", found), tmp_path / "out", evaluation=[problems])
    assert learnt.facts["labels"] == 59
    assert learnt.facts["left_out"] == {"hold an item of an evaluation set": 1}


def test_labels_come_as_words_and_scores_in_three_kinds_of_table(tmp_path: Path) -> None:
    found = rows(60)
    learn(write(tmp_path / "labels.jsonl", found), tmp_path / "true")
    words = [row | {"label": "good" if row["label"] else "Bad"} for row in found]
    with (tmp_path / "words.csv").open("w", newline="") as lines:
        table = csv.DictWriter(lines, list(words[0]))
        table.writeheader()
        table.writerows(words)
    learn(tmp_path / "words.csv", tmp_path / "csv")
    scores = [
        {name: row[name] for name in ("path", "language", "text")} | {"score": 4.5 if row["label"] else 2}
        for row in found
    ]
    pq.write_table(pa.Table.from_pylist(scores), tmp_path / "scores.parquet")
    learn(tmp_path / "scores.parquet", tmp_path / "parquet", good_from=3)
    assert hash_path(tmp_path / "true") == hash_path(tmp_path / "csv") == hash_path(tmp_path / "parquet")


def test_languages_with_few_labels_are_counted_by_themselves(tmp_path: Path) -> None:
    found = rows(60)
    for row in found[:4]:
        row |= {"language": "Go", "path": "a.go"}
    trial = trial_at(learn(write(tmp_path / "labels.jsonl", found), tmp_path / "out").facts["trial"], 0.5)
    assert {name: one["labels"] for name, one in trial["by_language"].items()} == {"go": 4, "python": 56}


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (rows(20), "20 labels, 10 of them good"),
        ([row for row in rows(120) if row["label"]], "60 labels, 60 of them good"),
        ([row | {"label": None} for row in rows(80)], "80 no label yet"),
        ([{"text": "a"}], "no column label or good or keep or score, only text"),
        ([{"text": "a", "label": "perhaps"}], "'perhaps' is no label"),
        ([{"text": "a", "label": 3}], "--good-from"),
        ([{"path": "a.py", "label": 1}], "--corpus RUN"),
        ([{"label": 1}], "neither a text"),
    ],
)
def test_labels_that_cannot_be_learnt_from_are_refused_in_one_line(
    tmp_path: Path, found: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(UserError, match=message) as error:
        learn(write(tmp_path / "labels.jsonl", found), tmp_path / "out")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_lines_that_are_no_labels_are_named(tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text('{"text": "a", "label": 1}\nnot json\n')
    with pytest.raises(UserError, match="line 2"):
        learn(tmp_path / "labels.jsonl", tmp_path / "out")
    with pytest.raises(UserError, match="no labels at"):
        learn(tmp_path / "absent.jsonl", tmp_path / "out")
    (tmp_path / "labels.txt").write_text("good")
    with pytest.raises(UserError, match="labels come as"):
        learn(tmp_path / "labels.txt", tmp_path / "out")


def test_a_folder_without_a_whole_scorer_is_refused_before_the_build(scorer: Path, tmp_path: Path) -> None:
    assert OwnJudge.of(Corpus()) is None
    judge = OwnJudge.of(Corpus.model_validate({"scorer": {"path": str(scorer), "threshold": 0.5}}))
    assert judge is not None
    assert judge.why_not(text_of(True, 901)) is None
    reason, detail = judge.why_not(text_of(False, 901)) or ("", "")
    assert reason == "own scorer"
    assert detail.startswith("score 0.")
    with pytest.raises(UserError, match="learn-scorer"):
        OwnJudge.of(Corpus.model_validate({"scorer": {"path": str(tmp_path)}}))
    (tmp_path / "scorer.json").write_text('{"format": 1, "bias": 0}')
    np.save(tmp_path / "weights.npy", np.zeros(3))
    with pytest.raises(UserError, match="learn it anew"):
        OwnJudge.of(Corpus.model_validate({"scorer": {"path": str(tmp_path)}}))


def brute_force(text: str) -> set[int]:
    """The buckets, one 4-gram at a time."""
    data, found = text.encode()[:VIEW], set()
    for place in range(len(data) - 3):
        value = int.from_bytes(data[place : place + 4], "big")
        value ^= value >> 16
        value = value * 0x85EBCA6B % 2**32
        value ^= value >> 13
        value = value * 0xC2B2AE35 % 2**32
        found.add(value >> 14)
    return found


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_buckets_are_those_of_each_4_gram(text: str) -> None:
    found = buckets_of(text)
    assert found.tolist() == sorted(brute_force(text))
    assert all(0 <= bucket < BUCKETS for bucket in found.tolist())


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_interval_holds_the_share_and_narrows(hits: int, more: int) -> None:
    trials = hits + more
    low, high = wilson(hits, trials)
    assert 0 <= low <= high <= 1
    if trials:
        assert low - 1e-4 <= hits / trials <= high + 1e-4
        wider = wilson(10 * hits, 10 * trials)
        assert wider[1] - wider[0] <= high - low


def test_the_interval_is_that_of_the_textbook() -> None:
    assert wilson(81, 263) == (0.2553, 0.3662)  # Newcombe, Statistics in Medicine 17 (1998), table I
