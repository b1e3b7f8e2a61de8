"""The server process: its port, its start and its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

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


def test_the_process_serves_a_run_and_ends_quietly_on_ctrl_c(run_directory: Path) -> None:
    program = "import sys, pathlib, midspan.serve as s; s.serve(pathlib.Path(sys.argv[1]), port=0, threads=1)"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(run_directory)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        address = re.search(r"http://\S+/", lines[1])
        assert address, lines
        reply = httpx.post(f"{address[0]}v1/completions", json={"prompt": "def", "max_tokens": 3}, timeout=30)
        assert reply.json()["model"] == "quick"
        with httpx.stream(
            "POST", f"{address[0]}v1/completions", json={"prompt": "a", "max_tokens": 250, "stream": True}
        ):
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        assert "Traceback" not in process.stderr.read()
