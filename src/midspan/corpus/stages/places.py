"""Cutting a corpus into shards by repository and path: ranges of about equal bytes, known from samples alone.

The shards in their order hold the whole corpus in the order of repository and path, and the memory of a task is that
of one shard, however large the corpus or one of its repositories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

Place = tuple[str, str]  # repository, path
SizedPlace = tuple[str, str, int]  # a place, and the bytes that it stands for

WHOLE_SHARDS = 8  # a repository of up to so many shards' bytes is not cut


def sample_places(documents: Iterable[SizedPlace], every: int) -> list[SizedPlace]:
    """A place for every `every` bytes of documents, which come in order."""
    samples: list[SizedPlace] = []
    size = 0
    repository = path = ""
    for repository, path, own in documents:
        size += own
        if size >= every:
            samples.append((repository, path, size))
            size = 0
    if size:
        samples.append((repository, path, size))
    return samples


def cut_places(samples: Iterable[SizedPlace], shards: int) -> list[Place]:
    """The first places of all shards but the first; there may be fewer than `shards`."""
    ordered = sorted((repository, path, size) for repository, path, size in samples)
    by_repository: Counter[str] = Counter()
    for repository, _, size in ordered:
        by_repository[repository] += size
    total = by_repository.total()
    cuts: set[Place] = set()
    reached = 0
    for repository, path, size in ordered:
        shard = reached * shards // total
        reached += size
        if shard < min(reached * shards // total, shards - 1):  # here the next shard begins
            whole = by_repository[repository] * shards <= total * WHOLE_SHARDS
            cuts.add((repository, "" if whole else path))
    first = ordered[0][0] if ordered else ""
    return sorted(cuts - {(first, "")})
