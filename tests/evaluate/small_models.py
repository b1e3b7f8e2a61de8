"""A small random model in a directory, held-out files beside it, and a benchmark asked of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch

from midspan.corpus.documents import Document, content_id, to_table
from midspan.evaluate import run_benchmark
from midspan.evaluate.result import Result, read_result
from midspan.model import Decoder, DecoderConfig, save_decoder
from midspan.recipe import Runtime
from midspan.step import Tools
from midspan.tokens import Tokenizer

TOOLS = Tools(Runtime(workers=1))
BLANK = dict.fromkeys(("language", "licence", "licence_evidence", "source", "revision", "date"), "")


def write_model(directory: Path, tokenizer: Tokenizer, positions: int = 64, seed: int = 0) -> Path:
    """A random decoder with `tokenizer` in HF layout."""
    torch.manual_seed(seed)
    decoder = Decoder(DecoderConfig("stablelm", tokenizer.vocabulary_size, 32, 48, 2, 2, 2, 16, positions))
    save_decoder(decoder, directory)
    tokenizer.save(directory)
    return directory


def documents(texts: list[str]) -> list[Document]:
    """Files 0.py, 1.py, … of the repository "r"."""
    return [
        Document(id=content_id(text), text=text, path=f"{number}.py", repository="r", **BLANK)
        for number, text in enumerate(texts)
    ]


def write_documents(folder: Path, texts: list[str]) -> Path:
    """A folder of held-out files."""
    folder.mkdir(parents=True)
    pq.write_table(to_table(documents(texts)), folder / "000000.parquet")
    return folder


def ask(model: Path, benchmark: str, run: Path, context: int = 32, **given: Any) -> tuple[Result, list[dict[str, Any]]]:
    """Run one benchmark as its step does; the result, and the rows beside it."""
    output = run / "evaluation" / model.name / f"{benchmark}.json"
    arguments = {"settings": {}, "context": context, "seed": 1, "precision": "fp32", "key": "k", "tools": TOOLS}
    run_benchmark(benchmark=benchmark, model=model, output=output, **arguments | given)
    rows = output.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    return read_result(output), [json.loads(row) for row in rows]
