"""Two models on the same items: the paired difference of a score, and how sure it is.

Items of one file are not independent of each other, so the error is that of clusters (Miller 2024, "Adding Error Bars
to Evals", arXiv 2411.00640, sections 2.2 and 4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, mean
from typing import Any, NamedTuple

import numpy as np

from midspan.evaluate.result import Result, Score

LEAST_CLUSTERS = 5  # below, there is no telling how far they vary


@dataclass(frozen=True)
class Difference:
    """How much higher a score of the second model is, over the items that both were asked."""

    score: Score  # the second model's
    before: float
    after: float
    low: float | None  # of the 95 % interval of after - before; None: too few clusters
    high: float | None
    wins: int  # items that became better
    losses: int
    items: int
    clusters: int

    @property
    def clear(self) -> bool:
        """Whether chance is an unlikely reason for it."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    @property
    def chance(self) -> float | None:
        """How often chance alone would divide the items that changed so unevenly: McNemar's exact test, two-sided.

        None for what is not passed or failed, and where items are not independent of each other.
        """
        changed = self.wins + self.losses
        if not self.score.binomial or self.score.trials is None or self.clusters < self.items:
            return None
        tail = sum(math.comb(changed, few) for few in range(min(self.wins, self.losses) + 1))
        return min(1.0, float(2 * tail / 2.0**changed))

    @property
    def better(self) -> bool:
        """Whether it lies on the better side of nothing."""
        return (self.after > self.before) == (self.score.better == "higher")


def comparable(one: Result, other: Result) -> bool:
    """Whether both were asked the same, by the same version."""
    return one.benchmark == other.benchmark and one.asked == other.asked


def compare(score: Score, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Difference | None:
    """The difference of `score` between the rows of two models; None where no item has it in both.

    A score is a sum over a sum (bits over bytes) or a mean; its error is the linearised one of cluster totals.
    """
    earlier, later = _by_item(before, score), _by_item(after, score)
    pairs = [(earlier[name], later[name]) for name in later if name in earlier]
    if not pairs:
        return None
    values = np.array([[one.value, other.value] for one, other in pairs])  # [items, 2]
    weights = np.array([[one.weight, other.weight] for one, other in pairs])  # [items, 2]
    means = values.sum(0) / weights.sum(0)  # [2]
    residual = ((values - means * weights) / weights.sum(0)) @ np.array([-1.0, 1.0])  # [items]
    clusters: dict[str, float] = {}
    for (one, _), left in zip(pairs, residual.tolist(), strict=True):
        clusters[one.cluster] = clusters.get(one.cluster, 0.0) + left
    half = _half_interval(list(clusters.values()))
    difference = float(means[1] - means[0])
    gains = (values / weights) @ np.array([-1.0, 1.0]) * (1 if score.better == "higher" else -1)
    return Difference(
        score,
        float(means[0]),
        float(means[1]),
        None if half is None else difference - half,
        None if half is None else difference + half,
        int((gains > 0).sum()),
        int((gains < 0).sum()),
        len(pairs),
        len(clusters),
    )


class _Item(NamedTuple):
    value: float
    weight: float
    cluster: str


def _by_item(rows: Sequence[Mapping[str, Any]], score: Score) -> dict[tuple[str, str], _Item]:
    """What each item adds to a score: the mean over its answers, where it was asked more often than once."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if _counts(row, score):
            found.setdefault((row["item"], row["group"]), []).append(row)
    return {
        name: _Item(mean(_value(row, score) for row in of), mean(_weight(row, score) for row in of), of[0]["cluster"])
        for name, of in found.items()
    }


def with_error(score: Score, rows: Sequence[Mapping[str, Any]]) -> Score:
    """The score of these rows with half of its 95 % interval, where there are enough clusters to tell."""
    counted = [row for row in rows if _counts(row, score)]
    weight = sum(_weight(row, score) for row in counted)
    clusters: dict[str, float] = {}
    for row in counted:
        left = (_value(row, score) - score.value * _weight(row, score)) / weight
        clusters[row["cluster"]] = clusters.get(row["cluster"], 0.0) + left
    return replace(score, error=_half_interval(list(clusters.values())), clusters=len(clusters))


def _half_interval(totals: Sequence[float]) -> float | None:
    """Half of the 95 % interval of a sum of cluster totals, with Student's t for so many clusters."""
    count = len(totals)
    if count < LEAST_CLUSTERS:
        return None
    error = math.sqrt(count / (count - 1) * sum(total * total for total in totals))
    return student_quantile(count - 1) * error


def student_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t: Cornish and Fisher's expansion, right to 0.002 from 4 degrees on."""
    z: float = NormalDist().inv_cdf(0.975)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / freedom**power for power, term in enumerate(terms))


def _counts(row: Mapping[str, Any], score: Score) -> bool:
    return score.group in ("", row["group"]) and score.measure in row and (not score.per or row[score.per] > 0)


def _value(row: Mapping[str, Any], score: Score) -> float:
    return float(row[score.measure])


def _weight(row: Mapping[str, Any], score: Score) -> float:
    return float(row[score.per]) if score.per else 1.0
