"""Chat rows learn answers only; pair batches know which position belongs to which answer."""

from __future__ import annotations

import pytest
import torch

from midspan.batches import ChatRows, PreferencePair, chat_segment, fits, pack_pairs
from midspan.errors import UserError
from midspan.tokens import Message, Tokenizer

PAIRS = [
    PreferencePair(f"p{n}", [Message(role="user", content="Write " + "x" * n)], "return " * (n + 1), "pass", "model")
    for n in range(5)
]


def conversation(question: str, answer: str) -> list[Message]:
    return [Message(role="user", content=question), Message(role="assistant", content=answer)]


def test_only_answers_and_their_end_are_learnt(code_tokenizer: Tokenizer) -> None:
    rows = ChatRows([conversation("question", "answer")], code_tokenizer, context=64, seed=0)
    batch = rows.batch(0, 1)
    learnt = batch.targets[batch.loss_weight > 0].tolist()
    assert code_tokenizer.decode(learnt) == "answer<|im_end|>"


def test_an_epoch_has_every_conversation_once(code_tokenizer: Tokenizer) -> None:
    conversations = [conversation(f"question {n}", "answer " * n) for n in range(20)]
    rows = ChatRows(conversations, code_tokenizer, context=128, seed=3)
    for epoch in (0, 1):
        batches = [rows.batch(epoch * len(rows) + k, 1) for k in range(len(rows))]
        learnt = sum(int(batch.loss_weight.sum()) for batch in batches)
        assert learnt == sum(sum(chat_segment(code_tokenizer, c).loss_weight or []) for c in conversations)


def test_a_conversation_longer_than_a_row_is_left_out_and_counted(code_tokenizer: Tokenizer) -> None:
    rows = ChatRows([conversation("a", "b"), conversation("a", "b" * 500)], code_tokenizer, context=64, seed=0)
    assert rows.too_long == 1
    with pytest.raises(UserError, match="context 64"):
        ChatRows([conversation("a", "b" * 500)], code_tokenizer, context=64, seed=0)


def test_sums_by_sequence_equal_a_plain_loop(code_tokenizer: Tokenizer) -> None:
    packed = pack_pairs(PAIRS, code_tokenizer, 96)
    values = torch.randn(packed.batch.tokens.shape)
    expected = torch.zeros(2 * len(PAIRS))
    answers = [text for pair in PAIRS for text in (pair.chosen, pair.rejected)]
    for row in range(len(values)):
        for column in range(values.shape[1]):
            if packed.batch.loss_weight[row, column]:
                expected[packed.sequences[row, column]] += values[row, column]
    assert torch.allclose(packed.sum_by_sequence(values), expected, atol=1e-5)
    for index, text in enumerate(answers):
        mask = (packed.sequences == index) & (packed.batch.loss_weight > 0)
        assert code_tokenizer.decode(packed.batch.targets[mask].tolist()) == text + "<|im_end|>"
        assert packed.answer_tokens[index] == mask.sum()


def test_a_pair_fits_when_both_answers_do(code_tokenizer: Tokenizer) -> None:
    long = PreferencePair("p", PAIRS[0].prompt, "x" * 400, "pass", "mutation")
    assert fits(PAIRS[0], code_tokenizer, 64)
    assert not fits(long, code_tokenizer, 64)
