"""The input of benchmarks/corpus.py: real files of the standard library and of installed packages, as repositories."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

CODE = {".py", ".pyi", ".pyx", ".c", ".cc", ".cpp", ".h", ".hpp", ".cu", ".cuh", ".js", ".ts", ".css", ".sh"}
SUFFIXES = CODE | {".html", ".md", ".rst", ".json", ".yaml", ".toml", ".txt"}
LARGEST = 1_000_000  # bytes of one file
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def input_files() -> Iterator[tuple[Path, Path]]:
    """Each file with its place below the input: a package or module of either folder is a repository."""
    paths = sysconfig.get_paths()
    for root in dict.fromkeys(Path(paths[name]) for name in ("stdlib", "purelib")):
        for folder, below, names in os.walk(root):
            below[:] = sorted(name for name in below if name not in ("site-packages", "__pycache__"))
            for name in sorted(names):
                file = Path(folder) / name
                if file.suffix in SUFFIXES and not file.is_symlink() and 0 < file.stat().st_size <= LARGEST:
                    inside = file.relative_to(root)
                    yield Path(inside.parts[0].removesuffix(".py")) / inside, file


def lay_out(target: Path, most_bytes: int) -> int:
    """Copy about `most_bytes` of the files to `target`/repository/…; returns the bytes there are.

    Where there is more, every n-th file is taken, so that a smaller input is made of the same stuff.
    """
    files = list(input_files())
    every = max(sum(file.stat().st_size for _, file in files) / most_bytes, 1.0)
    written, next_one = 0, 0.0
    for index, (place, file) in enumerate(files):
        if index >= next_one:
            next_one += every
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            written += (target / place).write_bytes(file.read_bytes())
    return written


def evaluation_files() -> list[str]:
    """HumanEval and MBPP, where the shared data are."""
    files = [SHARED / "humaneval/HumanEval.jsonl.gz", SHARED / "mbpp/mbpp.jsonl"]
    return [str(file) for file in files if file.is_file()]
