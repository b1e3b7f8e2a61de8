"""A real uvicorn server on a free loopback port, with a tiny random model."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import torch
import uvicorn
from small_decoders import STABLE

from midspan.inference import Engine
from midspan.model import Decoder
from midspan.serve import build_app
from midspan.serve.server import listening_socket
from midspan.tokens import Tokenizer, train_tokenizer

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["def add(first, second):\n    return first + second\n"] * 5, 330)


@pytest.fixture(scope="session")
def model(tokenizer: Tokenizer) -> Decoder:
    torch.manual_seed(3)
    config = replace(STABLE, vocabulary_size=tokenizer.vocabulary_size, max_positions=256)
    decoder = Decoder(config).eval()
    with torch.no_grad():
        for name, parameter in decoder.named_parameters():
            if parameter.dim() > 1:
                parameter.mul_(12)
            if name == "lm_head.weight":  # special tokens are never the best: answers have their full length
                parameter[: len(tokenizer.special_ids)] = 0
    return decoder


@pytest.fixture(scope="session")
def engine(model: Decoder, tokenizer: Tokenizer) -> Engine:
    return Engine(model, tokenizer)


@pytest.fixture(scope="session")
def address(engine: Engine) -> Iterator[str]:
    listener = listening_socket("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(build_app(engine, "tiny"), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client
