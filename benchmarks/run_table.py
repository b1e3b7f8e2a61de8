"""Print runs' figures as Markdown: the last model of each against the released one it began with, or all models.

    python benchmarks/run_table.py runs/seed-1 runs/seed-2 runs/seed-3     # one recipe: a column each, and the spread
    python benchmarks/run_table.py runs/seed-1 runs/seed-2 --against runs/random-1 runs/random-2   # by pairs of runs
    python benchmarks/run_table.py --models runs/scratch                   # one run: a column for each model

Differences are paired, their intervals (95 %) clustered by file, as in the report.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean

from midspan.evaluate.compare import Difference
from midspan.report.comparisons import changes_of, differences
from midspan.report.overview import score_table
from midspan.report.record import START, RunRecord, number, read_run


def models_of(run: RunRecord) -> None:
    """A column for each model."""
    table = score_table(run)
    print(f"\n| | {' | '.join(name for name, _ in table.models)} |\n|{'---|' * (1 + len(table.models))}")
    for row in table.rows:
        print(f"| {row.label} | {' | '.join(cell.text for cell in row.cells)} |")


def gains_of(run: RunRecord, other: RunRecord | None) -> dict[str, Difference]:
    """Each score's difference to a run's last model: from its released one, or from the last of the `other` run."""
    last = next(reversed(run.evaluations))
    if other is not None:
        found = differences(other, next(reversed(other.evaluations)), run, last)
    else:
        found = differences(run, next(name for name in run.evaluations if name.startswith(START)), run, last)
    return {one.score.label: one for one in found}


def main() -> None:
    """Print one table, and where the time of each run went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument(
        "--against", type=Path, nargs="*", help="for each run another, whose last model it is set against"
    )
    parser.add_argument("--models", action="store_true")
    asked = parser.parse_args()
    runs = [read_run(path) for path in asked.runs]
    others = [read_run(path) for path in asked.against or []] or [None] * len(runs)
    if asked.models:
        models_of(runs[0])
    else:
        gains = [gains_of(run, other) for run, other in zip(runs, others, strict=True)]
        print(f"\n| score | {' | '.join(run.path.name for run in runs)} | mean difference (least to most) |")
        print("|---" * (len(runs) + 2) + "|")
        for label in gains[0]:
            found = [one[label] for one in gains if label in one]
            cells = [f"{one.before} → {one.after}, {one.difference}" for one in changes_of(found)]
            moved = [one.after - one.before for one in found]
            print(f"| {label} | {' | '.join(cells)} | {mean(moved):+.4f} ({min(moved):+.4f} to {max(moved):+.4f}) |")
    for run in runs:
        seconds = {name: number(step, "seconds") or 0.0 for name, step in run.steps.items()}
        steps = ", ".join(f"{name} {took:.0f}" for name, took in seconds.items() if took >= 1)
        print(f"\n`{run.path}`: {sum(seconds.values()):.0f} s ({steps})")


if __name__ == "__main__":
    main()
