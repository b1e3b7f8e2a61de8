"""Encoding through tiktoken against Hugging Face tokenizers' encode_batch_fast on the same files, one core: a ratio.

Two tokenizers: our own of 32,768 ids, trained on every tenth file; GPT-NeoX's (Stable Code's base), where its file is
given. Seconds are of CPU time, one thread each, the two taken in turns; every id is compared.

    python benchmarks/encoding.py [--tokenizer tokenizer.json] [--repetitions 3] [--bytes 60000000] [folder …]
"""

from __future__ import annotations

import os

os.environ["RAYON_NUM_THREADS"] = "1"  # before tokenizers starts its threads
os.environ["TOKENIZERS_PARALLELISM"] = "true"  # the batch call itself, on that one thread

import argparse
import json
import statistics
import sysconfig
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from midspan.tokens import Tokenizer, train_tokenizer

HERE = sysconfig.get_paths()
BATCH = 256  # as token shards are written


def read_texts(folders: list[Path], most_bytes: int) -> list[str]:
    """Python files of the folders that are UTF-8, in the order of their paths, up to `most_bytes`."""
    texts, size = [], 0
    for file in (file for folder in folders for file in sorted(folder.rglob("*.py"))):
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        size += len(text.encode())
        if size > most_bytes:
            break
        texts.append(text)
    return texts


def batches_of(texts: list[str]) -> list[list[str]]:
    """The texts as they are encoded when a token shard is written."""
    return [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]


def encode_timed(encode: Callable[[list[str]], list[list[int]]], texts: list[str]) -> tuple[list[list[int]], float]:
    """All ids, and the CPU seconds that they took."""
    started = time.process_time()
    ids = [one for batch in batches_of(texts) for one in encode(batch)]
    return ids, time.process_time() - started


def compare(name: str, tokenizer: Tokenizer, texts: list[str], repetitions: int) -> None:
    """Print tokens per second of both, each repetition's ratio among them, and whether all ids are equal."""
    assert tokenizer.slow_because == "", tokenizer.slow_because
    backend = tokenizer._backend
    tokenizer.encode("é")  # the question to both libraries about every character, once in a process

    def encode_by_peer(batch: list[str]) -> list[list[int]]:
        return [one.ids for one in backend.encode_batch_fast(batch, add_special_tokens=False)]

    rates: dict[str, list[float]] = {"Midspan": [], "tokenizers": []}
    different = tokens = 0
    for _ in range(repetitions):
        ours, our_seconds = encode_timed(tokenizer.encode_batch, texts)
        theirs, their_seconds = encode_timed(encode_by_peer, texts)
        tokens = sum(map(len, ours))
        different += sum(one != other for one, other in zip(ours, theirs, strict=True))
        rates["Midspan"].append(tokens / our_seconds / 1e6)
        rates["tokenizers"].append(tokens / their_seconds / 1e6)
    ratios = [one / other for one, other in zip(rates["Midspan"], rates["tokenizers"], strict=True)]
    size = sum(len(text.encode()) for text in texts)
    print(f"\n{name}: {len(texts)} files, {size / 1e6:.1f} MB, {tokens:,} tokens, {size / tokens:.2f} bytes per token")
    print(f"{'':24}{'min':>8}{'median':>8}{'max':>8}")
    for who, values in [*((f"{who}, Mtok/s", values) for who, values in rates.items()), ("ratio", ratios)]:
        print(f"{who:24}{min(values):8.2f}{statistics.median(values):8.2f}{max(values):8.2f}")
    print(f"{'Midspan, MB/s':24}{'':8}{statistics.median(rates['Midspan']) * size / tokens:8.1f}")
    print(f"documents with other ids: {different}")


def main() -> None:
    """Measure both tokenizers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[Path(HERE["stdlib"])])
    parser.add_argument("--tokenizer", type=Path, default=Path("/work/shared/data/tokenizer/20B_tokenizer.json"))
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--bytes", type=int, default=60_000_000)
    arguments = parser.parse_args()
    texts = read_texts(arguments.folders, arguments.bytes)
    print(f"tokenizers {version('tokenizers')}, tiktoken {version('tiktoken')}, load {os.getloadavg()[0]:.1f}")
    compare("Midspan's, 32,768 ids", train_tokenizer(texts[::10], 32_768), texts, arguments.repetitions)
    if arguments.tokenizer.is_file():
        definition = arguments.tokenizer.read_text(encoding="utf-8")
        special = next(one["content"] for one in json.loads(definition)["added_tokens"] if one["special"])
        foreign = Tokenizer(definition, {"eos_token": special}, None)
        compare(arguments.tokenizer.name, foreign, texts, arguments.repetitions)


if __name__ == "__main__":
    main()
