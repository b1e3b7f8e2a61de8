"""What the segments of rows are made of: stretches of documents, alone or with others of their repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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


Whole = NDArray[np.int64]
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
    at = (np.arange(len(document)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * longest
    stop = np.minimum(at + longest, (end - start)[document])
    spans = _spans(number, start, end, document, at, stop)
    return Samples(spans, np.arange(len(spans) + 1), np.zeros(len(spans), dtype=bool), stop - at + reserve)


def joined_samples(documents: pa.Table, joining: Joining, before: str | None, context: int, reserve: int) -> Samples:
    """Samples of documents (number, start, end, repository, source, path) that join the files of one repository.

    `before` is the repository (as `whose` has it) of the document before the first, whose files may go on here. A
    corpus may hold a repository several times: each of its passes is a repository to be read by itself.
    """
    number, start, end = (documents[name].to_numpy() for name in ("number", "start", "end"))  # [documents]
    sizes, names = end - start, documents["path"].combine_chunks()
    spans = [np.empty(0, SPAN)]
    counts: list[int] = []
    continues: list[bool] = []
    lengths: list[int] = []
    for owner, turn, files in _repositories(whose(documents), names):
        repository = owner.split("\0")[0]
        files = joining.arrange(files, repository, turn)
        opening = len(repository_opening(joining.tokenizer, repository, continues=False))
        paths = names.take(pa.array(files)).to_pylist()
        beside = [len(file_header(joining.tokenizer, path)) + reserve for path in paths]
        filled = list(_cut_to_fit(beside, sizes[files].tolist(), opening, context))
        cuts = np.array([cut for cuts, _ in filled for cut in cuts], np.int64).reshape(-1, 3)
        spans.append(_spans(number, start, end, files[cuts[:, 0]], cuts[:, 1], cuts[:, 2]))
        counts += [len(cuts) for cuts, _ in filled]
        lengths += [length for _, length in filled]
        goes_on = owner == before and turn == 0
        continues += [goes_on or index > 0 for index in range(len(filled))]
    return Samples(
        np.concatenate(spans), np.cumsum([0, *counts]), np.array(continues, bool), np.array(lengths, np.int64)
    )


def whose(documents: pa.Table) -> pa.Array:
    """The repository of each document with its source: another source's repository of the same name is another."""
    columns = (documents[name].combine_chunks() for name in ("repository", "source"))
    return pc.binary_join_element_wise(*columns, "\0")


def _repositories(repositories: pa.Array, paths: pa.Array) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
    """Each repository with which of its passes it is, from 0, and the rows of its files, in order."""
    names = repositories.dictionary_encode()
    codes = names.indices.to_numpy()
    order, ends = np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes)).tolist()
    rows_of = {
        name: order[first:end] for name, first, end in zip(names.dictionary.to_pylist(), [0, *ends], ends, strict=False)
    }
    for repository, rows in sorted(rows_of.items()):
        seen: Counter[str] = Counter()
        passes: list[list[int]] = []
        for row, path in zip(rows.tolist(), paths.take(pa.array(rows)).to_pylist(), strict=True):
            if seen[path] == len(passes):
                passes.append([])
            passes[seen[path]].append(row)
            seen[path] += 1
        yield from ((repository, turn, np.array(files)) for turn, files in enumerate(passes))


def _spans(number: Whole, start: Whole, end: Whole, document: Whole, at: Whole, stop: Whole) -> NDArray[Any]:
    """Tokens [at, stop) of each of `document`, rows of `number`, `start` and `end`."""
    spans = np.empty(len(document), SPAN)
    spans["document"] = number[document]
    spans["start"], spans["end"] = start[document] + at, start[document] + stop
    spans["begins"], spans["ends"] = at == 0, spans["end"] == end[document]
    return spans


def _cut_to_fit(
    beside: list[int], sizes: list[int], opening: int, context: int
) -> Iterator[tuple[list[tuple[int, int, int]], int]]:
    """Fill samples with files one after the other; a file goes on in the next sample where it must.

    A file has `sizes` tokens and takes `beside` positions more in each sample. Yields for each sample its
    [(file, first token, end)] and the positions that it takes.
    """
    cuts: list[tuple[int, int, int]] = []
    used = opening
    for file, size in enumerate(sizes):
        at = 0
        while at < size:
            room = context - used - beside[file]
            if cuts and room < min(size - at, SHORTEST_SPAN):
                yield cuts, used
                cuts, used = [], opening
                continue
            if room <= 0:
                raise UserError(f"a context of {context} has no room for a file and its name: raise it")
            taken = min(room, size - at)
            cuts.append((file, at, at + taken))
            used += beside[file] + taken
            at += taken
    if cuts:
        yield cuts, used
