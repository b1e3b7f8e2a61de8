"""Plant evaluation items into real files and look for items in real folders; print what is missed and what is found.

python benchmarks/corpus_decontamination.py <folder of evaluation sets> <clean folder>...
"""

from __future__ import annotations

import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.decontamination.arrays import HEAD, WHOLE_FIELD, telling_words
from midspan.corpus.decontamination.evaluation_files import EvaluationItem, read_evaluation_items
from midspan.corpus.decontamination.words import normalise

NO_SETS = {"tokenizer", "INDEX.md"}  # under the folder, but nothing to evaluate with
NAMES = "py js ts c h cpp hpp java go rs rb pl pm sh sql html css json yaml toml md rst txt"
SUFFIXES = {f".{name}" for name in NAMES.split()}
PARTS = (
    "prompt",
    "text",
    "code",
    "canonical_solution",
    "docstring",
    "instruction",
    "body",
    "question",
    "query",
    "turns",
)
CHANGES: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "re-indented with tabs": lambda text: "".join("\t" + line for line in text.splitlines(keepends=True)),
    "two spaces and CRLF": lambda text: text.replace("    ", "  ").replace("\n", "\r\n"),
    "non-breaking spaces": lambda text: text.replace(" ", "\xa0"),
    "blank lines between": lambda text: text.replace("\n", "\n \n\t\n"),
    "commented out": lambda text: "".join(" * " + line for line in text.splitlines(keepends=True)),
}


def can_be_told(text: str) -> bool:
    words = normalise(text).split()
    return len(words) >= HEAD and any(len(words) >= n and telling_words(words) >= least for n, least in WHOLE_FIELD)


def whole_item(item: EvaluationItem) -> str:
    parts = [text for label, text in item.fields if label in PARTS]
    return "\n".join(parts or [text for _, text in item.fields])


def plant(index: EvaluationIndex, files: list[Path]) -> None:
    carrier = Path(sysconfig.get_path("stdlib"), "json", "decoder.py").read_text(encoding="utf-8")
    half = len(carrier) // 2
    counts: Counter[str] = Counter()
    for file in files:
        for number, item in enumerate(read_evaluation_items(file)):
            name, change = list(CHANGES.items())[number % len(CHANGES)]
            for kind, text in [
                ("item", whole_item(item)),
                *((f"its {one}", t) for one, t in item.fields if one in PARTS),
            ]:
                told = can_be_told(text)
                counts[f"{kind}: planted"] += 1
                counts[f"{kind}: too short or common to be told"] += not told
                if told and not index.find(f"{carrier[:half]}\n{change(text)}\n{carrier[half:]}"):
                    counts[f"{kind}: MISSED"] += 1
                    print("missed", item.set, item.item, kind, name)
    for kind, count in sorted(counts.items()):
        print(f"{count:8,} {kind}")


def look(index: EvaluationIndex, folder: Path) -> None:
    seconds, characters, files, found = 0.0, 0, 0, []
    for file in sorted(folder.rglob("*")):
        if file.suffix not in SUFFIXES or not file.is_file() or "site-packages" in file.relative_to(folder).parts:
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        started = time.process_time()
        contamination = index.find(text)
        seconds += time.process_time() - started
        characters, files = characters + len(text), files + 1
        if contamination:
            found.append((file.relative_to(folder), contamination))
    size = characters / 1e6
    print(f"{folder}: {files:,} files, {size:.1f} MB, {size / seconds:.1f} MB/s of one core; found {len(found)}")
    for path, contamination in found:
        print(f"    {path}: {contamination}")


def main() -> None:
    sets = Path(sys.argv[1])
    files = [file for file in sorted(sets.rglob("*")) if file.is_file()]
    files = [file for file in files if not NO_SETS & set(file.relative_to(sets).parts)]
    started = time.process_time()
    index = EvaluationIndex.build(files)
    seconds = time.process_time() - started
    print(f"{len(files)} files, {len(index.places):,} different texts, index built in {seconds:.1f} s of CPU")
    for folder in sys.argv[2:]:
        look(index, Path(folder))
    plant(index, files)


if __name__ == "__main__":
    main()
