"""A small tokenizer and a tiny random decoder, made once, and the engine of the two."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small_decoders import LLAMA

from midspan.inference import Engine
from midspan.model import Decoder
from midspan.tokens import Tokenizer, train_tokenizer

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    texts = [f"def function_{n}(first, second):\n    return first + second * {n}\n" for n in range(50)]
    return train_tokenizer([*texts, "naïve café, 東京 und Übermut 🙂\n" * 3], 400)


@pytest.fixture(scope="session")
def model(tokenizer: Tokenizer) -> Decoder:
    torch.manual_seed(1)
    # Rows beyond the tokenizer, as released models have.
    config = replace(LLAMA, vocabulary_size=tokenizer.vocabulary_size + 5, max_positions=96)
    decoder = Decoder(config).eval()
    with torch.no_grad():  # larger weights than at birth: the logits differ enough for a clear best token
        for parameter in decoder.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.24)
    return decoder


@pytest.fixture(scope="session")
def engine(model: Decoder, tokenizer: Tokenizer) -> Engine:
    return Engine(model, tokenizer)
