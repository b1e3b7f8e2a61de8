"""Encoding documents into a token shard: each file of documents is a task that writes one part."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import Document, read_documents
from midspan.corpus.token_shards import TOKEN_SCHEMA, UNITS, Counts, open_part
from midspan.engines import EngineChoice, TaskResult, start_engine
from midspan.errors import UserError
from midspan.files import atomic_directory, hash_path, hash_text, read_json, write_json
from midspan.progress import progress, say
from midspan.tokens import Tokenizer

BATCH = 256  # documents encoded at once
FORMAT = 2  # of a part; raised when another code writes something else


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
    return hash_text(f"{FORMAT} {hash_path(task.documents)} {task.fingerprint}") if task.documents.exists() else ""


def _is_shard_of(tasks: Sequence[EncodingTask], output: Path) -> bool:
    """Whether `output` holds the parts of all `tasks` and no others, undamaged and made of the same documents."""
    try:
        facts = read_json(output / "shard.json")
        dtype = np.dtype(facts["dtype"])
        if list(facts["parts"]) != [task.part.name for task in tasks]:
            return False
        for task, (name, part) in zip(tasks, facts["parts"].items(), strict=True):
            open_part(output / name, part, dtype)
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
                place = {"start": position, "end": position + len(ids)}
                for name, column in columns.items():
                    column.append(place[name] if name in place else getattr(document, name))
                position += len(ids)
                size = len(document.text) if document.text.isascii() else len(document.text.encode())
                _add(counts, document.source, document.language, {"tokens": len(ids), "documents": 1, "bytes": size})
    pq.write_table(pa.Table.from_pydict(columns, schema=TOKEN_SCHEMA), folder / "documents.parquet")
    table = hash_path(folder / "documents.parquet")
    facts = {"made_of": made_of, "table": table, **_total(counts), "by_source": _sorted(counts)}
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
    told = {name: {fact: part[fact] for fact in (*UNITS, "table")} for name, part in parts.items()}
    write_json(folder / "shard.json", {**_total(counts), **meaning, "by_source": _sorted(counts), "parts": told})


def _add(counts: Counts, source: str, language: str, more: dict[str, int]) -> None:
    amount = counts.setdefault(source, {}).setdefault(language, dict.fromkeys(UNITS, 0))
    for unit in UNITS:
        amount[unit] += more[unit]


def _total(counts: Counts) -> dict[str, int]:
    return {unit: sum(one[unit] for languages in counts.values() for one in languages.values()) for unit in UNITS}


def _sorted(counts: Counts) -> Counts:
    return {source: dict(sorted(languages.items())) for source, languages in sorted(counts.items())}
