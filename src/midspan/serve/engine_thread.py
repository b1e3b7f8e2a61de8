"""One thread that generates, for one request at a time; the others wait in line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from midspan.compute import free_threads
from midspan.inference import Engine, Ids, Piece, Sampling

Made = tuple[int, Piece] | BaseException | None  # None: all is made


class StoppedError(Exception):
    """The server ends, and so does what it was asked for."""


class EngineThread:
    """Runs generations one after the other, in the order they were asked for."""

    def __init__(self, engine: Engine, threads: int | None = None) -> None:
        self.engine = engine
        self._asked: set[Callable[[Made], None]] = set()  # the requests that wait for something to be made
        self._stopped = False
        self._threads = threads
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="generate")

    async def pieces(self, prompts: Sequence[Ids], sampling: Sampling) -> AsyncGenerator[tuple[int, Piece]]:
        """The pieces of all prompts as they are made. Closing this generator stops the work after the current token.

        Raises `StoppedError` where the server ends before.
        """
        if self._stopped:
            raise StoppedError
        loop = asyncio.get_running_loop()
        made: asyncio.Queue[Made] = asyncio.Queue()
        unwanted = threading.Event()

        def put(item: Made) -> None:
            if not unwanted.is_set():
                loop.call_soon_threadsafe(made.put_nowait, item)

        def work() -> None:
            # OpenMP's number of threads belongs to the thread that computes; None: what is free right now.
            torch.set_num_threads(self._threads or free_threads())
            try:
                for item in self.engine.stream_batch(prompts, sampling, unwanted.is_set):
                    put(item)
                put(None)
            except BaseException as error:  # for the request to report, whatever it is
                put(error)

        self._asked.add(put)
        running = self._thread.submit(work)
        try:
            while (item := await made.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            unwanted.set()
            self._asked.discard(put)
            running.cancel()  # where it had not begun

    def stop(self) -> None:
        """End every request, running or waiting, with a `StoppedError`; may be called from a signal handler."""
        self._stopped = True
        for put in tuple(self._asked):
            put(StoppedError())
        self._thread.shutdown(wait=False, cancel_futures=True)
