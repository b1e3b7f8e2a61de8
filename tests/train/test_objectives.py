"""The losses: counted once per supervised token, whatever the batching; DPO as its paper's equation."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from midspan.batches import Batch, PreferencePair, Segment, chat_segment, pack_pairs, pack_rows, pair_segments
from midspan.model import Decoder, DecoderConfig
from midspan.tokens import Message, Tokenizer
from midspan.train.objectives.causal import batch_logprobs
from midspan.train.objectives.dpo import Settings, dpo_loss
from midspan.train.objectives.reference import sequence_logprobs


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(DecoderConfig("stablelm", 600, 32, 48, 2, 2, 2, 16, 256))


def causal_loss(decoder: Decoder, batch: Batch) -> torch.Tensor:
    return -(batch_logprobs(decoder, batch, torch.float32) * batch.loss_weight).sum()


def ragged_rows() -> list[list[Segment]]:
    """Four rows with very different numbers of supervised tokens."""
    draw = torch.Generator().manual_seed(3)
    rows = []
    for length, supervised in ((40, 1), (20, 19), (30, 10), (5, 4)):
        tokens = torch.randint(0, 600, (length,), generator=draw).tolist()
        rows.append([Segment(tokens, [float(index < supervised) for index in range(length - 1)])])
    return rows


def test_log_probabilities_equal_a_plain_softmax_of_each_document_alone(decoder: Decoder) -> None:
    segments = [segment for row in ragged_rows() for segment in row]
    batch = pack_rows([segments], 128)
    packed = batch_logprobs(decoder, batch, torch.float32)[0]
    start = 0
    for segment in segments:
        tokens = torch.tensor([segment.tokens])
        logits = decoder(tokens[:, :-1])[0]
        alone = F.log_softmax(logits, -1).gather(1, tokens[0, 1:, None])[:, 0] * torch.tensor(segment.loss_weight)
        torch.testing.assert_close(packed[start : start + segment.length], alone, atol=1e-5, rtol=1e-4)
        start += segment.length


def test_accumulating_over_ragged_micro_batches_gives_the_gradient_of_the_whole(decoder: Decoder) -> None:
    batch = pack_rows(ragged_rows(), 64)
    gradients = []
    for rows in (4, 1):
        decoder.zero_grad()
        total = batch.loss_weight.sum()
        for part in batch.split(rows):
            (causal_loss(decoder, part) / total).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in decoder.parameters() if p.grad is not None]))
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-6, rtol=1e-4)


def test_a_document_in_a_packed_row_does_not_change_another_ones_gradient(decoder: Decoder) -> None:
    first, second = Segment(list(range(20))), Segment(list(range(100, 130)))
    sums = []
    for rows in ([[first, second]], [[first], [second]]):
        decoder.zero_grad()
        causal_loss(decoder, pack_rows(rows, 64)).backward()
        sums.append(decoder.embed_tokens.weight.grad.clone())
    torch.testing.assert_close(sums[0], sums[1], atol=1e-5, rtol=1e-4)


def test_sequence_log_probabilities_are_those_of_each_answer_alone(decoder: Decoder, code_tokenizer: Tokenizer) -> None:
    pairs = [
        PreferencePair(f"{n}", [Message(role="user", content="q" * n)], "return 1", "x = " + "y" * n, "model")
        for n in range(1, 4)
    ]
    packed = pack_pairs([pair_segments(code_tokenizer, pair) for pair in pairs], 128)
    found = sequence_logprobs(decoder, packed, torch.float32)
    answers = [(pair, answer) for pair in pairs for answer in (pair.chosen, pair.rejected)]
    for index, (pair, answer) in enumerate(answers):
        alone: Batch = pack_rows([[chat_segment(code_tokenizer, pair.conversation(answer))]], 64)
        assert found[index].item() == pytest.approx(-causal_loss(decoder, alone).item(), rel=1e-4)


def test_dpo_loss_is_equation_7_of_its_paper() -> None:
    logprobs, reference = torch.tensor([-3.0, -5.0, -8.0, -2.0]), torch.tensor([-4.0, -4.0, -6.0, -6.0])
    loss, margins = dpo_loss(logprobs, reference, torch.tensor([2.0, 1.0, 4.0, 1.0]), Settings(beta=0.5))
    expected = [0.5 * ((-3 + 4) - (-5 + 4)), 0.5 * ((-8 + 6) - (-2 + 6))]
    assert margins.tolist() == pytest.approx(expected)
    assert loss.item() == pytest.approx(sum(math.log(1 + math.exp(-margin)) for margin in expected))
    with_nll, _ = dpo_loss(logprobs, reference, torch.tensor([2.0, 1.0, 4.0, 1.0]), Settings(beta=0.5, nll_weight=1.0))
    assert with_nll.item() - loss.item() == pytest.approx(3 / 2 + 8 / 4)
