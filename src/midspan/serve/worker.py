"""One thread that generates, for one request at a time; the others wait in line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from midspan.inference import Engine, Ids, Piece, Sampling


class Worker:
    """Runs generations one after the other, in the order they were asked for."""

    def __init__(self, engine: Engine, threads: int | None = None) -> None:
        self.engine = engine
        # OpenMP's number of threads belongs to the thread that computes.
        prepare = (lambda: torch.set_num_threads(threads)) if threads else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="generate", initializer=prepare)

    async def pieces(self, prompts: Sequence[Ids], sampling: Sampling) -> AsyncGenerator[tuple[int, Piece]]:
        """The pieces of all prompts as they are made. Closing this generator stops the work after the current token."""
        loop = asyncio.get_running_loop()
        made: asyncio.Queue[tuple[int, Piece] | BaseException | None] = asyncio.Queue()
        unwanted = threading.Event()

        def put(item: tuple[int, Piece] | BaseException | None) -> None:
            if not unwanted.is_set():
                loop.call_soon_threadsafe(made.put_nowait, item)

        def work() -> None:
            try:
                for item in self.engine.stream_batch(prompts, sampling, unwanted.is_set):
                    put(item)
                put(None)
            except BaseException as error:  # for the request to report, whatever it is
                put(error)

        job = self._thread.submit(work)
        try:
            while (item := await made.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            unwanted.set()
            job.cancel()  # where it had not begun

    def close(self) -> None:
        """Let the thread end when its present work is done."""
        self._thread.shutdown(wait=False, cancel_futures=True)
