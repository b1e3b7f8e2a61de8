"""Documents as token ids on disk: a folder with one part for each file of documents, read as one shard.

A part is a folder of its own: tokens.bin holds plain ids (little-endian uint16, or uint32 for more than 65,536 of them)
without special tokens, documents.parquet says where each document starts and ends, part.json counts. shard.json of the
whole is written last.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import Document, read_documents
from midspan.engines import EngineChoice, TaskResult, start_engine
from midspan.errors import UserError
from midspan.files import atomic_directory, hash_path, hash_text, read_json, write_json
from midspan.progress import progress, say
from midspan.tokens import Tokenizer

BATCH = 256  # documents encoded at once
TOKEN_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("path", pa.string()),
        ("repository", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
    ]
)
Counts = dict[str, dict[str, dict[str, int]]]  # source → language → {tokens, documents, bytes}


@dataclass(frozen=True)
class EncodingTask:
    """One file of documents to encode into the folder `part`."""

    documents: Path
    tokenizer: Path
    fingerprint: str  # of the tokenizer
    part: Path


def encode_documents(documents: Path, tokenizer: Path, output: Path, engine: EngineChoice | None = None) -> None:
    """Encode a Parquet file of documents, or a folder of them, into the token shard `output`.

    Each file is a task of `engine` (None: this process) and becomes a part; the shard is the same for any engine and
    number of workers. What a killed call has done is not done again, and a shard of these documents is left alone.
    UserError if there are no documents to read, or if `output` holds something else.
    """
    files = sorted(documents.glob("*.parquet")) if documents.is_dir() else [documents]
    _refuse_what_is_no_shard(output)
    ready = Tokenizer.load(tokenizer)
    if why := ready.slow_because:
        say(f"tokens: several times slower than with tiktoken, whose ids are not proven to be this tokenizer's: {why}")
    beside = output.with_name(f".{output.name}.parts")  # stays if the process is killed
    tasks = [
        EncodingTask(file, tokenizer, ready.fingerprint, beside / f"{index:06d}") for index, file in enumerate(files)
    ]
    if _is_shard_of(tasks, output):
        say(f"tokens: {output} is up to date")
        shutil.rmtree(beside, ignore_errors=True)
        return
    with progress("tokens", unit="tokens") as line:

        def on_result(index: int, result: TaskResult[dict[str, Any]]) -> None:
            line.update(line.done + (result.value or {"tokens": 0})["tokens"])

        if engine is None:
            for index, task in enumerate(tasks):
                on_result(index, TaskResult(encode_part(task)))
        else:
            with start_engine(engine) as running:
                for result in running.run_tasks(encode_part, tasks, on_result=on_result):
                    if result.error is not None:
                        raise result.error
    with atomic_directory(output) as aside:
        for task in tasks:
            os.replace(task.part, aside / task.part.name)
        _write_index(aside, ready)
    shutil.rmtree(beside, ignore_errors=True)


def encode_part(task: EncodingTask) -> dict[str, Any]:
    """Write the part of `task`, unless it is there already, and return its part.json. Runs in a worker."""
    source = _made_of(task)
    try:
        facts: dict[str, Any] = read_json(task.part / "part.json")
        if facts["made_of"] == source:
            return facts
    except (FileNotFoundError, ValueError):
        pass
    tokenizer = _loaded(task.tokenizer, task.fingerprint)
    with atomic_directory(task.part) as aside:
        return _write_part(read_documents(task.documents), tokenizer, aside, source)


def _made_of(task: EncodingTask) -> str:
    """What the part of `task` depends on, as a hash."""
    return hash_text(f"{hash_path(task.documents)} {task.fingerprint}") if task.documents.exists() else ""


def _is_shard_of(tasks: Sequence[EncodingTask], output: Path) -> bool:
    """Whether `output` holds the parts of all `tasks` and no others, undamaged and made of the same documents."""
    try:
        facts = read_json(output / "shard.json")
        dtype = np.dtype(facts["dtype"])
        if list(facts["parts"]) != [task.part.name for task in tasks]:
            return False
        for task, (name, part) in zip(tasks, facts["parts"].items(), strict=True):
            _open_part(output / name, part, dtype)
            if read_json(output / name / "part.json")["made_of"] != _made_of(task):
                return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):  # UserError is a ValueError
        return False
    return True


def write_token_shard(documents: Iterable[Document], tokenizer: Tokenizer, output: Path) -> None:
    """Encode documents, in their order, into a token shard of one part, which is then whole or absent."""
    _refuse_what_is_no_shard(output)
    with atomic_directory(output) as aside:
        (aside / "000000").mkdir()
        _write_part(documents, tokenizer, aside / "000000", "")
        _write_index(aside, tokenizer)


@functools.lru_cache(maxsize=1)
def _loaded(directory: Path, fingerprint: str) -> Tokenizer:
    """The tokenizer, once for all tasks of a process."""
    tokenizer = Tokenizer.load(directory)
    assert tokenizer.fingerprint == fingerprint, f"{directory} has changed since the encoding began"
    return tokenizer


def _refuse_what_is_no_shard(output: Path) -> None:
    if output.exists() and any(output.iterdir()) and not (output / "shard.json").exists():
        raise UserError(f"{output} is not empty and is no token shard: it would be replaced; choose another folder")


def _dtype(tokenizer: Tokenizer) -> np.dtype[Any]:
    return np.dtype("<u2" if tokenizer.vocabulary_size <= 1 << 16 else "<u4")


def _write_part(documents: Iterable[Document], tokenizer: Tokenizer, folder: Path, made_of: str) -> dict[str, Any]:
    dtype = _dtype(tokenizer)
    columns: dict[str, list[Any]] = {name: [] for name in TOKEN_SCHEMA.names}
    counts: Counts = {}
    position = 0
    remaining = iter(documents)
    with (folder / "tokens.bin").open("wb") as file:
        while batch := list(itertools.islice(remaining, BATCH)):
            for document, ids in zip(batch, tokenizer.encode_batch([one.text for one in batch]), strict=True):
                file.write(np.array(ids, dtype=dtype).tobytes())
                row = (document.id, document.path, document.repository, position, position + len(ids))
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
                position += len(ids)
                size = len(document.text) if document.text.isascii() else len(document.text.encode())
                _add(counts, document.source, document.language, {"tokens": len(ids), "documents": 1, "bytes": size})
    pq.write_table(pa.Table.from_pydict(columns, schema=TOKEN_SCHEMA), folder / "documents.parquet")
    facts = {"made_of": made_of, **_total(counts), "by_source": _sorted(counts)}
    write_json(folder / "part.json", facts)
    return facts


def _write_index(folder: Path, tokenizer: Tokenizer) -> None:
    """Write the shard.json of the parts in `folder`: what the ids mean, and all counts."""
    parts = {path.parent.name: read_json(path) for path in sorted(folder.glob("*/part.json"))}
    counts: Counts = {}
    for source, language, one in (
        (source, language, one)
        for part in parts.values()
        for source, languages in part["by_source"].items()
        for language, one in languages.items()
    ):
        _add(counts, source, language, one)
    meaning = {
        "dtype": _dtype(tokenizer).name,
        "vocabulary_size": tokenizer.vocabulary_size,
        "tokenizer": tokenizer.fingerprint,
    }
    sizes = {name: {unit: part[unit] for unit in UNITS} for name, part in parts.items()}
    write_json(folder / "shard.json", {**_total(counts), **meaning, "by_source": _sorted(counts), "parts": sizes})


UNITS = ("tokens", "documents", "bytes")


def _add(counts: Counts, source: str, language: str, more: dict[str, int]) -> None:
    amount = counts.setdefault(source, {}).setdefault(language, dict.fromkeys(UNITS, 0))
    for unit in UNITS:
        amount[unit] += more[unit]


def _total(counts: Counts) -> dict[str, int]:
    return {unit: sum(one[unit] for languages in counts.values() for one in languages.values()) for unit in UNITS}


def _sorted(counts: Counts) -> Counts:
    return {source: dict(sorted(languages.items())) for source, languages in sorted(counts.items())}


class TokenParts:
    """The ids of all parts one after the other, of which slices are read: memory-mapped, never joined as a whole."""

    def __init__(self, parts: Sequence[npt.NDArray[Any]], dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._parts = parts
        self._starts = [0, *itertools.accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, wanted: slice) -> npt.NDArray[Any]:
        """Ids [start, stop): a view into one part, a copy where they reach across parts."""
        start, stop, step = wanted.indices(len(self))
        assert step == 1, "ids are read in their order"
        first = max(bisect.bisect_right(self._starts, start) - 1, 0)
        pieces = []
        for part, begin in zip(self._parts[first:], self._starts[first:], strict=False):
            if begin >= stop:
                break
            pieces.append(part[max(start - begin, 0) : stop - begin])
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, self.dtype), *pieces])


@dataclass(frozen=True)
class TokenShard:
    """The tokens of many documents: document k is `tokens[boundaries[k]:boundaries[k + 1]]`.

    Documents stand in the order of the files they come from: the files of a repository follow each other in its order,
    though perhaps from one part into the next.
    """

    tokens: TokenParts  # [tokens], uint16 or uint32
    boundaries: npt.NDArray[np.int64]  # [documents + 1]
    repositories: list[str]
    paths: list[str]
    bytes: int  # of UTF-8, all documents together
    vocabulary_size: int
    fingerprint: str  # of the tokenizer that wrote the ids
    by_source: Counts

    @classmethod
    def open(cls, directory: Path) -> TokenShard:
        """Map the shard in `directory`; UserError if it is missing or its parts do not fit together."""
        try:
            facts = read_json(directory / "shard.json")
            dtype = np.dtype(facts["dtype"]).newbyteorder("<")
            parts = [_open_part(directory / name, part, dtype) for name, part in facts["parts"].items()]
            tables = [table for table, _ in parts]
            table = pa.concat_tables([TOKEN_SCHEMA.empty_table(), *tables])
            lengths = table["end"].to_numpy() - table["start"].to_numpy()
            return cls(
                tokens=TokenParts([tokens for _, tokens in parts], dtype),
                boundaries=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
                repositories=table["repository"].to_pylist(),
                paths=table["path"].to_pylist(),
                bytes=facts["bytes"],
                vocabulary_size=facts["vocabulary_size"],
                fingerprint=facts["tokenizer"],
                by_source=facts["by_source"],
            )
        except UserError:
            raise
        except FileNotFoundError as error:
            raise UserError(f"no token shard in {directory} ({error}): tokenise the corpus") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
            raise UserError(f"the token shard {directory} cannot be read ({error}): tokenise again") from error


def _open_part(folder: Path, facts: dict[str, int], dtype: np.dtype[Any]) -> tuple[pa.Table, npt.NDArray[Any]]:
    """The documents and the mapped tokens of one part; UserError if they are not what the index says."""
    table = pq.read_table(folder / "documents.parquet", schema=TOKEN_SCHEMA)
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
    return table, np.memmap(folder / "tokens.bin", dtype, "r") if stored else np.empty(0, dtype)
