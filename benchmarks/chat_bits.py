"""What chat costs: bits per byte of replies by a run's start and by what became of it, in general conversations.

    python benchmarks/chat_bits.py runs/quickstart --questions ../shared/data/llama_factory_demo/alpaca_en_demo.json

QUESTIONS is a JSON array of objects with instruction, input and output, none of which the models were trained on.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from midspan.evaluate.compare import compare
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Candidates, Subject
from midspan.tokens import Message

SCORE = Score("bits per byte", "", 0.0, None, "lower", measure="bits", per="bytes")


def rows_of(model: Path, questions: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The bits that each reply costs the model, and its bytes."""
    asked = [
        Candidates(
            [Message(role="user", content="\n\n".join(filter(None, (one["instruction"], one["input"]))))],
            [one["output"]],
        )
        for one in questions
    ]
    subject = Subject.open(model, 2048, "fp32")
    rows = []
    for number, found in enumerate(subject.likelihoods(asked, lambda done: None)):
        if found:  # else it is longer than the model's context
            size = len(questions[number]["output"].encode())
            rows.append(
                {"item": number, "cluster": number, "group": "", "bits": -found[0].logprob / math.log(2), "bytes": size}
            )
    return rows


def main() -> None:
    """Print one row for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    asked = parser.parse_args()
    questions = [one for one in json.loads(asked.questions.read_text(encoding="utf-8")) if one["output"]]
    questions = questions[: asked.count]
    start = rows_of(asked.runs[0] / "models" / "start-1", questions)
    for run in asked.runs:
        found = compare(SCORE, start, rows_of(run / "models" / "adapted", questions))
        assert found is not None
        interval = f"[{found.low:+.3f}, {found.high:+.3f}]"
        print(
            f"{run.name}: {found.before:.3f} → {found.after:.3f}, {found.after - found.before:+.3f} {interval}, "
            f"{found.items} replies",
            flush=True,
        )


if __name__ == "__main__":
    main()
