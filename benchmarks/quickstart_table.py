"""Print a run's figures as the Markdown of docs/results/quickstart.md.

python benchmarks/quickstart_table.py runs/quickstart [runs/quickstart-no-fim]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from midspan.files import read_json

COLUMNS = (
    ("bits per byte", "bits_per_byte", "{:.3f}"),
    ("FIM exact", "fim_exact_match", "{:.1%}"),
    ("left-to-right exact", "left_to_right_exact_match", "{:.1%}"),
    ("preference accuracy", "preference_accuracy", "{:.0%}"),
    ("reward accuracy", "reward_accuracy", "{:.0%}"),
)


def rows(run: Path) -> list[str]:
    """One table row a model, in the order of the recipe's stages."""
    steps: dict[str, Any] = read_json(run / "manifest.json")["steps"]
    names = [name.removeprefix("evaluate-") for name in steps if name.startswith("evaluate-")]
    lines = []
    for name in names:
        found = read_json(run / "evaluation" / f"{name}.json")
        cells = [pattern.format(found[key]) if key in found else "" for _, key, pattern in COLUMNS]
        passed = found["pass_at_1"]
        cells += [f"{passed['heldout-parameter']:.1%}", f"{passed['heldout-family']:.1%}"]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {steps[name]['seconds']:.0f} |")
    return lines


def main() -> None:
    """Print the table of every run named on the command line, and its time by step."""
    for run in map(Path, sys.argv[1:]):
        head = ["model", *(title for title, _, _ in COLUMNS), "pass@1 new parameters", "pass@1 new families", "seconds"]
        print(f"\n`{run}`\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}", *rows(run), sep="\n")
        steps = read_json(run / "manifest.json")["steps"]
        print("\nSeconds by step: " + ", ".join(f"{name} {row['seconds']:.0f}" for name, row in steps.items()))
        print(f"Total: {sum(row['seconds'] for row in steps.values()):.0f} s")


if __name__ == "__main__":
    main()
