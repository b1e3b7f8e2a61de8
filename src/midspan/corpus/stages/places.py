"""Cutting a corpus into shards by repository, source and path: ranges of about equal bytes, known from samples alone.

The shards in their order hold the whole corpus in the order of repository and path, and the memory of a task is that
of one shard, however large the corpus or one of its repositories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

Place = tuple[str, str, str]  # repository, source, path
SizedPlace = tuple[str, str, str, int]  # a place, and the bytes that it stands for

WHOLE_SHARDS = 8  # a repository of up to so many shards' bytes is not cut


def sample_places(documents: Iterable[SizedPlace], every: int) -> list[SizedPlace]:
    """A place for every `every` bytes of documents, which come in order."""
    samples: list[SizedPlace] = []
    size = 0
    place = ("", "", "")
    for *names, own in documents:
        place = (names[0], names[1], names[2])
        size += own
        if size >= every:
            samples.append((*place, size))
            size = 0
    if size:
        samples.append((*place, size))
    return samples


def cut_places(samples: Iterable[SizedPlace], shards: int) -> list[Place]:
    """The first places of all shards but the first; there may be fewer than `shards`."""
    ordered = sorted((repository, source, path, size) for repository, source, path, size in samples)
    by_repository: Counter[tuple[str, str]] = Counter()
    for repository, source, _, size in ordered:
        by_repository[repository, source] += size
    total = by_repository.total()
    cuts: set[Place] = set()
    reached = 0
    for repository, source, path, size in ordered:
        shard = reached * shards // total
        reached += size
        if shard < min(reached * shards // total, shards - 1):  # here the next shard begins
            whole = by_repository[repository, source] * shards <= total * WHOLE_SHARDS
            cuts.add((repository, source, "" if whole else path))
    first = ordered[0][:2] if ordered else ("", "")
    return sorted(cuts - {(*first, "")})
