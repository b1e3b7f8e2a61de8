"""Print a run's figures as the Markdown of docs/results/quickstart.md.

python benchmarks/quickstart_table.py runs/quickstart [runs/no-fim]
"""

from __future__ import annotations

import sys
from pathlib import Path

from midspan.report.overview import model_rows
from midspan.report.record import number, read_run


def main() -> None:
    """Print the table of every run named on the command line, and its time by step."""
    for directory in map(Path, sys.argv[1:]):
        run = read_run(directory)
        models = model_rows(run)
        head = ["model", *(cell.header for cell in models[0].cells)]
        lines = [f"| {model.name} | {' | '.join(cell.text for cell in model.cells)} |" for model in models]
        print(f"\n`{directory}`\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}", *lines, sep="\n")
        seconds = {name: number(step, "seconds") or 0.0 for name, step in run.steps.items()}
        print("\nSeconds by step: " + ", ".join(f"{name} {took:.0f}" for name, took in seconds.items()))
        print(f"Total: {sum(seconds.values()):.0f} s")


if __name__ == "__main__":
    main()
