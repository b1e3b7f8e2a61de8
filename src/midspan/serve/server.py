"""The server process: takes its port first, then loads the model, then serves until stopped."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

import uvicorn

from midspan.compute import use_threads
from midspan.errors import UserError
from midspan.inference import RELEASE, Engine, Plain, find_model
from midspan.progress import say
from midspan.serve.app import build_app
from midspan.serve.sides import sides_of


def serve(directory: Path, host: str = "127.0.0.1", port: int = 8000, threads: int | None = None) -> None:
    """Serve the model that `directory` means (`inference.find_model`) over HTTP until interrupted.

    Port 0 takes any free one. Raises `UserError` where there is no model or the address cannot be had.
    """
    found = find_model(directory)
    with listening_socket(host, port) as listener:  # taken before the model is loaded: that may take long
        say(f"Loading {directory}")
        use_threads(threads)
        engine = Engine.open(directory)
        name = served_name(directory)
        engine.ids(Plain("x"), 1)  # what is made but once, such as the vocabulary by its bytes, is made now
        app = build_app(engine, name, threads, sides_of(found))
        shown = f"[{host}]" if ":" in host else host
        say(f"Serving {name} at http://{shown}:{listener.getsockname()[1]}/ (API under /v1; Ctrl+C stops)")
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
        with suppress(KeyboardInterrupt):  # uvicorn raises it again once all connections are closed
            Server(config, app.state.stop).run(sockets=[listener])


class Server(uvicorn.Server):
    """uvicorn waits for its requests when it is told to end: this one tells them too."""

    def __init__(self, config: uvicorn.Config, stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._stop = stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C, or a SIGTERM."""
        self._stop()
        super().handle_exit(sig, frame)


def served_name(directory: Path) -> str:
    """The id of the model in the API: the run's name, and the stage's where it is not the release."""
    path = directory.resolve()
    if path.parent.name != "models":
        return path.name.removesuffix(".gguf")
    run = path.parent.parent.name
    return run if path.name == RELEASE else f"{run}-{path.name}"


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises `UserError` where that is not possible."""
    if not 0 <= port <= 65535:
        raise UserError(f"cannot listen on {host}:{port}: give a port from 1 to 65535, or 0 for any that is free")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"cannot listen on {host}:{port} ({error}): give an address of this machine") from None
    # Without this, the port of a server just stopped stays taken for a minute.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UserError(_why_not(host, port, error)) from None
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what runs there, or choose another with --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than you have: choose one above 1023 with --port"
    return f"cannot listen on {host}:{port} ({error}): give an address of this machine"
