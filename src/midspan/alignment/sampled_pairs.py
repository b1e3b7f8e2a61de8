"""Preference pairs decided by execution: chosen passes its tests, rejected was seen to fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from midspan.batches import PreferencePair, generator
from midspan.errors import UserError
from midspan.exercises import (
    Exercise,
    extract_code,
    generate_exercises,
    grade,
    grade_all,
    messages,
    mutations,
    program_of,
)
from midspan.files import claim, read_jsonl, write_jsonl
from midspan.inference import Chat, Engine, Sampling
from midspan.progress import progress
from midspan.recipe import Settings as RecipeSettings
from midspan.sandbox import Sandbox
from midspan.step import Tools

CHUNK = 32  # exercises sampled, graded and written at a time; what a kill can cost
MUTATIONS_TRIED = 6


class Settings(RecipeSettings):
    """How many pairs, over which exercises, and how the model is sampled."""

    per_family: int = 40
    pairs: int = 256
    heldout: int = 100
    samples_per_exercise: int = 2
    temperature: float = 0.8
    max_tokens: int = 96


def write_pairs(
    *, settings: dict[str, Any], seed: int, model: Path, train: Path, heldout: Path, key: str, tools: Tools
) -> None:
    """Sample the model at `model` on exercises and write pairs to `train` and, of held-out exercises, to `heldout`."""
    claim(train.parent, key)
    chosen = Settings(**settings)
    exercises = generate_exercises(seed, chosen.per_family)
    engine = Engine.open(model)
    for file, count, split in ((train, chosen.pairs, "train"), (heldout, chosen.heldout, "heldout-parameter")):
        of_split = [exercise for exercise in exercises if exercise.split == split]
        build_pairs(of_split, count, settings=chosen, seed=seed, engine=engine, tools=tools, file=file)


def build_pairs(
    exercises: Sequence[Exercise],
    count: int,
    *,
    settings: Settings,
    seed: int,
    engine: Engine,
    tools: Tools,
    file: Path,
) -> None:
    """Write up to `count` pairs over `exercises` in seeded order, as many as possible from the model's own failures.

    They are made chunk by chunk, so that a killed run goes on where it was. Raises UserError if not one pair could be
    made.
    """
    order = [exercises[index] for index in generator(seed, "pairs", file.stem).permutation(len(exercises))]
    pairs: list[PreferencePair] = []
    with progress(f"pairs: {file.stem}", count, "pairs") as line:
        for start in range(0, len(order), CHUNK):
            if len(pairs) >= count:
                break
            part = file.with_name(f"{file.stem}-chunk-{start // CHUNK:04d}.jsonl")
            if not part.exists():
                chunk = order[start : start + CHUNK]
                answers = _sample(chunk, settings, seed + start, engine)
                found = _pairs(chunk, answers, seed, tools)
                write_jsonl(part, [asdict(pair) for pair in found])
            pairs += read_pairs(part)
            line.update(min(len(pairs), count), by_model=f"{sum(pair.origin == 'model' for pair in pairs)}")
    if not pairs:
        raise UserError(f"no preference pair could be made for {file}: every answer passed, and no mutation failed")
    write_jsonl(file, [asdict(pair) for pair in pairs[:count]])
    for part in file.parent.glob(f"{file.stem}-chunk-*.jsonl"):
        part.unlink()


def read_pairs(file: Path) -> list[PreferencePair]:
    """The pairs of a file that `write_pairs` wrote."""
    return [PreferencePair(**row) for row in read_jsonl(file)]


def _sample(exercises: Sequence[Exercise], settings: Settings, seed: int, engine: Engine) -> list[list[str]]:
    """The model's own answers, `samples_per_exercise` of them for each exercise."""
    size = settings.samples_per_exercise
    prompts = [Chat(messages(exercise)) for exercise in exercises for _ in range(size)]
    sampling = Sampling(max_tokens=settings.max_tokens, temperature=settings.temperature, seed=seed)
    answers = [completion.text for completion in engine.complete(prompts, sampling)]
    return [answers[start : start + size] for start in range(0, len(answers), size)]


def _pairs(exercises: Sequence[Exercise], answers: list[list[str]], seed: int, tools: Tools) -> list[PreferencePair]:
    """One pair for each exercise that has one: the model's failure if it failed, else a mutation that fails."""
    graded = [
        (exercise, answer) for exercise, own in zip(exercises, answers, strict=True) for answer in dict.fromkeys(own)
    ]
    verdicts = grade_all(
        tools.sandbox, [program_of(exercise, extract_code(answer)) for exercise, answer in graded], tools.workers
    )
    passed: dict[str, list[str]] = {}
    failed: dict[str, list[str]] = {}
    for (exercise, answer), verdict in zip(graded, verdicts, strict=True):
        if verdict.reason != "infra":
            (passed if verdict.passed else failed).setdefault(exercise.identifier, []).append(answer)
    pairs: list[PreferencePair] = []
    for exercise in exercises:
        own = passed.get(exercise.identifier, [])
        chosen = own[0] if own else _answer(exercise, exercise.solution)
        if own_failures := failed.get(exercise.identifier):
            pairs.append(PreferencePair(exercise.identifier, messages(exercise), chosen, own_failures[0], "model"))
        elif (mutant := _failing_mutation(exercise, seed, tools.sandbox)) is not None:
            rejected = _answer(exercise, mutant)
            pairs.append(PreferencePair(exercise.identifier, messages(exercise), chosen, rejected, "mutation"))
    return pairs


def _failing_mutation(exercise: Exercise, seed: int, sandbox: Sandbox) -> str | None:
    for _, mutant in zip(range(MUTATIONS_TRIED), mutations(exercise, seed), strict=False):
        if grade(sandbox, program_of(exercise, mutant)).reason in ("failed", "error"):
            return mutant
    return None


def _answer(exercise: Exercise, code: str) -> str:
    return messages(exercise, code)[-1]["content"]
