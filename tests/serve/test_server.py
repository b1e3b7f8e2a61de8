"""The server process: its port, its start and its end."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from midspan.errors import UserError
from midspan.inference import Engine
from midspan.model import Decoder, save_decoder
from midspan.serve import serve
from midspan.serve.server import listening_socket, served_name
from midspan.tokens import Tokenizer


@pytest.fixture
def run_directory(model: Decoder, tokenizer: Tokenizer, tmp_path: Path) -> Path:
    release = tmp_path / "quick" / "models" / "release"
    save_decoder(model, release)
    tokenizer.save(release)
    return tmp_path / "quick"


def test_a_port_in_use_is_named_before_the_model_is_loaded(
    run_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "open", lambda *_: pytest.fail("the model was loaded"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {port} on 127.0.0.1 is in use.*--port {port + 1}"):
            serve(run_directory, port=port)


def test_two_servers_cannot_start_on_one_port() -> None:
    with listening_socket("127.0.0.1", 0) as first, pytest.raises(UserError, match="in use"):
        listening_socket("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "port"), [("no.such.host.invalid", 8000), ("203.0.113.7", 8000), ("127.0.0.1", 70000)]
)
def test_an_address_that_cannot_be_had_is_named(host: str, port: int) -> None:
    with pytest.raises(UserError, match=f"cannot listen on {re.escape(host)}:{port}"):
        listening_socket(host, port)


def test_no_model_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no model"):
        serve(tmp_path)


@pytest.mark.parametrize(
    ("path", "name"),
    [("runs/quick", "quick"), ("runs/quick/models/release", "quick"), ("runs/quick/models/base", "quick-base")],
)
def test_the_id_is_the_name_of_the_run(tmp_path: Path, path: str, name: str) -> None:
    assert served_name(tmp_path / path) == name


@contextmanager
def served(model: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`midspan serve` of `model` as a process of its own, and its address."""
    program = [sys.executable, "-c", "from midspan.cli import main; main()", "serve", str(model)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*program, "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            lines = [process.stderr.readline(), process.stderr.readline()]
            address = re.search(r"http://\S+/", lines[1])
            assert address, lines
            yield process, address[0]
        finally:
            process.kill()


def test_the_process_serves_a_run_and_ends_quietly_on_ctrl_c(run_directory: Path) -> None:
    with served(run_directory) as (process, address):
        reply = httpx.post(f"{address}v1/completions", json={"prompt": "def", "max_tokens": 3}, timeout=30)
        assert reply.json()["model"] == "quick"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_ctrl_c_ends_running_and_waiting_requests_at_once_and_quietly(
    model: Decoder, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    endless = Decoder(dataclasses.replace(model.config, max_positions=200_000))
    endless.load_state_dict(model.state_dict())
    save_decoder(endless, tmp_path)
    tokenizer.save(tmp_path)
    body = {"prompt": "a", "max_tokens": 150_000, "temperature": 0}
    ends: list[Any] = []

    def ask(**more: Any) -> None:
        with httpx.Client(base_url=address, timeout=30) as client:
            ends.append(client.post("v1/completions", json={**body, **more}))

    with served(tmp_path) as (process, address):
        with httpx.stream("POST", f"{address}v1/completions", json={**body, "stream": True}, timeout=30) as running:
            lines = running.iter_lines()
            next(lines)
            waiting = [threading.Thread(target=ask, kwargs=more) for more in ({}, {"stream": True}, {"n": 3})]
            for thread in waiting:
                thread.start()
            time.sleep(2)  # until they wait in line
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            last = [line for line in lines if line][-1]
            assert process.wait(10) == 0
            assert time.monotonic() - started < 4  # a second on a quiet machine
        for thread in waiting:
            thread.join(10)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    for text in (
        last.removeprefix("data: "),
        *(end.text.strip().split("\n")[-1].removeprefix("data: ") for end in ends),
    ):
        assert "stopped" in json.loads(text)["error"]["message"]
    assert sorted(end.status_code for end in ends) == [200, 503, 503]
