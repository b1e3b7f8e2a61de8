"""Everything a stage's model is judged on, written as one JSON file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan import recipe
from midspan.batches import PreferencePair, generator
from midspan.compute import compute_dtype
from midspan.corpus import TokenShard, read_documents
from midspan.evaluate.exercising import pass_at_1
from midspan.evaluate.infilling import choose_blanks, infill
from midspan.evaluate.likelihood import bits_per_byte
from midspan.evaluate.preferring import likelihood_accuracy, preference_logprobs, reward_accuracy
from midspan.exercises import Exercise
from midspan.files import read_json, write_json
from midspan.inference import Engine, Plain, Sampling
from midspan.sandbox import Sandbox

COMPLETION_PROMPTS = ("def read_lines(path):\n", "import os\n\n\ndef ", "class Stack:\n    def __init__(self):\n")


@dataclass(frozen=True)
class HeldOut:
    """What no model has seen: files, exercises, preference pairs."""

    documents: Path  # corpus/heldout
    shard: Path  # corpus/tokens/heldout
    exercises: Sequence[Exercise]
    pairs: Sequence[PreferencePair]


def evaluate_model(
    plan: recipe.Recipe,
    name: str,
    directory: Path,
    held_out: HeldOut,
    *,
    sandbox: Sandbox,
    workers: int,
    reference: Path | None,
    output: Path,
) -> dict[str, Any]:
    """Judge the model in `directory` on `held_out` and write the result to `output`.

    `reference` is the evaluation of the model that DPO started from; with it the reward accuracy is known too.
    """
    started = time.monotonic()
    settings = plan.evaluate
    engine = Engine.open(directory, weights="stored")
    decoder, tokenizer = engine.decoder, engine.tokenizer
    dtype = compute_dtype(plan.runtime.precision, engine.device)
    shortest = min(stage.context for stage in plan.pretrain.values())
    shard = TokenShard.open(held_out.shard)
    result: dict[str, Any] = {"model": name}

    likelihood = bits_per_byte(decoder, tokenizer, shard, shortest, settings.heldout_bytes, dtype, name)
    result |= {"bits_per_byte": likelihood.bits_per_byte, "bits_per_byte_bytes": likelihood.bytes}
    result["bits_per_byte_context"] = shortest

    blanks = choose_blanks(read_documents(held_out.documents), settings.fim_lines, plan.seed)
    infilled = infill(engine, blanks, shortest, name)
    samples = {"infill": infilled.pop("samples")}
    result |= infilled

    if held_out.exercises:
        passed = pass_at_1(
            engine,
            held_out.exercises,
            max_tokens=settings.max_tokens,
            sandbox=sandbox,
            workers=workers,
            name=name,
        )
        samples["exercises"] = passed.pop("samples")
        result |= passed
    if held_out.pairs and plan.dpo:
        sums, means = preference_logprobs(decoder, tokenizer, held_out.pairs, plan.dpo.context, dtype, name)
        result |= {"preference_accuracy": likelihood_accuracy(means), "preference_pairs": len(means)}
        result["preference_logprobs"] = sums
        if reference:
            before = read_json(reference)["preference_logprobs"]
            result["reward_accuracy"] = reward_accuracy(sums, before)

    samples["completions"] = _completions(engine)
    result |= {"samples": samples, "seconds": time.monotonic() - started}
    write_json(output, result)
    return result


def choose_exercises(exercises: Sequence[Exercise], count: int, seed: int) -> list[Exercise]:
    """`count` exercises held out by parameter and half as many by family, chosen by seed over all families."""
    chosen: list[Exercise] = []
    for split, size in (("heldout-parameter", count), ("heldout-family", max(1, count // 2))):
        pool = [exercise for exercise in exercises if exercise.split == split]
        chosen += [pool[index] for index in generator(seed, "exercises", split).permutation(len(pool))[:size]]
    return chosen


def _completions(engine: Engine) -> list[dict[str, str]]:
    prompts = [Plain(text) for text in COMPLETION_PROMPTS]
    answers = engine.complete(prompts, Sampling(max_tokens=64, temperature=0.2, top_p=0.95))
    return [{"prompt": prompt, "text": answer.text} for prompt, answer in zip(COMPLETION_PROMPTS, answers, strict=True)]
