"""A few hundred files of a corpus to be labelled, by hand or by a judge: of every language some."""

from __future__ import annotations

import heapq
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from midspan.corpus.documents import read_documents
from midspan.corpus.scorer.features import VIEW
from midspan.errors import UserError
from midspan.files import atomic_file, hash_text


def write_files_to_label(corpus: Path, count: int, output: Path) -> Counter[str]:
    """Write JSON lines with id, repository, path, language, text and an empty label; how many of which language.

    Languages get places by the square root of their documents, so that rare ones have some; within one, hashes draw.
    The text is what the scorer will look at: the beginning of a long file. UserError if `output` is there already: it
    may hold somebody's work.
    """
    if output.exists():
        raise UserError(f"{output} is there already, perhaps with labels: move it away, or name another --output")
    chosen = _draw(corpus / "train", count)
    written: Counter[str] = Counter()
    with atomic_file(output) as aside, aside.open("w", encoding="utf-8") as lines:
        for one in read_documents(corpus / "train"):
            if one.id in chosen:
                chosen.remove(one.id)  # a further pass over the file is the same one
                row = {name: getattr(one, name) for name in ("id", "repository", "path", "language")}
                text = one.text.encode()[:VIEW].decode("utf-8", "ignore")
                lines.write(json.dumps({**row, "label": None, "text": text}, ensure_ascii=False) + "\n")
                written[one.language] += 1
    return written


def _draw(folder: Path, count: int) -> set[str]:
    """The ids of the drawn documents; at most `count` of each language are held."""
    lowest: dict[str, list[tuple[int, str]]] = {}  # a heap with the largest of the lowest on top
    there: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    for identifier, language in _ids(folder):
        there[language] += 1
        heap, known = lowest.setdefault(language, []), seen.setdefault(language, set())
        key = -int(hash_text(identifier), 16)
        if identifier not in known and (len(heap) < count or key > heap[0][0]):
            known.add(identifier)
            heapq.heappush(heap, (key, identifier))
            if len(heap) > count:
                known.discard(heapq.heappop(heap)[1])
    places = _places({language: len(heap) for language, heap in lowest.items()}, there, count)
    return {
        identifier
        for language, heap in lowest.items()
        for _, identifier in sorted(heap, reverse=True)[: places[language]]
    }


def _places(available: dict[str, int], there: Counter[str], count: int) -> Counter[str]:
    """How many of each language: one after the other to whoever has fewest for the root of its documents."""
    places: Counter[str] = Counter()
    waiting = [(1 / math.sqrt(there[language]), language) for language in available]
    heapq.heapify(waiting)
    while waiting and places.total() < count:
        _, language = heapq.heappop(waiting)
        places[language] += 1
        if places[language] < available[language]:
            heapq.heappush(waiting, ((places[language] + 1) / math.sqrt(there[language]), language))
    return places


def _ids(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(4096, columns=["id", "language"]):
                yield from zip(batch["id"].to_pylist(), batch["language"].to_pylist(), strict=True)
