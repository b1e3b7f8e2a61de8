"""A scorer of one's own on files whose label is known by where they lie: library against tests.

    python benchmarks/corpus_scorer.py [FOLDER] [--labels 400]

FOLDER (the standard library by default) holds Python files; those with "test" in their path count as bad. So many are
labelled, the rest is scored: the scorer's own precision and recall, found on its labels, should hold there.
"""

from __future__ import annotations

import argparse
import json
import random
import sysconfig
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from midspan.corpus.scorer import Scorer, account_of_scorer, learn_scorer, trial_at

PROCESSES = 2


def main() -> None:
    """Label, learn, score the rest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(sysconfig.get_paths()["stdlib"]))
    parser.add_argument("--labels", type=int, default=400)
    arguments = parser.parse_args()
    rows = files_of(arguments.folder)
    labelled, rest = rows[: arguments.labels], rows[arguments.labels :]
    with tempfile.TemporaryDirectory() as folder:
        labels, output = Path(folder) / "labels.jsonl", Path(folder) / "scorer"
        labels.write_text("".join(json.dumps(row) + "\n" for row in labelled))
        started = time.process_time()
        scorer, speed = learn_scorer(labels, output, None, None, [])
        print(f"learnt in {time.process_time() - started:.1f} s of the processor")
        print(*account_of_scorer(scorer, Path("scorer"), speed), sep="\n")
        scores = [scorer.score(row["text"]) for row in rest]
        trial = {"scores": scores, "good": [row["label"] for row in rest], "languages": ["python"] * len(rest)}
        found = trial_at(trial, 0.5)
        print(f"on the rest, {len(rest)} files: precision {found['precision']:.1%}, recall {found['recall']:.1%}")
        measure(output, [row["text"] for row in rest])


def files_of(folder: Path) -> list[dict[str, str | bool]]:
    """The Python files of 500 bytes to 300 kB, in an order by chance."""
    rows: list[dict[str, str | bool]] = []
    for file in sorted(folder.rglob("*.py")):
        path, data = str(file.relative_to(folder)), file.read_bytes()
        if 500 < len(data) < 300_000 and "site-packages" not in path and data.isascii():
            rows.append({"path": path, "language": "python", "text": data.decode(), "label": "test" not in path})
    random.Random(1).shuffle(rows)
    return rows


def score_all(folder: Path, texts: list[str]) -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    scorer = Scorer.load(folder)
    processor, clock = time.process_time(), time.perf_counter()
    for text in texts:
        scorer.score(text)
    return time.process_time() - processor, time.perf_counter() - clock


def measure(folder: Path, texts: list[str]) -> None:
    """MB/s of one process by its processor time, and of several by the clock; all of each text counts."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    processor, _ = score_all(folder, texts)
    with ProcessPoolExecutor(PROCESSES) as pool:
        walls = [wall for _, wall in pool.map(score_all, [folder] * PROCESSES, [texts] * PROCESSES)]
    print(
        f"{size:.1f} MB: {size / processor:.0f} MB/s of processor time; {PROCESSES} processes at once, by the clock: "
    )
    print(f"  {PROCESSES * size / max(walls):.0f} MB/s together")


if __name__ == "__main__":
    main()
