"""Preference and reward accuracy against log-probabilities that are added up by hand."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from small_models import TOOLS, ask, write_model

from midspan.batches import PreferencePair
from midspan.evaluate.benchmarks.preferences import PREFERENCES
from midspan.evaluate.subject import Candidates, Item, Likelihood
from midspan.files import write_jsonl
from midspan.model import load_decoder
from midspan.tokens import Message, Tokenizer, encode_chat


def write_pairs(file: Path, count: int = 3, chosen: str = "x = 1") -> list[PreferencePair]:
    pairs = [
        PreferencePair(f"sum/{n}", [Message(role="user", content=f"write {n}")], f"{chosen}{n}", "y", "model")
        for n in range(count)
    ]
    write_jsonl(file, [asdict(pair) for pair in pairs])
    return pairs


def logprob(model: Path, tokenizer: Tokenizer, conversation: list[Message]) -> float:
    ids, answer = encode_chat(tokenizer, conversation)
    table = torch.log_softmax(load_decoder(model, torch.float32)(torch.tensor([ids])), -1)[0]
    return sum(table[at - 1, ids[at]].item() for at in range(1, len(ids)) if answer[at])


def test_both_answers_of_every_pair_have_their_own_likelihood(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    model = write_model(tmp_path / "sft", code_tokenizer)
    pairs = write_pairs(tmp_path / "heldout.jsonl")
    result, rows = ask(model, "preferences", tmp_path, pairs=tmp_path / "heldout.jsonl")
    for row, pair in zip(rows, pairs, strict=True):
        for side in ("chosen", "rejected"):
            expected = logprob(model, code_tokenizer, pair.conversation(getattr(pair, side)))
            assert row[side] == pytest.approx(expected, rel=1e-4)
    assert [(score.name, score.trials, score.chance) for score in result.scores] == [("preference accuracy", 3, 0.5)]


def test_the_reward_is_what_was_gained_over_the_model_before(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    before, after = (write_model(tmp_path / name, code_tokenizer, seed=n) for n, name in enumerate(("sft", "dpo")))
    pairs = write_pairs(tmp_path / "heldout.jsonl")
    ask(before, "preferences", tmp_path, pairs=tmp_path / "heldout.jsonl")
    reference = tmp_path / "evaluation" / "sft" / "preferences.json"
    result, _ = ask(after, "preferences", tmp_path, pairs=tmp_path / "heldout.jsonl", reference=reference)
    gained = [
        [
            logprob(after, code_tokenizer, pair.conversation(answer))
            - logprob(before, code_tokenizer, pair.conversation(answer))
            for answer in (pair.chosen, pair.rejected)
        ]
        for pair in pairs
    ]
    reward = result.scores[1]
    assert (reward.name, reward.trials) == ("reward accuracy", 3)
    assert reward.value == pytest.approx(sum(chosen > rejected for chosen, rejected in gained) / 3)


def test_a_long_answer_has_no_advantage_and_a_tie_does_not_count() -> None:
    item = Item("sum/1", "sum", Candidates([], ("a", "b")))
    answers = [
        (Likelihood(-4.0, 4), Likelihood(-3.0, 1)),
        (Likelihood(-2.0, 1), Likelihood(-3.0, 3)),
        (Likelihood(-1.0, 1), Likelihood(-1.0, 1)),
    ]
    verdicts = PREFERENCES.grade([item] * 3, answers, TOOLS)
    assert [verdict.outcome for verdict in verdicts] == ["passed", "failed", "failed"]


def test_less_likely_and_yet_moved_towards_it_is_a_reward() -> None:
    sources = [(-10.0, -5.0), (-10.0, -5.0)]
    items = [Item("sum/1", "sum", Candidates([], ("a", "b")), source=source) for source in sources]
    answers = [(Likelihood(-9.0, 1), Likelihood(-5.0, 1)), (Likelihood(-9.0, 1), Likelihood(-4.0, 1))]
    verdicts = PREFERENCES.grade(items, answers, TOOLS)
    assert [verdict.values["gain"] > 0 for verdict in verdicts] == [True, False]


def test_a_pair_that_does_not_fit_into_the_model_is_not_measured(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    model = write_model(tmp_path / "sft", code_tokenizer)
    write_pairs(tmp_path / "heldout.jsonl", chosen="longer than all positions " * 9)
    result, rows = ask(model, "preferences", tmp_path, pairs=tmp_path / "heldout.jsonl")
    assert (result.scores, result.not_measured) == ([], 3)
    assert {row["outcome"] for row in rows} == {"not measured"}
