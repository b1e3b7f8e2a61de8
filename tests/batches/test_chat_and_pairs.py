"""Conversations are learnt by their answers only; pair batches know which position belongs to which answer."""

from __future__ import annotations

import pytest
import torch

from midspan.batches import (
    ConversationRows,
    PairRows,
    PreferencePair,
    chat_segment,
    pack_pairs,
    pack_rows,
    pair_segments,
)
from midspan.errors import UserError
from midspan.tokens import Message, Tokenizer

PAIRS = [
    PreferencePair(f"p{n}", [Message(role="user", content="Write " + "x" * n)], "return " * (n + 1), "pass", "model")
    for n in range(5)
]


def conversation(question: str, answer: str) -> list[Message]:
    return [Message(role="user", content=question), Message(role="assistant", content=answer)]


def rows_of(
    conversations: list[list[Message]], tokenizer: Tokenizer, context: int = 128, stage: str = "tuning"
) -> ConversationRows:
    return ConversationRows(conversations, tokenizer, context=context, seed=3, stage=stage)


def test_only_answers_and_their_end_are_learnt(code_tokenizer: Tokenizer) -> None:
    rows = rows_of([conversation("question", "answer")], code_tokenizer)
    batch = pack_rows([rows.row(0)], 64)
    learnt = batch.targets[batch.loss_weight > 0].tolist()
    assert code_tokenizer.decode(learnt) == "answer<|im_end|>"


def test_an_epoch_has_every_conversation_once_and_each_has_another_order(code_tokenizer: Tokenizer) -> None:
    conversations = [conversation(f"question {n}", "answer " * n) for n in range(20)]
    rows = rows_of(conversations, code_tokenizer)
    expected = sorted(chat_segment(code_tokenizer, one).tokens for one in conversations)
    epochs = [[rows.row(epoch * len(rows) + k) for k in range(len(rows))] for epoch in (0, 1)]
    for epoch in epochs:
        assert sorted(segment.tokens for row in epoch for segment in row) == expected
    assert epochs[0] != epochs[1]
    assert [rows_of(conversations, code_tokenizer).row(k) for k in range(len(rows))] == epochs[0]
    assert [rows_of(conversations, code_tokenizer, stage="other").row(k) for k in range(len(rows))] != epochs[0]


def test_a_conversation_longer_than_a_row_is_left_out_and_counted(code_tokenizer: Tokenizer) -> None:
    rows = rows_of([conversation("a", "b"), conversation("a", "b" * 500)], code_tokenizer, context=64)
    assert rows.too_long == 1
    assert len(rows.segments) == 1
    with pytest.raises(UserError, match="none of 1 conversations fits into a context of 64"):
        rows_of([conversation("a", "b" * 500)], code_tokenizer, context=64)


def test_sums_by_sequence_equal_a_plain_loop(code_tokenizer: Tokenizer) -> None:
    packed = pack_pairs([pair_segments(code_tokenizer, pair) for pair in PAIRS], 96)
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


def pairs_of(pairs: list[PreferencePair], tokenizer: Tokenizer, context: int = 96, stage: str = "pairs") -> PairRows:
    return PairRows(pairs, tokenizer, context=context, seed=3, stage=stage)


def test_a_row_is_both_answers_of_one_pair_and_an_epoch_has_each_pair_once(code_tokenizer: Tokenizer) -> None:
    rows = pairs_of(PAIRS, code_tokenizer)
    assert len(rows) == len(PAIRS)
    orders = []
    for epoch in range(6):
        ks = range(epoch * len(rows), (epoch + 1) * len(rows))
        orders.append([rows.pair(k) for k in ks])
        assert sorted(orders[-1]) == list(range(len(PAIRS)))
        for k in ks:
            assert rows.row(k) == rows.segments[rows.pair(k)] == pair_segments(code_tokenizer, PAIRS[rows.pair(k)])
    assert len({tuple(order) for order in orders}) > 1


def test_a_pair_with_an_answer_that_does_not_fit_is_left_out_as_a_whole(code_tokenizer: Tokenizer) -> None:
    long = [
        PreferencePair("chosen", PAIRS[0].prompt, "x" * 400, "pass", "mutation"),
        PreferencePair("rejected", PAIRS[0].prompt, "pass", "x" * 400, "mutation"),
    ]
    rows = pairs_of([long[0], *PAIRS, long[1]], code_tokenizer)
    assert (rows.pairs, rows.too_long) == (PAIRS, 2)
    with pytest.raises(UserError, match="none of 2 preference pairs fits into a context of 96"):
        pairs_of(long, code_tokenizer)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_micro_batches_of_rows_give_each_pair_what_one_batch_gives_it(code_tokenizer: Tokenizer, size: int) -> None:
    rows = pairs_of(PAIRS, code_tokenizer)
    drawn = [rows.row(k) for k in range(len(rows))]
    whole = pack_pairs(drawn, 96)
    parts = [pack_pairs(drawn[start : start + size], 96) for start in range(0, len(drawn), size)]
    assert torch.cat([part.answer_tokens for part in parts]).tolist() == whole.answer_tokens.tolist()
    sums = [batch.sum_by_sequence(batch.batch.targets.float()) for batch in (whole, *parts)]
    assert torch.cat(sums[1:]).tolist() == sums[0].tolist()
