"""pass@1 counts what the sandbox saw, by split."""

from __future__ import annotations

import pytest
import torch

from midspan.evaluate import choose_exercises
from midspan.evaluate.exercising import pass_at_1
from midspan.exercises import generate_exercises, messages
from midspan.inference import Completion, Engine
from midspan.model import Decoder, DecoderConfig
from midspan.sandbox import Sandbox
from midspan.tokens import Tokenizer


def test_reference_answers_pass_and_empty_ones_do_not(
    monkeypatch: pytest.MonkeyPatch, code_tokenizer: Tokenizer
) -> None:
    chosen = choose_exercises(generate_exercises(1, 6), 6, seed=1)
    assert [exercise.split for exercise in chosen].count("heldout-parameter") == 6
    assert [exercise.split for exercise in chosen].count("heldout-family") == 3
    answers = [
        messages(exercise, exercise.solution)[-1]["content"] if exercise.split == "heldout-parameter" else "```\n```"
        for exercise in chosen
    ]
    completions = [Completion(answer, [], "stop", 1) for answer in answers]
    monkeypatch.setattr(Engine, "complete", lambda *arguments: completions)
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig("stablelm", code_tokenizer.vocabulary_size, 32, 48, 1, 2, 2, 16, 1024))
    result = pass_at_1(
        Engine(decoder, code_tokenizer), chosen, max_tokens=8, sandbox=Sandbox(), workers=1, name="reference"
    )
    assert result["pass_at_1"] == {"heldout-parameter": 1.0, "heldout-family": 0.0}
    assert result["exercises"] == {"heldout-parameter": 6, "heldout-family": 3}
    assert result["not_measured"] == 0
