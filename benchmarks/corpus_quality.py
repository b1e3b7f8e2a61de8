"""What the rules of quality drop of real files, and how fast each signal is.

`python benchmarks/corpus_quality.py NAME=FOLDER[:FOLDER...] ...` reads up to --bytes of each name, in the order of a
hash of the path, and prints Markdown tables: docs/results/corpus-quality.md, which says where the files came from.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from midspan.corpus.encodings import NotTextError, decode_source
from midspan.corpus.languages import PROSE_AND_SETTINGS, detect_language
from midspan.corpus.quality.judge import active_rules, why_not
from midspan.corpus.quality.rules import PARSING, RULES, Rule
from midspan.corpus.quality.text import Text

DOCUMENTATION = ("markdown", "restructuredtext", "text")  # what NAME@prose reads, as prose
File = tuple[str, str, str]  # text, path, language


def read_files(folders: Sequence[str], limit: int, as_language: str) -> list[File]:
    """The source files of some folders in a language that is known, decoded, up to `limit` bytes."""
    paths = [Path(file) for folder in folders for file in _walk(folder)]
    paths.sort(key=lambda path: hashlib.sha256(str(path).encode()).digest())
    files, total = [], 0
    for path in paths:
        try:
            if path.is_symlink() or not path.is_file() or total > limit:
                continue
            text = decode_source(path.read_bytes(), str(path))
        except (OSError, NotTextError):
            continue
        language = detect_language(str(path), text)
        if language is None or language == "jupyter" or (as_language and language not in DOCUMENTATION):
            continue
        files.append((text, str(path), as_language or language))
        total += len(text)
    return files


def _walk(folder: str) -> Iterator[str]:
    for here, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if name not in ("site-packages", "__pycache__", ".git")]
        yield from (os.path.join(here, name) for name in names)


def shares_of_rules(groups: dict[str, list[File]], examples: int) -> None:
    """Print what each rule drops: as the first that fails / alone, whether it is on or not, of what it is made for."""
    print(f"\n| rule | on | {' | '.join(groups)} |\n|---|---|{'---:|' * len(groups)}")
    first = {name: Counter(why[0] for file in files if (why := why_not(*file))) for name, files in groups.items()}
    for rule in RULES:
        cells = []
        for name, files in groups.items():
            alone, judged, seen = _alone(rule, files, examples)
            cells.append(f"{first[name][rule.name] / len(files):.2%} / {alone / max(judged, 1):.2%}" if judged else "")
            for path in seen:
                print(f"    {rule.name}: {path}")
        print(f"| {rule.name} | {'yes' if rule.on else 'no'} | {' | '.join(cells)} |", flush=True)
    print("| **any** | | " + " | ".join(f"{sum(first[n].values()) / len(f):.2%}" for n, f in groups.items()) + " |")
    print("| files | | " + " | ".join(str(len(files)) for files in groups.values()) + " |")


def _alone(rule: Rule, files: Sequence[File], examples: int) -> tuple[int, int, list[str]]:
    dropped, judged = [], 0
    for text, path, language in files:
        threshold = rule.by_language.get(language, rule.threshold)
        if threshold is None or (rule.languages is not None and language not in rule.languages):
            continue
        if not rule.on and language in PROSE_AND_SETTINGS:
            continue
        value = rule.signal(Text(text, path, language))
        judged += value is not None
        if value is not None and not rule.keeps(value, threshold):
            dropped.append(path)
    return len(dropped), judged, dropped[:examples]


def shares_of_languages(groups: dict[str, list[File]]) -> None:
    """Print how many files of each language are dropped, and for what most often."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for files in groups.values():
        for text, path, language in files:
            judgement = why_not(text, path, language)
            table[language][judgement[0] if judgement else ""] += 1
    print("\n| language | files | dropped | most often for |\n|---|---:|---:|---|")
    for language, counts in sorted(table.items(), key=lambda item: -item[1].total()):
        dropped = Counter({reason: count for reason, count in counts.items() if reason})
        why = ", ".join(f"{reason} {count}" for reason, count in dropped.most_common(3))
        print(f"| {language} | {counts.total()} | {dropped.total() / counts.total():.1%} | {why} |")


def speeds(files: Sequence[File]) -> None:
    """Print MB/s of one core for each signal alone (on a fresh text each time) and for all rules that are on."""
    print("\n| signal | MB/s |\n|---|---:|")
    seen: set[str] = set()
    for rule in RULES:
        own = [file for file in files if rule.languages is None or file[2] in rule.languages]
        if rule.signal_name in seen or not own:
            continue
        seen.add(rule.signal_name)
        print(f"| {rule.signal_name} | {_rate(own, lambda file, rule=rule: rule.signal(Text(*file))):.0f} |")
    cheap = [rule for rule in RULES if rule not in PARSING]
    kept = [file for file in files if not why_not(*file, {rule.name: False for rule in PARSING})]
    print(f"| **all rules that are on, but for parsing** | {_rate(files, lambda file: _first(file, cheap)):.1f} |")
    print(f"| **parsing, of what those kept** | {_rate(kept, lambda file: _first(file, list(PARSING))):.1f} |")
    print(f"| **all** | {_rate(files, lambda file: why_not(*file)):.1f} |")


def _first(file: File, rules: Iterable[Rule]) -> bool:
    text, chosen = Text(*file), set(map(id, rules))
    for rule, threshold in active_rules(file[2]):
        if id(rule) in chosen and (value := rule.signal(text)) is not None and not rule.keeps(value, threshold):
            return False
    return True


def _rate(files: Sequence[File], work: Callable[[File], object]) -> float:
    """MB of UTF-8 in a second of processor time, the best of three."""
    size = sum(len(file[0].encode()) for file in files) / 1e6
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        for file in files:
            work(file)
        best = min(best, time.process_time() - started)
    return size / max(best, 1e-9)


def main() -> None:
    """Read the folders and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folders", nargs="+", help="NAME[@LANGUAGE]=FOLDER[:FOLDER...]")
    options.add_argument("--bytes", type=int, default=20_000_000)
    options.add_argument("--examples", type=int, default=0, help="files of each that a rule drops, to look at")
    options.add_argument("--what", default="rules,languages,speeds")
    arguments = options.parse_args()
    groups = {}
    for argument in arguments.folders:
        name, _, folders = argument.partition("=")
        _, _, as_language = name.partition("@")
        groups[name] = read_files(folders.split(":"), arguments.bytes, as_language)
    groups = {name: files for name, files in groups.items() if files}
    if "rules" in arguments.what:
        shares_of_rules(groups, arguments.examples)
    if "languages" in arguments.what:
        shares_of_languages(groups)
    if "speeds" in arguments.what:
        for name, files in groups.items():
            print(f"\n{name}: {len(files)} files, {sum(len(file[0]) for file in files) / 1e6:.1f} MB")
            speeds(files)


if __name__ == "__main__":
    main()
