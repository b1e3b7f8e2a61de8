"""Which of the candidate documents are kept, and which of those are held out: by content alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from midspan.corpus.licences import licence_class
from midspan.corpus.listing import Excluded
from midspan.corpus.reading import Candidate

_LICENCE_ORDER = {"permissive": 0, "unknown": 1, "non-permissive": 2}


def drop_copies(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Excluded]]:
    """Keep one of the documents with the same text: the best licence, then the first repository and path."""
    kept: dict[str, Candidate] = {}
    for candidate in candidates:
        rival = kept.get(candidate.id)
        if rival is None or _priority(candidate) < _priority(rival):
            kept[candidate.id] = candidate
    return _part(candidates, {id(one) for one in kept.values()}, "exact copy", lambda one: _where(kept[one.id]))


def cap_bytes(candidates: Sequence[Candidate], max_bytes: int) -> tuple[list[Candidate], list[Excluded]]:
    """Keep documents up to `max_bytes`, in the order of their hashes: a sample that favours nothing."""
    chosen = set()
    total = 0
    for candidate in sorted(candidates, key=lambda one: one.id[::-1]):  # not the order of the split
        total += candidate.size
        if total > max_bytes:
            break
        chosen.add(id(candidate))
    return _part(candidates, chosen, "over max_bytes", lambda one: f"{one.size} bytes")


def choose_heldout(candidates: Sequence[Candidate], fraction: float) -> set[str]:
    """The ids of the held-out documents: those whose hash is below `fraction`.

    Where there are two documents or more and `fraction` is not 0, both sides get at least one.
    """
    ordered = sorted(candidate.id for candidate in candidates)
    if fraction == 0 or len(ordered) < 2:
        return set()
    below = sum(int(one[:13], 16) < fraction * 16**13 for one in ordered)
    return set(ordered[: min(max(below, 1), len(ordered) - 1)])


def _priority(candidate: Candidate) -> tuple[int, str, str]:
    return _LICENCE_ORDER[licence_class(candidate.licence)], candidate.repository, candidate.path


def _where(candidate: Candidate) -> str:
    return f"of {candidate.repository}: {candidate.path}"


def _part(
    candidates: Sequence[Candidate], kept: set[int], reason: str, detail: Callable[[Candidate], str]
) -> tuple[list[Candidate], list[Excluded]]:
    """Part the candidates into those whose `id()` is in `kept`, and the others as excluded for `reason`."""
    left = [one for one in candidates if id(one) in kept]
    dropped = [Excluded(one.repository, one.path, reason, detail(one)) for one in candidates if id(one) not in kept]
    return left, dropped
