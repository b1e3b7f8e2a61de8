"""What redaction finds in a folder, and how fast: python benchmarks/corpus_secrets.py [folder] [--list]."""

from __future__ import annotations

import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path

from midspan.corpus.secrets import Finding, redact

NAMES = "py js ts c h cpp hpp java go rs rb pl pm sh sql html css json yaml toml md rst txt"
SUFFIXES = {f".{name}" for name in NAMES.split()}
LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "__pycache__"}


def read_texts(folder: Path) -> list[tuple[Path, str]]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    inside = [file for file in files if not LEFT_OUT & set(file.relative_to(folder).parts)]
    return [(file, file.read_text(encoding="utf-8", errors="replace")) for file in inside]


def main() -> None:
    arguments = [one for one in sys.argv[1:] if one != "--list"]
    texts = read_texts(Path(arguments[0] if arguments else sysconfig.get_path("stdlib")))
    megabytes = sum(len(text) for _, text in texts) / 1e6
    found: list[tuple[Path, str, Finding]] = []
    started = time.process_time()
    for file, text in texts:
        found += [(file, text[one.start : one.end], one) for one in redact(text)[1]]
    seconds = time.process_time() - started
    print(f"{len(texts)} files, {megabytes:.1f} MB, {megabytes / seconds:.1f} MB/s of one core")
    print(dict(Counter(one.kind for *_, one in found).most_common()))
    if "--list" in sys.argv:
        for file, value, one in found:
            print(one.kind, file, repr(value[:80]))


if __name__ == "__main__":
    main()
