"""The files of a repository, dependencies before dependents (DeepSeek-Coder, arXiv 2401.14196, algorithm 1).

As there: imports are edges, disconnected parts stand one after the other, and the file with the fewest dependencies
still to come is next. Other than there: a module is found in an index and not by comparing all files; a cycle is broken
among its own files only, so that no file outside it is put before what it needs; ties are decided by path.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from midspan.corpus.repositories.modules import ModuleIndex

File = tuple[str, str, str]  # path, text, language
Graph = Sequence[Sequence[int]]  # for each node its neighbours
RepositoryOrder = Literal["dependency", "random"]


def order_files(files: Sequence[File], seed: int, how: RepositoryOrder) -> list[int]:
    """The places of `files`, all of one repository, in their order: by dependency, or seeded random.

    The order of the files given does not matter. Linear in files and imports but for sorting.
    """
    by_path = sorted(range(len(files)), key=lambda place: (files[place][0].split("/"), *files[place][1:]))
    if how == "random":
        return sorted(by_path, key=lambda place: _drawn(seed, files[place][0]))
    index = ModuleIndex([files[place] for place in by_path])
    imports = [index.imported_by(place) for place in range(len(files))]
    at_once = [{other for other, firm in found.items() if firm} for found in imports]
    ordered = dependencies_first([sorted(found) for found in imports], at_once)
    return [by_path[place] for place in ordered]


def _drawn(seed: int, path: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{path}".encode("utf-8", "surrogatepass")).digest()


def dependencies_first(needs: Graph, firm: Sequence[Collection[int]]) -> list[int]:
    """An order of the nodes 0, 1 … in which each comes after those it needs, but for cycles; ties by number.

    `firm[node]` are those of `needs[node]` that rather hold when a cycle is broken. The nodes of a cycle (a strongly
    connected component) stay together; of them the one with the fewest firm needs left, then the fewest, is next.
    """
    needed_by: list[list[int]] = [[] for _ in needs]
    for place, others in enumerate(needs):
        for other in others:
            needed_by[other].append(place)
    cycle_of = _cycles(needs)
    members: dict[int, list[int]] = {}
    for place, cycle in enumerate(cycle_of):
        members.setdefault(cycle, []).append(place)
    waiting = {
        cycle: sum(cycle_of[other] != cycle for place in places for other in needs[place])
        for cycle, places in members.items()
    }
    ordered: list[int] = []
    for part in _parts(needs, needed_by):
        ready = [(members[cycle][0], cycle) for cycle in {cycle_of[place] for place in part} if not waiting[cycle]]
        heapq.heapify(ready)
        while ready:
            _, cycle = heapq.heappop(ready)
            ordered += _within_cycle(members[cycle], needs, firm, needed_by)
            for dependent in (one for place in members[cycle] for one in needed_by[place]):
                if cycle_of[dependent] != cycle:
                    waiting[cycle_of[dependent]] -= 1
                    if not waiting[cycle_of[dependent]]:
                        heapq.heappush(ready, (members[cycle_of[dependent]][0], cycle_of[dependent]))
    return ordered


def _within_cycle(places: list[int], needs: Graph, firm: Sequence[Collection[int]], needed_by: Graph) -> Iterator[int]:
    inside = set(places)

    def open_needs(place: int) -> tuple[int, int]:
        return sum(other in inside for other in firm[place]), sum(other in inside for other in needs[place])

    missing = {place: open_needs(place) for place in places}
    heap = [(counts, place) for place, counts in missing.items()]
    heapq.heapify(heap)
    while heap:
        counts, place = heapq.heappop(heap)
        if place not in inside or counts != missing[place]:
            continue
        inside.remove(place)
        yield place
        for dependent in needed_by[place]:
            if dependent in inside:
                missing[dependent] = (missing[dependent][0] - (place in firm[dependent]), missing[dependent][1] - 1)
                heapq.heappush(heap, (missing[dependent], dependent))


def _parts(needs: Graph, needed_by: Graph) -> Iterator[list[int]]:
    """The connected parts of the graph, by their first place."""
    seen = [False] * len(needs)
    for start in range(len(needs)):
        if seen[start]:
            continue
        seen[start] = True
        part = [start]
        for place in part:  # grows as it is read
            for other in itertools.chain(needs[place], needed_by[place]):
                if not seen[other]:
                    seen[other] = True
                    part.append(other)
        yield part


def _cycles(needs: Graph) -> list[int]:
    """The strongly connected component of each place (Tarjan, 1972, without recursion), named by one of its places."""
    unseen = -1
    number, lowest, component = ([unseen] * len(needs) for _ in range(3))
    open_places: list[int] = []
    count = 0
    for start in range(len(needs)):
        if number[start] != unseen:
            continue
        path = [(start, iter(needs[start]))]
        number[start] = lowest[start] = count
        count += 1
        open_places.append(start)
        while path:
            place, others = path[-1]
            other = next(others, None)
            if other is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[place])
                if lowest[place] == number[place]:
                    while component[place] == unseen:
                        component[open_places.pop()] = place
            elif number[other] == unseen:
                number[other] = lowest[other] = count
                count += 1
                open_places.append(other)
                path.append((other, iter(needs[other])))
            elif component[other] == unseen:
                lowest[place] = min(lowest[place], number[other])
    return component
