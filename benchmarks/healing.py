"""Lines of this repository that a model writes exactly, left to right, with and without token healing.

    python benchmarks/healing.py MODEL [--lines 300] [--context 416]

One answer a line: greedy, up to the line's end, after its indentation and what stands before it.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from midspan.inference import Engine, Plain, Sampling

SOURCE = Path(__file__).parent.parent / "src"
MOST_TOKENS = 32


def lines_of(folder: Path, count: int) -> list[tuple[str, str]]:
    """(all that stands before a line's code, that code) of `count` lines, chosen by a fixed seed."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        lines = file.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines[1:-1], 1):
            code = line.lstrip()
            if len(code) >= 4 and not code.startswith("#"):
                indentation = line[: len(line) - len(code)]
                found.append(("\n".join([*lines[:number], indentation]), code.rstrip()))
    random.Random(8).shuffle(found)
    return found[:count]


def main() -> None:
    """Print one row with healing and one without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--context", type=int, default=416)
    asked = parser.parse_args()
    opened = Engine.open(asked.model)
    lines = lines_of(SOURCE, asked.lines)
    sampling = Sampling(max_tokens=MOST_TOKENS, stop=("\n",))
    for heals in (True, False):
        engine = Engine(opened.decoder, opened.tokenizer, heals)
        started = time.monotonic()
        prompts = [engine.ids(Plain(before, cut=True), MOST_TOKENS, asked.context) for before, _ in lines]
        answers = [answer.text for answer in engine.complete(prompts, sampling)]
        exact = sum(answer.rstrip() == code for answer, (_, code) in zip(answers, lines, strict=True))
        empty = sum(not answer.strip() for answer in answers)
        print(
            f"{'with' if heals else 'without'} healing: {exact} of {len(lines)} exact ({exact / len(lines):.1%}), "
            f"{empty} empty, {time.monotonic() - started:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
