"""What redaction finds in folders, and how fast: python benchmarks/corpus_secrets.py [folder…] [--list].

--list prints every finding with its surroundings, to be read: which of them are false, only a reader can say.
"""

from __future__ import annotations

import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path

from midspan.corpus.secrets import Finding, redact

NAMES = (
    "py js mjs cjs ts c h cpp hpp java go rs rb pl pm sh sql html css json yaml yml toml md rst txt adoc xml "
    "properties cfg conf ini gradle jsp"
)
SUFFIXES = {f".{name}" for name in NAMES.split()}
LEFT_OUT = {"test", "tests", "idle_test", "testdata", "testing", "site-packages", "__pycache__"}
LARGEST = 3_000_000  # bytes of a file
AROUND = 50  # characters before a finding that are listed


def read_texts(folder: Path) -> list[tuple[Path, str]]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    inside = [
        file
        for file in files
        if not LEFT_OUT & set(file.relative_to(folder).parts)
        and not file.name.endswith("_test.go")
        and not file.is_symlink()
        and file.stat().st_size < LARGEST
    ]
    return [(file, file.read_text(encoding="utf-8", errors="replace")) for file in inside]


def main() -> None:
    folders = [Path(one) for one in sys.argv[1:] if one != "--list"] or [Path(sysconfig.get_path("stdlib"))]
    files, characters, seconds = 0, 0, 0.0
    found: list[tuple[Path, str, str, Finding]] = []
    for file, text in (one for folder in folders for one in read_texts(folder)):
        started = time.process_time()
        findings = redact(text)[1]
        seconds += time.process_time() - started
        files, characters = files + 1, characters + len(text)
        for one in findings:
            found.append((file, text[max(0, one.start - AROUND) : one.start], text[one.start : one.end], one))
    print(f"{files} files, {characters / 1e6:.1f} MB, {characters / 1e6 / seconds:.1f} MB/s of one core")
    print(dict(Counter(one.kind for *_, one in found).most_common()))
    others = sum(one.kind != "email" for *_, one in found)
    print(f"{others} other than e-mail, {others / characters * 1e6:.2f} per MB")
    if "--list" in sys.argv:
        for file, before, value, one in found:
            print(one.kind, file, repr(before), repr(value[:80]))


if __name__ == "__main__":
    main()
