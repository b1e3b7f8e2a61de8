"""Documents as token ids on disk: a folder with one part for each file of documents, read as one shard.

A part is a folder of its own: tokens.bin holds plain ids (little-endian uint16, or uint32 for more than 65,536 of them)
without special tokens, documents.parquet says what each document is and where it starts and ends, part.json counts.
shard.json of the whole is written last.
"""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from midspan.corpus.arrow import leave_pandas_out
from midspan.errors import UserError
from midspan.files import hash_text, read_json

leave_pandas_out()

TOKEN_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("path", pa.string()),
        ("repository", pa.string()),
        ("source", pa.string()),
        ("language", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
    ]
)
Selection = tuple[tuple[str, ...] | None, tuple[str, ...] | None]  # sources and languages; None: all
Counts = dict[str, dict[str, dict[str, int]]]  # source → language → {tokens, documents, bytes}
UNITS = ("tokens", "documents", "bytes")


class TokenParts:
    """The ids of all parts one after the other, of which slices are read: memory-mapped, never joined as a whole."""

    def __init__(self, parts: Sequence[npt.NDArray[Any]], dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._parts = parts
        self.starts = [0, *itertools.accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, wanted: slice) -> npt.NDArray[Any]:
        """Ids [start, stop): a view into one part, a copy where they reach across parts."""
        start, stop, step = wanted.indices(len(self))
        assert step == 1, "ids are read in their order"
        first = max(bisect.bisect_right(self.starts, start) - 1, 0)
        pieces = []
        for part, begin in zip(self._parts[first:], self.starts[first:], strict=False):
            if begin >= stop:
                break
            pieces.append(part[max(start - begin, 0) : stop - begin])
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, self.dtype), *pieces])


@dataclass(frozen=True)
class TokenShard:
    """The tokens of many documents, or of those among them that are of some sources and languages.

    Documents are numbered through all parts, in the order of the files they come from, whatever is selected: the files
    of a repository follow each other in its order, though perhaps from one part into the next.
    """

    directory: Path
    selection: Selection
    parts: list[str]
    starts: list[int]  # [parts + 1], the number of the first document of each part
    tokens: TokenParts  # [tokens], uint16 or uint32, of all documents
    counts: Counts  # of the selected documents
    vocabulary_size: int
    fingerprint: str  # of the tokenizer that wrote the ids
    contents: str  # a hash of what the documents are and where, and of the selection

    @classmethod
    def open(
        cls, directory: Path, sources: Sequence[str] | None = None, languages: Sequence[str] | None = None
    ) -> TokenShard:
        """Map the shard in `directory`, as a selection of its documents where sources or languages are given.

        UserError if it is missing, if its parts do not fit together, or if it has none of a source or language.
        """
        try:
            facts = read_json(directory / "shard.json")
            dtype = np.dtype(facts["dtype"]).newbyteorder("<")
            parts: dict[str, Any] = facts["parts"]
            counts, chosen = _select(directory, facts["by_source"], sources, languages)
            return cls(
                directory=directory,
                selection=chosen,
                parts=list(parts),
                starts=[0, *itertools.accumulate(part["documents"] for part in parts.values())],
                tokens=TokenParts([open_part(directory / name, part, dtype) for name, part in parts.items()], dtype),
                counts=counts,
                vocabulary_size=facts["vocabulary_size"],
                fingerprint=facts["tokenizer"],
                contents=hash_text(repr((chosen, [part["table"] for part in parts.values()]))),
            )
        except UserError:
            raise
        except FileNotFoundError as error:
            raise UserError(f"no token shard in {directory} ({error}): tokenise the corpus") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
            raise UserError(f"the token shard {directory} cannot be read ({error}): tokenise again") from error

    def __len__(self) -> int:
        """All documents, selected or not: their numbers are below."""
        return self.starts[-1]

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process, it is opened there again."""
        return _reopened, (self.directory, self.selection, self.contents)

    def total(self, unit: str) -> int:
        """The "tokens", "documents" or "bytes" (of UTF-8) of the selected documents together."""
        return sum(one[unit] for languages in self.counts.values() for one in languages.values())

    def documents(self, numbers: range | None = None, columns: Sequence[str] = ("start", "end")) -> pa.Table:
        """The selected documents among `numbers` (None: all): `columns` of TOKEN_SCHEMA after their `number`.

        Document n is `tokens[start:end]`. Only the parts that hold some of `numbers` are read.
        """
        asked = range(len(self)) if numbers is None else numbers
        tables = [TOKEN_SCHEMA.insert(0, pa.field("number", pa.int64())).empty_table()]
        for part, (begin, end) in enumerate(itertools.pairwise(self.starts)):
            rows = range(max(asked.start, begin) - begin, min(asked.stop, end) - begin)
            if rows:
                tables.append(self._documents_of(part, rows, {"source", "language", *columns}))
        return pa.concat_tables([table.select(["number", *columns]) for table in tables])

    def _documents_of(self, part: int, rows: range, columns: set[str]) -> pa.Table:
        table = read_table(self.directory / self.parts[part], columns).slice(rows.start, len(rows))
        numbers = pa.array(np.arange(rows.start, rows.stop) + self.starts[part])
        table = table.append_column("number", numbers)
        for place in columns & {"start", "end"}:
            moved = pc.add(table[place], self.tokens.starts[part])
            table = table.set_column(table.column_names.index(place), place, moved)
        for name, kept in zip(("source", "language"), self.selection, strict=True):
            if kept is not None:
                table = table.filter(pc.is_in(table[name], pa.array(kept)))
        return table

    def file(self, number: int) -> tuple[str, str, str]:
        """The repository, the path and the language of document `number`."""
        part = bisect.bisect_right(self.starts, number) - 1
        table = _files(self.directory / self.parts[part], self.contents)
        row = number - self.starts[part]
        repository, path, language = (table[name][row].as_py() for name in ("repository", "path", "language"))
        return repository, path, language


@functools.lru_cache(maxsize=1)
def _reopened(directory: Path, selection: Selection, contents: str) -> TokenShard:
    """A shard as it was, in another process; once for all tasks of it."""
    shard = TokenShard.open(directory, *selection)
    assert shard.contents == contents, f"{directory} has changed since it was opened"
    return shard


def read_table(folder: Path, columns: Collection[str]) -> pa.Table:
    """The `columns` of the documents of the part in `folder`."""
    with pq.ParquetFile(folder / "documents.parquet") as file:
        return file.read(sorted(columns))


@functools.lru_cache(maxsize=64)
def _files(folder: Path, contents: str) -> pa.Table:
    """What the documents of a part are called; `contents` keeps apart what the folder holds at different times."""
    return read_table(folder, {"repository", "path", "language"}).combine_chunks()


def open_part(folder: Path, facts: dict[str, Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The mapped tokens of one part; UserError if they or its documents are not what the index says."""
    table = read_table(folder, {"start", "end"})
    starts, ends = (table[name].to_numpy() for name in ("start", "end"))  # int64 [documents]
    stored = (folder / "tokens.bin").stat().st_size
    whole = (
        stored == facts["tokens"] * dtype.itemsize
        and len(ends) == facts["documents"]
        and np.array_equal(starts, np.concatenate([[0], ends])[:-1])
        and bool(np.all(starts <= ends))
        and (ends[-1] if len(ends) else 0) == facts["tokens"]
    )
    if not whole:
        raise UserError(f"the token shard {folder.parent} is damaged (sizes in {folder.name} disagree): tokenise again")
    return np.memmap(folder / "tokens.bin", dtype, "r") if stored else np.empty(0, dtype)


def _select(
    directory: Path, counts: Counts, sources: Sequence[str] | None, languages: Sequence[str] | None
) -> tuple[Counts, Selection]:
    """The counts of what is selected, and the selection in order; UserError where it names what is not there."""
    chosen = _known(directory, "source", sources, counts)
    kept = {source: counts[source] for source in chosen} if chosen is not None else counts
    there = {language for languages in kept.values() for language in languages}
    wanted = _known(directory, "language", languages, there)
    if wanted is not None:
        kept = {
            source: {language: own[language] for language in wanted if language in own} for source, own in kept.items()
        }
    return kept, (chosen, wanted)


def _known(directory: Path, kind: str, names: Sequence[str] | None, there: Collection[str]) -> tuple[str, ...] | None:
    if names is None:
        return None
    has = f"it has: {', '.join(sorted(there)) or 'none'}"
    if not names:
        raise UserError(f"no {kind} is asked of {directory}; {has}")
    if absent := sorted(set(names) - set(there)):
        raise UserError(f"{kind} {absent[0]!r} cannot be taken from {directory}; {has}")
    return tuple(sorted(set(names)))
