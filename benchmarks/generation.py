"""Prefill and decoding of our engine beside transformers' `generate`, in one run: tokens per second and their ratio.

The same random weights in both, of the quickstart's shape (5M) and of SmolLM2's (135M), in bfloat16 and float32; one
greedy completion as a user would call for it. Each side computes on the threads that it would take by itself. `--busy`
lets another process take one core meanwhile. Both sides are in one process, so that how threads wait is ours for both.

    python benchmarks/generation.py [--rounds 7] [--threads N] [--shapes 5M 135M] [--dtypes bf16 fp32] [--busy]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import torch
from shapes import SHAPES, busy_process
from transformers import AutoModelForCausalLM

from midspan.compute import free_threads, use_threads
from midspan.inference import Engine, Ids, Sampling, WeightsFormat
from midspan.model import Decoder, DecoderConfig, save_decoder
from midspan.tokens import Tokenizer

PROMPT, ANSWER = 512, 64  # tokens
SIZES = ("5M", "135M")
DTYPES: dict[WeightsFormat, torch.dtype] = {"bf16": torch.bfloat16, "fp32": torch.float32}


def main() -> None:
    """Print a row for each shape and number format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--shapes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--busy", action="store_true")
    asked = parser.parse_args()
    print(
        f"{PROMPT} tokens of prompt, {ANSWER} of answer, {asked.threads or 'own'} threads, medians of {asked.rounds} "
        f"rounds{', beside one busy process' if asked.busy else ''}; tokens/s"
    )
    print(f"{'':<10}  {'prefill':>8} {'peer':>8} {'ratio':>6}   {'decode':>8} {'peer':>8} {'ratio':>6}")
    with busy_process() if asked.busy else nullcontext():
        use_threads(asked.threads)
        for shape in asked.shapes:
            for dtype in asked.dtypes:
                figures = measure(SHAPES[shape], dtype, asked)
                print(f"{shape + ' ' + dtype:<10}  {figures}", flush=True)


def measure(config: DecoderConfig, dtype: WeightsFormat, options: argparse.Namespace) -> str:
    """The figures of one row: the medians of both sides, and of the ratios of paired rounds."""
    with tempfile.TemporaryDirectory() as directory:
        ours, theirs = both(config, dtype, Path(directory))
    draw = torch.Generator().manual_seed(0)
    prompt = torch.randint(1, config.vocabulary_size, (1, PROMPT), generator=draw)
    asked = [Ids(prompt[0].tolist())]
    threads = torch.get_num_threads()
    mask = torch.ones_like(prompt)

    def our_answer(tokens: int) -> None:
        torch.set_num_threads(options.threads or free_threads())
        assert len(ours.complete(asked, Sampling(max_tokens=tokens))[0].tokens) == tokens

    def their_answer(tokens: int) -> None:
        torch.set_num_threads(threads)
        made = theirs.generate(prompt, attention_mask=mask, max_new_tokens=tokens, do_sample=False, pad_token_id=0)
        assert made.shape[1] == PROMPT + tokens

    speeds: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
    for number in range(options.rounds + 1):
        for name, answer in (("ours", our_answer), ("theirs", their_answer)):
            first, whole = _seconds(answer, 1), _seconds(answer, ANSWER + 1)
            if number:  # the first round warms up
                speeds[name].append((PROMPT / first, ANSWER / (whole - first)))
    columns = []
    for phase in range(2):
        mine, peers = ([pair[phase] for pair in speeds[name]] for name in ("ours", "theirs"))
        ratio = statistics.median(own / other for own, other in zip(mine, peers, strict=True))
        columns.append(f"{statistics.median(mine):8.1f} {statistics.median(peers):8.1f} {ratio:6.2f}")
    return "   ".join(columns)


def both(config: DecoderConfig, dtype: WeightsFormat, directory: Path) -> tuple[Engine, torch.nn.Module]:
    """Our engine and transformers' model on the same random weights, which never choose the end of the text."""
    torch.manual_seed(0)
    decoder = Decoder(config)
    with torch.no_grad():
        decoder.head_weight[0] = 0
    save_decoder(decoder, directory)
    any_tokenizer(config.vocabulary_size).save(directory)
    theirs = AutoModelForCausalLM.from_pretrained(directory, dtype=DTYPES[dtype]).eval()
    return Engine.open(directory, torch.device("cpu"), dtype), theirs


def any_tokenizer(size: int) -> Tokenizer:
    """One of `size` ids; what they stand for does not matter here."""
    vocabulary = {f"t{number}": number for number in range(1, size)} | {"<|endoftext|>": 0}
    end = {"id": 0, "content": "<|endoftext|>", "special": True}
    end |= dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return Tokenizer(
        json.dumps({"model": {"type": "BPE", "vocab": vocabulary, "merges": []}, "added_tokens": [end]}), {}, None
    )


def _seconds(answer: Callable[[int], None], tokens: int) -> float:
    started = time.perf_counter()
    answer(tokens)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
