"""Eleven real packages in ten languages through the corpus: what is kept, and a sample of what is dropped, to be read.

python benchmarks/corpus_packages.py FOLDER [--seed 1] [--count 40] [--kept]    # FOLDER: fetched into if it is empty
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from midspan.corpus.documents import read_documents
from midspan.corpus.stages import build_corpus
from midspan.engines import EngineChoice
from midspan.recipe import Corpus

PIP = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
NPM = ["npm", "pack", "--silent"]
APT = ["apt-get", "source", "--quiet", "--download-only"]  # needs deb-src in the sources of apt
PACKAGES = (  # language, how it is fetched
    ("python", [*PIP, "flask==3.1.0"]),
    ("javascript", [*NPM, "express@5.1.0"]),
    ("typescript", [*NPM, "rxjs@7.8.2"]),
    ("go", [*APT, "golang-github-spf13-cobra"]),
    ("rust", [*APT, "rust-ripgrep"]),
    ("c", [*APT, "libuv1"]),
    ("c", [*APT, "libzstd"]),
    ("c++", [*APT, "fmtlib"]),
    ("java", [*APT, "libcommons-lang3-java"]),
    ("php", [*APT, "php-monolog"]),
    ("lua", [*APT, "lua-argparse"]),
)


def fetch(folder: Path) -> Path:
    """Download the packages' archives and unpack each into a folder of its own."""
    unpacked = folder / "unpacked"
    if unpacked.exists():
        return unpacked
    archives = folder / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    for language, command in PACKAGES:
        print(f"{language}: {' '.join(command)}", file=sys.stderr)
        subprocess.run(command, cwd=archives, check=False, stdout=subprocess.DEVNULL)
    for archive in sorted(archives.iterdir()):
        if archive.suffix in (".gz", ".xz", ".bz2", ".tgz") and ".debian." not in archive.name:
            shutil.unpack_archive(archive, unpacked / archive.name.split(".")[0])
    return unpacked


def main() -> None:
    """Build, and print counts, then the sampled files with their reasons and first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--kept", action="store_true", help="sample what is kept instead")
    given = parser.parse_args()
    source, output = fetch(given.folder), given.folder / "corpus"
    build_corpus(Corpus(source=str(source)), output, EngineChoice("local", 2))
    statistics = json.loads((output / "statistics.json").read_text())
    print(f"kept {statistics['documents']} files of {statistics['repositories']} repositories")
    print(f"languages: {dict(Counter({name: one['documents'] for name, one in statistics['by_language'].items()}))}")
    print(f"dropped for: {statistics['by_reason']}")
    if given.kept:
        kept = sorted((one.repository, one.path, one.text) for one in read_documents(output / "train"))
        lines = [{"repository": name, "path": path, "reason": "kept", "text": text} for name, path, text in kept]
    else:
        lines = [json.loads(line) for line in (output / "excluded.jsonl").read_text().splitlines()]
        lines = [line for line in lines if line["stage"] != "list"]  # what was opened and then dropped
    for line in random.Random(given.seed).sample(lines, min(given.count, len(lines))):
        print(f"\n== {line['repository']}: {line['path']}: {line['reason']}: {line.get('detail', '')}")
        file = source / line["repository"] / line["path"]
        text = line.get("text") or (file.read_text(errors="replace") if file.is_file() else "(not at this place)")
        print("\n".join(text.splitlines()[:25])[:1200])


if __name__ == "__main__":
    main()
