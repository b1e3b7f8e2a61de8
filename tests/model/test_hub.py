"""Where a start is: a path as it is, a hub id fetched, and one line, soon, for what is neither."""

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from midspan.errors import UserError
from midspan.model import DecoderConfig, Origin, load_decoder, open_weights, resolve, save_decoder
from midspan.model import hub as hub_room
from midspan.model.decoder import Decoder

CONFIG = DecoderConfig("llama", 61, 32, 48, 2, 4, 2, 8, 64, norm="rmsnorm", rotary_fraction=1.0)


def test_an_existing_path_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(tmp_path) == resolve(str(tmp_path)) == tmp_path
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert resolve("owner/name") == Path("owner/name")  # a path before a hub id


@pytest.mark.parametrize("start", ["nowhere", "/not/here", "./a/b", "a/b/c", "../x", "model.gguf", "a b/c"])
def test_what_is_no_hub_id_is_a_missing_path(start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no such file or directory, and not a hub id"):
        resolve(start)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What `resolve` says with the hub at another address and a cache of its own."""
    from huggingface_hub import constants

    def asked(start: str, address: str, offline: bool = False) -> str:
        hub_room._fetched.cache_clear()  # as another process would ask
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        try:
            return str(resolve(start))
        except UserError as error:
            return str(error)

    return asked


@pytest.mark.parametrize("offline", [False, True], ids=["unreachable", "offline"])
def test_without_a_hub_it_is_one_line_and_soon(offline: bool, ask: Callable[..., str]) -> None:
    started = time.monotonic()
    said = ask("owner/name", "http://127.0.0.1:9", offline)
    assert said.startswith("owner/name: no such path here, and the hub cannot be reached")
    assert "\n" not in said
    assert time.monotonic() - started < 5


def test_a_hub_that_does_not_answer_is_waited_for_once(
    ask: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_room, "SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        started = time.monotonic()
        said = ask("owner/name", f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "the hub cannot be reached" in said
    assert time.monotonic() - started < 5


class Hub(http.server.BaseHTTPRequestHandler):
    """The few routes of the hub that fetching a model takes."""

    files: Path
    asked: list[str]

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        commit = "0" * 40
        if path.startswith("/api/models/owner/name"):
            names = sorted(file.name for file in self.files.iterdir())
            if "/tree/" in path:
                sizes = {name: (self.files / name).stat().st_size for name in names}
                listed = [{"type": "file", "path": name, "size": size, "oid": "1" * 40} for name, size in sizes.items()]
                content = json.dumps(listed).encode()
            else:
                siblings = [{"rfilename": name} for name in names]
                content = json.dumps({"id": "owner/name", "sha": commit, "siblings": siblings, "tags": []}).encode()
        elif path.startswith("/owner/name/resolve/") and (self.files / path.split("/")[-1]).is_file():
            self.asked.append(path.split("/")[-1])
            content = (self.files / path.split("/")[-1]).read_bytes()
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{path.split("/")[-1]}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    Hub.files, Hub.asked = tmp_path / "released", []
    torch.manual_seed(0)
    save_decoder(Decoder(CONFIG), Hub.files)
    (Hub.files / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    for unwanted in ("pytorch_model.bin", "consolidated.safetensors", "model.onnx", "model-q4.gguf"):
        (Hub.files / unwanted).write_bytes(b"not wanted")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_hub_id_is_fetched_once_with_what_is_needed(hub: str, ask: Callable[..., str]) -> None:
    place = Path(ask("owner/name", hub))
    assert sorted(set(Hub.asked)) == ["README.md", "config.json", "generation_config.json", "model.safetensors"]
    weights = open_weights(place)
    assert weights.config == CONFIG
    assert weights.origin == Origin("owner/name", "mit")
    assert load_decoder(place).config == CONFIG
    assert ask("owner/name", "http://127.0.0.1:9") == str(place)  # from the cache
    assert "no such repository on the hub" in ask("owner/other", hub)


def test_pickles_are_fetched_where_there_is_nothing_better(hub: str, ask: Callable[..., str]) -> None:
    weights = Hub.files / "model.safetensors"
    for file in (weights, Hub.files / "consolidated.safetensors"):
        file.unlink()
    ask("owner/name", hub)
    assert "pytorch_model.bin" in Hub.asked
