"""Bits per byte equal what a plain loop over the documents gives."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from midspan.corpus import Document, TokenShard, write_token_shard
from midspan.evaluate.likelihood import bits_per_byte
from midspan.evaluate.preferring import likelihood_accuracy, reward_accuracy
from midspan.model import Decoder, DecoderConfig
from midspan.tokens import Tokenizer


def test_it_is_the_loss_of_every_token_over_every_byte(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    texts = ["def f(x):\n    return x\n" * 9, "naïve = 'é'\n" * 5]
    blank = dict.fromkeys(("language", "licence", "licence_evidence", "source", "revision", "date"), "")
    documents = [
        Document(id=f"{n}", text=text, path=f"{n}.py", repository="r", **blank) for n, text in enumerate(texts)
    ]
    write_token_shard(documents, code_tokenizer, tmp_path / "shard")
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig("stablelm", code_tokenizer.vocabulary_size, 32, 48, 2, 2, 2, 16, 64))
    found = bits_per_byte(decoder, code_tokenizer, TokenShard.open(tmp_path / "shard"), 32, 10**6, torch.float32, "x")
    nats = 0.0
    for text in texts:
        ids = code_tokenizer.encode(text)
        for start in range(0, len(ids), 32):
            window = torch.tensor([[code_tokenizer.end_of_text, *ids[start : start + 32]]])
            table = torch.log_softmax(decoder(window[:, :-1])[0], -1)
            nats -= table.gather(1, window[0, 1:, None]).sum().item()
    assert found.bytes == sum(len(text.encode()) for text in texts)
    assert found.bits_per_byte == pytest.approx(nats / math.log(2) / found.bytes, rel=1e-5)


def test_accuracies_count_strict_preferences() -> None:
    assert likelihood_accuracy([(-1.0, -2.0), (-2.0, -1.0), (-1.0, -1.0), (-0.1, -0.2)]) == 0.5
    # Less likely than the rejected answer, and yet moved towards it: the reward is what DPO changes.
    assert reward_accuracy([(-9.0, -5.0)], [(-10.0, -5.0)]) == 1.0
    assert reward_accuracy([(-9.0, -4.0)], [(-10.0, -5.0)]) == 0.0
