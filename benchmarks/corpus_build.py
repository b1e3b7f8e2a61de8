"""Builds one corpus in this process and its workers, and prints what that took as one line of JSON.

python benchmarks/corpus_build.py INPUT OUTPUT WORKERS       # run by benchmarks/corpus.py
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from corpus_input import evaluation_files
from usage import usage_of_workers

from midspan.corpus.stages import build_corpus
from midspan.engines import EngineChoice
from midspan.recipe import Corpus


def main() -> None:
    """Build, and print processor seconds, peak memory and counts."""
    source, output, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    settings = Corpus(
        source=str(source),
        licences=["permissive", "unknown", "non-permissive"],  # every step gets everything to do
        decontaminate=evaluation_files(),
    )
    started, before = time.perf_counter(), time.process_time()
    build_corpus(settings, output, EngineChoice("local", workers))
    wall, leader = time.perf_counter() - started, time.process_time() - before
    children = usage_of_workers()
    statistics = json.loads((output / "statistics.json").read_text(encoding="utf-8"))
    figures = {
        "wall": wall,
        "leader_seconds": leader,  # of processor time, of the process that hands out tasks
        "worker_seconds": children.ru_utime + children.ru_stime,
        "leader_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,  # MB
        "worker_peak": children.ru_maxrss / 1e3,  # MB, of the largest
        "listed": statistics["listed"],
        "documents": statistics["documents"],
        "bytes": next(stage["in"]["bytes"] for stage in statistics["stages"] if stage["stage"] == "read"),
        "kept_bytes": statistics["bytes"],
        "stages": {stage["stage"]: stage["seconds"] for stage in statistics["stages"]},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
