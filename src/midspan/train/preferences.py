"""Preference pairs decided by execution: chosen passes its tests, rejected was seen to fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from midspan import recipe
from midspan.batches import PreferencePair, fits, generator
from midspan.errors import UserError
from midspan.exercises import Exercise, extract_code, grade, grade_all, messages, mutations
from midspan.files import read_jsonl, write_jsonl
from midspan.inference import Chat, Engine, Sampling
from midspan.progress import progress
from midspan.sandbox import Sandbox

CHUNK = 32  # exercises sampled, graded and written at a time; what a kill can cost
MUTATIONS_TRIED = 6


def build_preferences(
    exercises: Sequence[Exercise],
    count: int,
    *,
    settings: recipe.Dpo,
    seed: int,
    name: str,
    engine: Engine,
    sandbox: Sandbox,
    workers: int,
    directory: Path,
) -> list[PreferencePair]:
    """Up to `count` pairs over `exercises` in seeded order, as many as possible from the model's own failures.

    Written to `directory`/`name`.jsonl, chunk by chunk, so that a killed run goes on where it was. Raises UserError
    if not one pair could be made.
    """
    order = [exercises[index] for index in generator(seed, "preferences", name).permutation(len(exercises))]
    pairs: list[PreferencePair] = []
    with progress(f"preferences: {name}", count, "pairs") as line:
        for start in range(0, len(order), CHUNK):
            if len(pairs) >= count:
                break
            file = directory / f"{name}-chunk-{start // CHUNK:04d}.jsonl"
            if not file.exists():
                chunk = order[start : start + CHUNK]
                codes = _sample(chunk, settings, seed + start, engine)
                found = _pairs(chunk, codes, seed, sandbox, workers)
                write_jsonl(file, [asdict(pair) for pair in found if fits(pair, engine.tokenizer, settings.context)])
            pairs += read_pairs(file)
            line.update(min(len(pairs), count), by_model=f"{sum(pair.origin == 'model' for pair in pairs)}")
    if not pairs:
        raise UserError(f"no preference pair fits into dpo.context {settings.context}; raise it")
    write_jsonl(directory / f"{name}.jsonl", [asdict(pair) for pair in pairs[:count]])
    for file in directory.glob(f"{name}-chunk-*.jsonl"):
        file.unlink()
    return pairs[:count]


def read_pairs(file: Path) -> list[PreferencePair]:
    """The pairs of a file that `build_preferences` wrote."""
    return [PreferencePair(**row) for row in read_jsonl(file)]


def _sample(exercises: Sequence[Exercise], settings: recipe.Dpo, seed: int, engine: Engine) -> list[list[str]]:
    """The model's own answers, `samples_per_exercise` of them for each exercise."""
    prompts = [engine.ids(Chat(messages(exercise)), settings.max_tokens) for exercise in exercises]
    repeated = [prompt for prompt in prompts for _ in range(settings.samples_per_exercise)]
    sampling = Sampling(max_tokens=settings.max_tokens, temperature=settings.temperature, seed=seed)
    answers = [completion.text for completion in engine.complete(repeated, sampling)]
    size = settings.samples_per_exercise
    return [answers[start : start + size] for start in range(0, len(answers), size)]


def _pairs(
    exercises: Sequence[Exercise], answers: list[list[str]], seed: int, sandbox: Sandbox, workers: int
) -> list[PreferencePair]:
    """One pair for each exercise that has one: the model's failure if it failed, else a mutation that fails."""
    graded = [
        (exercise, answer) for exercise, own in zip(exercises, answers, strict=True) for answer in dict.fromkeys(own)
    ]
    verdicts = grade_all(sandbox, [(exercise, extract_code(answer)) for exercise, answer in graded], workers)
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
        elif (mutant := _failing_mutation(exercise, seed, sandbox)) is not None:
            rejected = _answer(exercise, mutant)
            pairs.append(PreferencePair(exercise.identifier, messages(exercise), chosen, rejected, "mutation"))
    return pairs


def _failing_mutation(exercise: Exercise, seed: int, sandbox: Sandbox) -> str | None:
    for _, mutant in zip(range(MUTATIONS_TRIED), mutations(exercise, seed), strict=False):
        if grade(sandbox, exercise, mutant).reason in ("failed", "error"):
            return mutant
    return None


def _answer(exercise: Exercise, code: str) -> str:
    return messages(exercise, code)[-1]["content"]
