"""The corpus in one run: near-deduplication and encoding beside their peers, the whole build, its memory, its cost.

    python benchmarks/corpus.py [--bytes 60000000] [--full] [--only steps,build,near,encoding]

Needs the extra "bench" for the peers. Every part runs in a process of its own, one after the other, on one thread;
rates are per second of processor time, so that other load on the machine counts little.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from corpus_input import evaluation_files, lay_out

HERE = Path(__file__).resolve().parent
PARTS = ("steps", "build", "near", "encoding")
TERABYTE = 1e12
TERABYTE_SHARD = 256e6  # corpus.shard_bytes for a terabyte
CORES = (2, 64, 1024)
TARGET = 2.5  # MB/s per core, the whole build
Figures = dict[str, Any]


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=int, default=60_000_000, help="of the whole build's input")
    parser.add_argument("--full", action="store_true", help="three rounds of all comparisons, on all of their input")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no part {sorted(unknown)[0]}; there are {', '.join(PARTS)}")
    print_machine()
    if "near" in wanted:
        heading("Near-deduplication against datasketch and datatrove")
        run("near_dedup.py", "3" if arguments.full else "1")
    if "encoding" in wanted:
        heading("Encoding against tokenizers")
        size, repetitions = ("60000000", "3") if arguments.full else ("8000000", "1")
        run("encoding.py", "--bytes", size, "--repetitions", repetitions)
    with tempfile.TemporaryDirectory(prefix="midspan-corpus-") as folder:
        whole, part = Path(folder) / "whole", Path(folder) / "eighth"
        sizes = lay_out(whole, arguments.bytes), lay_out(part, arguments.bytes // 8)
        steps, disk = measure_steps(whole) if "steps" in wanted else ([], {})
        builds = measure_builds(part, whole, Path(folder)) if "build" in wanted else []
        print(f"\nInput: {sizes[1] / 1e6:.1f} and {sizes[0] / 1e6:.1f} MB; evaluation sets: {len(evaluation_files())}")
    if steps and builds:
        print_cost(steps, disk, *builds)


def print_machine() -> None:
    """The command, the machine and the versions that the figures depend on."""
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow", "tokenizers", "tiktoken"))
    print(f"command: python {' '.join(sys.argv)}")
    print(f"machine: {os.cpu_count()} x {processor}, {int(memory) / 1e6:.0f} GB, load {os.getloadavg()[0]:.1f}")
    print(f"versions: Python {platform.python_version()}, {packages}")


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def heading(text: str) -> None:
    print(f"\n## {text}\n", flush=True)


def run(script: str, *arguments: str) -> None:
    """Run a benchmark that prints its own figures; without its peers it says so and the rest goes on."""
    if subprocess.run([sys.executable, str(HERE / script), *arguments], env=one_thread()).returncode:
        print(f"{script} failed (see above); the peers come with: pip install 'midspan[bench]'")


def one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}


def rows_of(script: str, *arguments: str | Path) -> list[Figures]:
    """The lines of JSON that a part prints."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    result = subprocess.run(command, env=one_thread(), capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{script} failed:\n{result.stderr[-2000:]}")
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def measure_steps(source: Path) -> tuple[list[Figures], Figures]:
    """Each step alone, as a table; the rows, and what lay on disk."""
    heading("Each step alone, one thread")
    rows = rows_of("corpus_steps.py", source)
    disk = next(row for row in rows if "disk" in row)
    steps = [row for row in rows if "step" in row]
    whole = sum(row["seconds"] for row in steps)
    print("| step | documents | MB in | CPU s | documents/s | MB/s | share of the time |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for row in steps:
        rates = f"{row['documents'] / row['seconds']:,.0f} | {row['rate']:.1f} | {100 * row['seconds'] / whole:.1f} %"
        print(f"| {row['step']} | {row['documents']} | {row['bytes'] / 1e6:.1f} | {row['seconds']:.2f} | {rates} |")
    slowest = max(steps, key=lambda row: row["seconds"])
    print(f"\nAll: {whole:.1f} s, {steps[0]['raw_bytes'] / 1e6 / whole:.2f} MB/s of input; slowest: {slowest['step']}.")
    return steps, disk


def measure_builds(part: Path, whole: Path, folder: Path) -> list[Figures]:
    """The build of an eighth of the input and of all of it, with one worker: rates and peak memory."""
    heading("The whole build, one worker, without tokens")
    builds = [rows_of("corpus_build.py", source, folder / f"corpus-{source.name}", 1)[0] for source in (part, whole)]
    print("| input MB | files | kept | CPU s of worker + leader | MB/s per core | wall s | peak MB, worker | leader |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for one in builds:
        seconds = one["worker_seconds"] + one["leader_seconds"]
        rate = f"{one['worker_seconds']:.1f} + {one['leader_seconds']:.1f} | {one['bytes'] / 1e6 / seconds:.2f}"
        peaks = f"{one['wall']:.1f} | {one['worker_peak']:.0f} | {one['leader_peak']:.0f}"
        print(f"| {one['bytes'] / 1e6:.1f} | {one['listed']} | {one['documents']} | {rate} | {peaks} |")
    small, large = builds
    rate, start = marginal(small, large, "worker_seconds"), large["worker_seconds"] + large["leader_seconds"]
    print(f"\nTarget {TARGET} MB/s per core: {large['bytes'] / 1e6 / start:.2f}, the start of both processes included;")
    print(f"the worker alone, between the two sizes: {1 / (rate * 1e6):.2f} MB/s.")
    growth = [f"{name} {large[f'{name}_peak'] / small[f'{name}_peak']:.2f}" for name in ("worker", "leader")]
    times = large["bytes"] / small["bytes"]
    print(f"Peak memory at {times:.1f} times the input: times {', '.join(growth)}.")
    print("Seconds of the stages:", ", ".join(f"{name} {seconds:.1f}" for name, seconds in large["stages"].items()))
    return builds


def marginal(small: Figures, large: Figures, name: str) -> float:
    """Seconds per byte between two sizes: what starting costs is left out."""
    return float(large[name] - small[name]) / float(large["bytes"] - small["bytes"])


def print_cost(steps: list[Figures], disk: Figures, small: Figures, large: Figures) -> None:
    """What a terabyte of such input would cost, computed from the figures above."""
    heading("A terabyte, computed from these figures")
    encoding = next(row["seconds"] for row in steps if row["step"] == "tokens") / steps[0]["raw_bytes"]
    parallel = (marginal(small, large, "worker_seconds") + encoding) * TERABYTE
    serial = max(marginal(small, large, "leader_seconds"), 0.0) * TERABYTE
    files = large["listed"] / large["bytes"] * TERABYTE
    compared = disk["documents"] / large["bytes"] * TERABYTE  # documents that near-deduplication looks at
    tasks = TERABYTE / TERABYTE_SHARD
    print(
        f"{files / 1e6:.0f} million files, {parallel / 3600:,.0f} core hours with tokens, {tasks:,.0f} tasks a stage.\n"
    )
    print("| cores | hours of tasks | waves of tasks | idle in the last wave | hours of the leader | hours in all |")
    print("|---:|---:|---:|---:|---:|---:|")
    for cores in CORES:
        waves = math.ceil(tasks / cores)
        busy = parallel / cores / 3600
        taken = busy * waves / (tasks / cores)
        idle = f"{100 * (1 - busy / taken):.1f} %"
        print(f"| {cores} | {busy:.2f} | {waves} | {idle} | {serial / 3600:.2f} | {taken + serial / 3600:.2f} |")
    grown = (large["leader_peak"] - small["leader_peak"]) * 1e6 / (large["listed"] - small["listed"])
    print(f"\nThe leader's peak grew by {grown / 1e3:.1f} kB a file ({grown * files / 1e9:,.0f} GB for all of them).")
    print("Under 60 MB of input that is mostly chance.")
    print_shuffles(disk, large, tasks, compared, parallel)


def print_shuffles(disk: Figures, large: Figures, tasks: float, compared: float, parallel: float) -> None:
    """How what goes between tasks scales, and what that asks of the storage."""
    from midspan.corpus.dedup.near import NearSettings
    from midspan.corpus.dedup.signatures import BANDS

    packed = disk["disk"]["gathered"] / disk["bytes"]  # Parquet, zstd
    between = 3 * packed * disk["bytes"] / large["bytes"] * TERABYTE  # read, judge and gather each write the texts
    signed = disk["disk"]["near"] / disk["documents"] * compared
    groups = BANDS * math.ceil(compared / NearSettings().group_documents)
    total = (TERABYTE + 2 * (between + signed)) / 1e12  # each is written once and read once or more
    print(
        f"\n- Repositories: {tasks:,.0f} senders, as many receivers: {tasks:,.0f} files, {tasks**2 / 1e6:,.0f} million"
        f" reads of about {between / 3 / tasks**2 / 1e3:.0f} kB. It grows with the square of tasks: shard_bytes must"
        f" grow with the corpus (with 4 MB it were {(TERABYTE / 4e6) ** 2 / 1e9:,.0f} billion reads)."
    )
    print(
        f"- Signatures: {signed / 1e9:,.0f} GB for {compared / 1e6:.0f} million documents"
        f" ({signed / compared:,.0f} bytes each); {groups} grouping tasks a round, each reads its band of all shards,"
        f" so at most {groups} cores work at once there."
    )
    print(f"- The leader holds 20 bytes a document: {20 * compared / 1e9:.1f} GB, and 80 for each pair of near-copies.")
    print(f"- Storage: about {total:.1f} TB written and read in all;", end=" ")
    rates = ", ".join(f"{total * 1e12 / (parallel / cores) / 1e9:.2f} GB/s on {cores} cores" for cores in CORES)
    print(f"to keep the cores busy {rates}.")


if __name__ == "__main__":
    main()
