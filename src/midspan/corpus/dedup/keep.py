"""Which documents stay: in the order of priority, each one that is no near-copy of one already kept.

Connected components drop documents that resemble nothing which is kept (8 to 21 % of what they drop, measured); here
every dropped document has a kept one at the threshold or above.

The rounds of `candidates` verify only some pairs, yet end with the same documents as verifying all candidates would: at
the end (1) every dropped document resembles a better kept one, (2) no two kept documents of a bucket are alike. Only
the greedy choice has both properties: by induction over the priority, a document is kept exactly if no better one that
resembles it is kept.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from midspan.corpus.dedup.shingles import Indices


def greedy_keep(better: Indices, worse: Indices, ranks: Indices) -> Indices:
    """For each document the best kept one that it is a near-copy of, or -1 if it stays itself: [documents].

    `better` and `worse` [pairs] are the verified pairs, `ranks` [documents] the distinct places in the order of
    priority (smaller is better). Vectorised: who has no undecided better neighbour is decided, until all are.
    """
    assert bool(np.all(ranks[better] < ranks[worse]))
    kept = np.ones(len(ranks), np.bool_)
    undecided = np.zeros(len(ranks), np.bool_)
    undecided[worse] = True
    kept[worse] = False
    first, second = better, worse
    while len(first):
        dropped = np.zeros(len(ranks), np.bool_)
        dropped[second[kept[first]]] = True
        undecided &= ~dropped
        waiting = undecided[second] & undecided[first]
        free = undecided.copy()
        free[second[waiting]] = False
        kept |= free
        undecided &= ~free
        live = undecided[second]
        first, second = first[live], second[live]
    return _best_kept(better, worse, ranks, kept)


def _best_kept(better: Indices, worse: Indices, ranks: Indices, kept: npt.NDArray[np.bool_]) -> Indices:
    """For each document that is not kept, the best-ranked of its kept neighbours."""
    survivor = np.full(len(ranks), -1, np.int64)
    holds = kept[better] & ~kept[worse]
    first, second = better[holds], worse[holds]
    order = np.argsort(-ranks[first], kind="stable")  # the best is written last
    survivor[second[order]] = first[order]
    assert bool(np.all((survivor >= 0) == ~kept))
    return survivor
