"""Sources as bad as they come, each at a quarter of its size and whole: is time linear, and memory flat?

python benchmarks/corpus_extremes.py [--scale 0.1] [--only bad-lines,array,tiny,loose,huge] [--folder /tmp]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from corpus_input import input_files
from usage import usage_of_workers

from midspan.corpus.stages import build_corpus
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.recipe import Corpus

GOOD = 200  # files of real code that stand beside what is bad, so that a corpus comes of it
Maker = Callable[[Path, int], dict[str, object]]


def real_texts(count: int) -> list[str]:
    """Some Python files of this machine, always the same ones."""
    files = [file for _, file in input_files() if file.suffix == ".py" and 2_000 < file.stat().st_size < 20_000]
    return [file.read_text(encoding="utf-8", errors="replace") for file in files[:: max(len(files) // count, 1)]]


def write_rows(file: Path, texts: list[str]) -> None:
    """Rows of good files as lines of JSON."""
    with file.open("a", encoding="utf-8") as stream:
        for number, text in enumerate(texts):
            stream.write(json.dumps({"text": text, "path": f"good/{number}.py", "license": "mit"}) + "\n")


def bad_lines(folder: Path, size: int) -> dict[str, object]:
    """JSONL of `size` bytes of which every line is broken, beside a file of good ones."""
    line = '{"text": "def f(x): return x", "path": "a.py", broken\n'
    (folder / "bad.jsonl").write_text(line * (size // len(line)))
    write_rows(folder / "good.jsonl", real_texts(GOOD))
    return {"kind": "jsonl", "path": str(folder)}


def array(folder: Path, size: int) -> dict[str, object]:
    """One array of `size` bytes in a .json file, as exports have it, over several lines."""
    texts, written = real_texts(GOOD), 0
    with (folder / "rows.json").open("w", encoding="utf-8") as stream:
        for number in range(10**9):
            row = {"text": f"# {number // GOOD}\n{texts[number % GOOD]}", "path": f"{number}.py", "license": "mit"}
            written += stream.write(("[" if not number else ",") + json.dumps(row, indent=1))
            if written > size:
                stream.write("]")
                return {"kind": "jsonl", "path": str(folder)}
    raise AssertionError


def tiny(folder: Path, count: int) -> dict[str, object]:
    """`count` repositories of one small file each."""
    draw = random.Random(1)
    for number in range(count):
        place = folder / f"owner-{number % 1000}" / f"name-{number}"
        (place / ".git").mkdir(parents=True)
        (place / "main.py").write_text(small_module(draw))
    return {"kind": "folder", "path": str(folder)}


def loose(folder: Path, count: int) -> dict[str, object]:
    """One repository of `count` small files."""
    draw = random.Random(2)
    (folder / ".git").mkdir(parents=True)
    for number in range(count):
        place = folder / f"package_{number // 1000}"
        place.mkdir(exist_ok=True)
        (place / f"module_{number}.py").write_text(small_module(draw))
    return {"kind": "folder", "path": str(folder)}


def huge(folder: Path, size: int) -> dict[str, object]:
    """One JSONL file of `size` bytes: nine rows in ten are copies, as on GitHub three in four are."""
    texts, written, number = real_texts(GOOD), 0, 0
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as stream:
        while written < size:
            head = f"# variant {number // 10}\n" if number % 10 == 0 else ""
            row = {"text": head + texts[number % GOOD], "path": f"{number}.py", "license": "mit"}
            written += stream.write(json.dumps(row) + "\n")
            number += 1
    return {"kind": "jsonl", "path": str(folder)}


def small_module(draw: random.Random) -> str:
    """A small function that no other module shares much with."""
    names = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(12)]
    body = "".join(f"    {left} = {right}({left})\n" for left, right in zip(names[1:], names, strict=False))
    return f"def {names[0]}({names[1]}, {names[2]}):\n{body}    return {names[3]}\n"


CASES: dict[str, tuple[Maker, int]] = {
    "bad-lines": (bad_lines, 50_000_000),
    "array": (array, 50_000_000),
    "tiny": (tiny, 100_000),
    "loose": (loose, 160_000),
    "huge": (huge, 2_000_000_000),
}


def build(settings: dict[str, object], output: Path) -> None:
    """Build in this process and two workers, and print what it took as a line of JSON."""
    started = time.perf_counter()
    corpus = Corpus(sources=[settings], licences=["permissive", "unknown"])  # type: ignore[list-item]
    try:
        build_corpus(corpus, output, EngineChoice("local", 2))
        said = ""
    except UserError as error:
        said = str(error)
    own, children = resource.getrusage(resource.RUSAGE_SELF), usage_of_workers()
    statistics = json.loads((output / "statistics.json").read_text()) if not said else {"documents": 0, "stages": []}
    figures = {
        "wall": round(time.perf_counter() - started, 1),
        "cpu": round(own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, 1),
        "leader_peak_mb": round(own.ru_maxrss / 1e3),
        "worker_peak_mb": round(children.ru_maxrss / 1e3),
        "documents": statistics["documents"],
        "stages": {one["stage"]: round(one["seconds"], 1) for one in statistics["stages"] if one["seconds"] >= 1},
    }
    print(json.dumps(figures | ({"refused": said} if said else {})), flush=True)


def main() -> None:
    """Make each source, build it in a process of its own, and remove both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default=",".join(CASES))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--build", nargs=2, help=argparse.SUPPRESS)  # in the process of one case
    given = parser.parse_args()
    if given.build:
        build(json.loads(given.build[0]), Path(given.build[1]))
        return
    for name in given.only.split(","):
        make, whole = CASES[name]
        for share in (0.25, 1.0):
            folder = Path(tempfile.mkdtemp(dir=given.folder, prefix="midspan-extreme-"))
            try:
                source = folder / "source"
                source.mkdir()
                settings = make(source, int(whole * given.scale * share))
                command = [sys.executable, __file__, "--build", json.dumps(settings), str(folder / "corpus")]
                ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})
                said = ended.stdout.strip() or f"failed: {ended.stderr.strip().splitlines()[-1:]}"
                print(f"{name:10} {int(whole * given.scale * share):>13,}  {said}", flush=True)
            finally:
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
