"""What the segments of rows are made of: stretches of documents, alone or with others of their repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from midspan.batches.repositories import Joining, file_header, repository_opening
from midspan.errors import UserError

SHORTEST_SPAN = 64  # a file is not split to fill a smaller rest of a repository's sample


@dataclass(frozen=True)
class Span:
    """Tokens [start, end) of the shard, all of one document."""

    document: int  # its number in the shard
    start: int
    end: int
    begins_document: bool
    ends_document: bool


@dataclass(frozen=True)
class Sample:
    """What one segment is made of: one span, or spans of several files of a repository."""

    spans: tuple[Span, ...]
    continues: bool = False  # an earlier sample holds the repository's first files


SPAN = np.dtype([("document", "<i8"), ("start", "<i8"), ("end", "<i8"), ("begins", "?"), ("ends", "?")])


@dataclass(frozen=True)
class Samples:
    """Many samples as arrays: sample s has the spans [first[s], first[s + 1])."""

    spans: NDArray[Any]  # [spans] of SPAN
    first: NDArray[np.int64]  # [samples + 1]
    continues: NDArray[np.bool_]  # [samples]
    lengths: NDArray[np.int64]  # [samples], the most positions each can take

    def take(self, order: NDArray[np.int64]) -> Samples:
        """The samples in another order, their spans with them."""
        counts = np.diff(self.first)[order]
        first = np.concatenate([[0], np.cumsum(counts)])
        spans = np.arange(first[-1]) + np.repeat(self.first[:-1][order] - first[:-1], counts)
        return Samples(self.spans[spans], first, self.continues[order], self.lengths[order])


def single_samples(documents: pa.Table, context: int, reserve: int) -> Samples:
    """Each document (number, start, end) a sample; of one that is longer than a row, as many as it takes."""
    longest = context - reserve
    if longest <= 0:
        raise UserError(f"a context of {context} has no room for text beside {reserve} positions kept free: raise it")
    number, start, end = (documents[name].to_numpy() for name in ("number", "start", "end"))  # [documents]
    pieces = -(-(end - start) // longest)
    document = np.repeat(np.arange(len(number)), pieces)  # [spans]
    piece = np.arange(len(document)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    spans = np.empty(len(document), SPAN)
    spans["document"] = number[document]
    spans["start"] = start[document] + piece * longest
    spans["end"] = np.minimum(spans["start"] + longest, end[document])
    spans["begins"], spans["ends"] = piece == 0, spans["end"] == end[document]
    lengths = spans["end"] - spans["start"] + reserve
    return Samples(spans, np.arange(len(spans) + 1), np.zeros(len(spans), dtype=bool), lengths)


def joined_samples(documents: pa.Table, joining: Joining, before: str | None, context: int, reserve: int) -> Samples:
    """Samples of documents (number, start, end, repository, path) that join the files of one repository.

    `before` is the repository of the document before the first, whose files may go on here. A corpus may hold a
    repository several times: each of its passes is a repository to be read by itself.
    """
    repositories, paths = documents["repository"].to_pylist(), documents["path"].to_pylist()
    number, start, end = (documents[name].to_pylist() for name in ("number", "start", "end"))
    headers = [len(file_header(joining.tokenizer, path)) for path in paths]
    files_of: dict[tuple[str, int], list[int]] = {}
    passes: Counter[tuple[str, str]] = Counter()
    for index, file in enumerate(zip(repositories, paths, strict=True)):
        files_of.setdefault((file[0], passes[file]), []).append(index)
        passes[file] += 1
    spans: list[tuple[int, int, int, bool, bool]] = []
    first, continues, lengths = [0], [], []
    for (repository, turn), files in sorted(files_of.items()):
        opening = len(repository_opening(joining.tokenizer, repository, continues=False))
        goes_on = repository == before and turn == 0
        ordered = joining.arrange(files, repository, turn)
        sizes = [(headers[file] + reserve, end[file] - start[file]) for file in ordered]
        for cuts, length in _cut_to_fit(sizes, opening, context):
            for place, at, stop in cuts:
                file = ordered[place]
                whole = end[file] - start[file]
                spans.append((number[file], start[file] + at, start[file] + stop, at == 0, stop == whole))
            first.append(len(spans))
            continues.append(goes_on)
            lengths.append(length)
            goes_on = True
    return Samples(np.array(spans, SPAN), np.array(first), np.array(continues, bool), np.array(lengths, np.int64))


def _cut_to_fit(
    sizes: list[tuple[int, int]], opening: int, context: int
) -> Iterator[tuple[list[tuple[int, int, int]], int]]:
    """Fill samples with files one after the other; a file goes on in the next sample where it must.

    `sizes` are the positions that each file takes beside its tokens, and its tokens. Yields for each sample its
    [(file, first token, last token)] and the positions that it takes.
    """
    cuts: list[tuple[int, int, int]] = []
    used = opening
    for file, (beside, size) in enumerate(sizes):
        at = 0
        while at < size:
            room = context - used - beside
            if cuts and room < min(size - at, SHORTEST_SPAN):
                yield cuts, used
                cuts, used = [], opening
                continue
            if room <= 0:
                raise UserError(f"a context of {context} has no room for a file after its name ({beside} tokens): raise it")
            taken = min(room, size - at)
            cuts.append((file, at, at + taken))
            used += beside + taken
            at += taken
    if cuts:
        yield cuts, used
