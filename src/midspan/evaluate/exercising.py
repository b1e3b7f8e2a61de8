"""pass@1 on held-out exercises: a greedy answer to each, run against its tests in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from midspan.exercises import Exercise, extract_code, grade_all, messages
from midspan.inference import Chat, Engine, Sampling
from midspan.progress import progress
from midspan.sandbox import Sandbox

SAMPLES_SHOWN = 12


def pass_at_1(
    engine: Engine,
    exercises: Sequence[Exercise],
    *,
    max_tokens: int,
    sandbox: Sandbox,
    workers: int,
    name: str,
) -> dict[str, Any]:
    """The share of exercises whose one greedy answer passes, by split; a verdict "infra" counts for neither side."""
    prompts = [Chat(messages(exercise)) for exercise in exercises]
    with progress(f"{name}: exercises", len(exercises), "answers") as line:
        completions = engine.complete(prompts, Sampling(max_tokens=max_tokens), line.update)
    answers = [completion.text for completion in completions]
    with progress(f"{name}: tests", len(exercises), "programs") as line:
        pairs = [(exercise, extract_code(answer)) for exercise, answer in zip(exercises, answers, strict=True)]
        verdicts = grade_all(sandbox, pairs, workers, line.update)
    rows = [
        {
            "identifier": exercise.identifier,
            "split": exercise.split,
            "instruction": exercise.instruction,
            "answer": answer,
            "passed": verdict.passed,
            "reason": verdict.reason,
        }
        for exercise, answer, verdict in zip(exercises, answers, verdicts, strict=True)
    ]
    measured = [row for row in rows if row["reason"] != "infra"]
    splits = {split: [row for row in measured if row["split"] == split] for split in _splits(exercises)}
    shown = [row for row in rows if row["passed"]][: SAMPLES_SHOWN // 2]
    shown += [row for row in rows if not row["passed"]][: SAMPLES_SHOWN - len(shown)]
    return {
        "pass_at_1": {
            split: sum(bool(row["passed"]) for row in part) / max(1, len(part)) for split, part in splits.items()
        },
        "exercises": {split: len(part) for split, part in splits.items()},
        "not_measured": len(rows) - len(measured),
        "samples": shown,
    }


def _splits(exercises: Sequence[Exercise]) -> list[str]:
    return sorted({exercise.split for exercise in exercises}, reverse=True)
