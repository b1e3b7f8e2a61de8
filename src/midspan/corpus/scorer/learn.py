"""From labels to a scorer: copies once, folds of like texts together, a model for each fold's labels, one of all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.dedup import near_duplicates
from midspan.corpus.quality.content import comment_share
from midspan.corpus.quality.text import Text
from midspan.corpus.scorer.features import VIEW, Buckets, buckets_of
from midspan.corpus.scorer.labels import Labelled, read_labels
from midspan.corpus.scorer.model import Scorer
from midspan.corpus.scorer.regression import fit
from midspan.corpus.scorer.trial import trial_at
from midspan.errors import UserError
from midspan.files import hash_text

FOLDS = 5
LEAST, LEAST_OF_A_KIND = 40, 10  # labels
MOST = 20_000  # labels that are learnt from: the first by their hashes
LEAN = 0.3  # a correlation of scores and comments from which on it is said


def learn_scorer(
    labels: Path, output: Path, corpus: Path | None, good_from: float | None, evaluation: Sequence[Path]
) -> tuple[Scorer, float]:
    """Learn a scorer and write it to `output`; the scorer, and at how many MB/s of processor time it scores.

    UserError for labels that cannot be read, are too few or all of one kind.
    """
    read, left_out = read_labels(labels, corpus, good_from)
    chosen = _once(read, left_out)
    chosen = _unseen_by_evaluations(chosen, evaluation, left_out)
    _check_enough(chosen, left_out, labels)
    buckets = [buckets_of(one.text) for one in chosen]
    good = np.array([one.good for one in chosen])
    scores = _scores_unseen(buckets, good, _folds(chosen))
    weights, bias = fit(buckets, good)
    trial = {
        "scores": scores,
        "good": good.tolist(),
        "languages": [one.language for one in chosen],
    }
    facts: dict[str, Any] = {
        "labels": len(chosen),
        "good": int(good.sum()),
        "left_out": dict(left_out.most_common()),
        "comments": _lean_to_comments(chosen, scores),
        "at_half": {name: value for name, value in trial_at(trial, 0.5).items() if name != "by_language"},
        "trial": trial,
    }
    scorer = Scorer(weights, bias, facts)
    scorer.save(output)
    return scorer, _speed(scorer, chosen)


def _once(read: list[Labelled], left_out: Counter[str]) -> list[Labelled]:
    """Each text once, in the order of hashes; those that are labelled both ways not at all."""
    kinds: dict[str, set[bool]] = {}
    for one in read:
        kinds.setdefault(one.id, set()).add(one.good)
    first = {one.id: one for one in reversed(read)}
    contradicted = {identifier for identifier, found in kinds.items() if len(found) > 1}
    left_out["labelled both ways"] += len(contradicted)
    left_out["exact copies"] += len(read) - len(first)
    chosen = sorted((one for name, one in first.items() if name not in contradicted), key=lambda one: one.id)
    left_out["over the most that are learnt from"] += max(len(chosen) - MOST, 0)
    return chosen[:MOST]


def _unseen_by_evaluations(chosen: list[Labelled], files: Sequence[Path], left_out: Counter[str]) -> list[Labelled]:
    """Without the texts that hold an item of an evaluation set: a scorer must not learn to find those."""
    if missing := [file for file in files if not file.is_file()]:
        raise UserError(f"--decontaminate: no file {missing[0]}")
    if not files:
        return chosen
    index = EvaluationIndex.build(list(files))
    kept = [one for one in chosen if index.find(one.text) is None]
    left_out["hold an item of an evaluation set"] += len(chosen) - len(kept)
    return kept


def _check_enough(chosen: list[Labelled], left_out: Counter[str], labels: Path) -> None:
    for reason in [reason for reason, count in left_out.items() if not count]:
        del left_out[reason]
    good = sum(one.good for one in chosen)
    if len(chosen) >= LEAST and min(good, len(chosen) - good) >= LEAST_OF_A_KIND:
        return
    passed_over = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    raise UserError(
        f"{labels}: {len(chosen)} labels, {good} of them good{passed_over and f' (left out: {passed_over})'}: a scorer "
        f"needs {LEAST} at least, {LEAST_OF_A_KIND} of each kind, and a few hundred to be worth anything"
    )


def _folds(chosen: list[Labelled]) -> npt.NDArray[np.int64]:
    """To which fold each text belongs: near-copies to the same one, both kinds to all, by hashes."""
    survivors = near_duplicates([one.text for one in chosen], [(one.id,) for one in chosen])
    groups = [own if survivor is None else survivor for own, survivor in enumerate(survivors)]
    heads = sorted(set(groups), key=lambda head: hash_text(chosen[head].id))
    folds: dict[int, int] = {}
    for kind in (True, False):
        for number, head in enumerate(head for head in heads if chosen[head].good is kind):
            folds[head] = number % FOLDS
    return np.array([folds[group] for group in groups])


def _scores_unseen(rows: list[Buckets], good: npt.NDArray[np.bool_], folds: npt.NDArray[np.int64]) -> list[float]:
    """The score of each text by a model that has seen neither it nor anything like it."""
    scores = [0.0] * len(rows)
    for fold in range(FOLDS):
        seen = np.flatnonzero(folds != fold)
        kinds = good[seen]
        if kinds.all() or not kinds.any():
            raise UserError("the labels of one kind are nearly all copies of each other: label other files")
        model = Scorer(*fit([rows[place] for place in seen], kinds), {})
        for place in np.flatnonzero(folds == fold).tolist():
            scores[place] = model.score_buckets(rows[place])
    return scores


def _lean_to_comments(chosen: list[Labelled], scores: list[float]) -> float | None:
    """The correlation of scores and shares of comments: scorers learn to like comments (Stack-Edu's card says so)."""
    pairs = []
    for one, score in zip(chosen, scores, strict=True):
        share = comment_share(Text(one.text, one.path, one.language))
        if share is not None:
            pairs.append((score, share))
    if len(pairs) < LEAST:
        return None
    found = np.array(pairs)
    if (found.std(axis=0) == 0).any():
        return None
    return round(float(np.corrcoef(found.T)[0, 1]), 2)


def _speed(scorer: Scorer, chosen: list[Labelled]) -> float:
    """MB of text, as far as it is looked at, per second of processor time."""
    size = sum(min(len(one.text.encode()), VIEW) for one in chosen)
    started, rounds = time.process_time(), 0
    while time.process_time() - started < 0.2:
        for one in chosen:
            scorer.score(one.text)
        rounds += 1
    return rounds * size / 1e6 / (time.process_time() - started)
