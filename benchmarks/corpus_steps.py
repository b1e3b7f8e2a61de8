"""MB/s of each step of a corpus build alone, in processor seconds of one thread, on what the steps before it leave.

python benchmarks/corpus_steps.py INPUT       # run by benchmarks/corpus.py; prints one line of JSON a step
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq
from corpus_input import SHARED, evaluation_files

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.dedup import exact_duplicates, near_duplicates_in_files, read_dropped
from midspan.corpus.documents import Document, content_id, to_table
from midspan.corpus.encodings import NotTextError, decode_source
from midspan.corpus.languages import detect_language
from midspan.corpus.licences import licence_of
from midspan.corpus.notebooks import notebook_source
from midspan.corpus.quality import why_not
from midspan.corpus.repositories import order_files
from midspan.corpus.secrets import redact
from midspan.corpus.sources import Raw, plan_source, read_items
from midspan.recipe import FolderSource
from midspan.tokens import Tokenizer, train_tokenizer

SHARD_BYTES = 4_000_000
PARSING = {"does not parse": False, "python 2": False}  # off: what is left are the cheap rules
Value = TypeVar("Value")


class Clock:
    """Runs steps and prints what each took."""

    def __init__(self) -> None:
        self.raw_bytes = 0

    def time(self, step: str, size: int, documents: int, work: Callable[[], Value]) -> Value:
        """Processor seconds of `work` on so many documents of `size` bytes together."""
        started = time.process_time()
        value = work()
        seconds = max(time.process_time() - started, 1e-6)
        self.raw_bytes = self.raw_bytes or size
        rate = size / 1e6 / seconds
        row = {"step": step, "documents": documents, "bytes": size, "seconds": seconds, "rate": rate}
        print(json.dumps(row | {"raw_bytes": self.raw_bytes}), flush=True)
        return value


def size_of(documents: Sequence[Document]) -> int:
    """Bytes of UTF-8."""
    return sum(len(document.text.encode()) for document in documents)


def main() -> None:
    """Take the input through all steps."""
    clock = Clock()
    plan = plan_source(FolderSource(path=sys.argv[1]), SHARD_BYTES)
    size = sum(task.size for task in plan.tasks)
    count = sum(len(fragment.files) for task in plan.tasks for fragment in task.fragments)  # type: ignore[union-attr]
    raws = clock.time("read files", size, count, lambda: [item for task in plan.tasks for item in _read(task)])
    texts = clock.time("decode, language", size, len(raws), lambda: [_decode(raw) for raw in raws])
    known = [(raw, *found) for raw, found in zip(raws, texts, strict=True) if found is not None]
    size = sum(len(text.encode()) for _, text, _ in known)
    documents = clock.time("licence, SHA-256", size, len(known), lambda: [_document(*one) for one in known])
    with tempfile.TemporaryDirectory(dir=Path(sys.argv[1]).parent) as folder:
        documents = deduplicate_exactly(clock, documents, Path(folder))
        documents = judge(clock, documents)
        documents = deduplicate_nearly(clock, documents, Path(folder))
    size, count = size_of(documents), len(documents)
    clean = clock.time("secrets", size, count, lambda: [replace(one, text=redact(one.text)[0]) for one in documents])
    clock.time("order of files", size, count, lambda: _order(clean))
    tokenizer = _tokenizer(clean)
    tokenizer.encode_batch([document.text for document in clean[:256]])  # the fast encoder is made once in a process
    clock.time("tokens", size, count, lambda: _encode(tokenizer, clean))


def deduplicate_exactly(clock: Clock, documents: list[Document], folder: Path) -> list[Document]:
    """Write shards, and drop what is equal."""
    size, count = size_of(documents), len(documents)
    shards = clock.time("write Parquet", size, count, lambda: _write(documents, folder / "read"))
    dropped = clock.time("exact copies", size, count, lambda: exact_duplicates(shards, folder / "exact"))
    gone = set(read_dropped(dropped, 0, count)["document"].to_pylist())
    return [document for number, document in enumerate(documents) if number not in gone]


def judge(clock: Clock, documents: list[Document]) -> list[Document]:
    """Cheap rules, then parsing of what they leave, then evaluation sets."""

    def kept_by(documents: list[Document], overrides: dict[str, Any]) -> list[Document]:
        return [one for one in documents if why_not(one.text, one.path, one.language, overrides) is None]

    size, count = size_of(documents), len(documents)
    kept = clock.time("cheap rules", size, count, lambda: kept_by(documents, PARSING))
    size, count = size_of(kept), len(kept)
    started = time.process_time()
    kept_by(kept, PARSING)
    cheap = time.process_time() - started
    started = time.process_time()
    parsed = kept_by(kept, {})
    seconds = time.process_time() - started - cheap
    row = {"step": "parsing", "documents": count, "bytes": size, "seconds": seconds, "rate": size / 1e6 / seconds}
    print(json.dumps(row | {"raw_bytes": clock.raw_bytes}), flush=True)
    if not evaluation_files():
        return parsed
    index = EvaluationIndex.build([Path(name) for name in evaluation_files()])
    return clock.time(
        "evaluation sets",
        size_of(parsed),
        len(parsed),
        lambda: [document for document in parsed if index.find(document.text) is None],
    )


def deduplicate_nearly(clock: Clock, documents: list[Document], folder: Path) -> list[Document]:
    """Order by repository, write shards, and drop near-copies; prints what lies on disk meanwhile."""
    documents = sorted(documents, key=lambda one: (one.repository, one.path))
    size, count = size_of(documents), len(documents)
    shards = clock.time("write Parquet again", size, count, lambda: _write(documents, folder / "gathered"))
    dropped = clock.time("near copies", size, count, lambda: near_duplicates_in_files(shards, folder / "near"))
    disk = {name: _disk(folder / name) for name in ("gathered", "near")}
    print(json.dumps({"disk": disk, "documents": count, "bytes": size}), flush=True)
    gone = set(read_dropped(dropped, 0, count)["document"].to_pylist())
    return [document for number, document in enumerate(documents) if number not in gone]


def _read(task: Any) -> Iterator[Raw]:
    return (item for item in read_items(task) if isinstance(item, Raw))


def _decode(raw: Raw) -> tuple[str, str] | None:
    try:
        text = decode_source(raw.data, raw.path)
        language = detect_language(raw.path, text)
        return None if language is None else (notebook_source(text) if language == "jupyter" else text, language)
    except NotTextError:
        return None


def _document(raw: Raw, text: str, language: str) -> Document:
    licence = licence_of(text, raw.declared_licence, raw.declared_evidence, raw.licence_files, raw.path)
    place = (raw.path, raw.repository, language, licence.expression, licence.evidence, "input", raw.revision, raw.date)
    return Document(content_id(text), text, *place)


def _write(documents: list[Document], folder: Path) -> list[Path]:
    folder.mkdir()
    shards, start = [], 0
    while start < len(documents):
        end, size = start, 0
        while end < len(documents) and size < SHARD_BYTES:
            size += len(documents[end].text)
            end += 1
        shards.append(folder / f"{start:06d}.parquet")
        pq.write_table(to_table(documents[start:end]), shards[-1], compression="zstd", row_group_size=256)
        start = end
    return shards


def _order(documents: list[Document]) -> None:
    for _, files in itertools.groupby(documents, key=lambda one: one.repository):
        order_files([(one.path, one.text, one.language) for one in files], 0, "dependency")


def _tokenizer(documents: list[Document]) -> Tokenizer:
    file = SHARED / "tokenizer/20B_tokenizer.json"
    if not file.is_file():
        return train_tokenizer((document.text for document in documents[::10]), 32_768)
    return Tokenizer(file.read_text(encoding="utf-8"), {"eos_token": "<|endoftext|>"}, None)


def _encode(tokenizer: Tokenizer, documents: list[Document]) -> None:
    for start in range(0, len(documents), 256):
        tokenizer.encode_batch([document.text for document in documents[start : start + 256]])


def _disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
