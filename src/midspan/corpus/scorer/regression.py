"""Logistic regression on rows of buckets, both classes of equal weight; the same input gives the same weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from midspan.corpus.scorer.features import BUCKETS, Buckets
from midspan.corpus.scorer.model import WHOLE

PENALTY = 1e-3  # on the squared weights
LEAST_ROWS = 2  # that a bucket must be in: what one text has alone says nothing of others
STEPS = 120
SETTLED = 1e-5  # the longest entry of a gradient at which nothing changes any more
Floats = npt.NDArray[np.float64]


def fit(rows: Sequence[Buckets], good: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int32], float]:
    """Weights [BUCKETS] and bias of the model that tells the good rows from the others; both kinds must be there.

    Accelerated gradient descent (Nesterov 1983) at the step that the rows' length of one allows, which needs no search.
    """
    sizes = np.array([len(row) for row in rows])
    together = np.concatenate([np.empty(0, np.int64), *rows])
    owners = np.repeat(np.arange(len(rows)), sizes)
    kept = np.bincount(together, minlength=BUCKETS) >= LEAST_ROWS
    columns = np.cumsum(kept) - 1  # bucket → its place among those that are kept
    chosen = kept[together]
    column, owner = columns[together[chosen]], owners[chosen]
    value = (1 / np.sqrt(np.maximum(sizes, 1)))[owner]
    share = np.where(good, 0.5 / good.sum(), 0.5 / (~good).sum())
    count = int(kept.sum())
    weights, bias = np.zeros(count), 0.0
    ahead, ahead_bias, momentum = weights, bias, 1.0
    step = 1 / (0.5 + PENALTY)  # 1/4, the logistic function's steepest, of a row and the 1 beside it
    for _ in range(STEPS):
        logits = np.bincount(owner, ahead[column] * value, len(rows)) + ahead_bias
        errors = (1 / (1 + np.exp(-logits)) - good) * share
        gradient = np.bincount(column, errors[owner] * value, count) + PENALTY * ahead
        bias_gradient = float(errors.sum())
        before, bias_before, last = weights, bias, momentum
        weights, bias = ahead - step * gradient, ahead_bias - step * bias_gradient
        momentum = (1 + np.sqrt(1 + 4 * last * last)) / 2
        ahead = weights + (last - 1) / momentum * (weights - before)
        ahead_bias = bias + (last - 1) / momentum * (bias - bias_before)
        if max(float(np.abs(gradient).max(initial=0)), abs(bias_gradient)) < SETTLED:
            break
    whole = np.zeros(BUCKETS, np.int32)
    whole[kept] = np.round(weights * WHOLE).astype(np.int32)
    return whole, round(float(bias), 6)
