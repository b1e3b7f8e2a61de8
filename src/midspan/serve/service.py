"""One model as the protocols see it: they ask it, and it answers whole or as a stream of events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from midspan.inference import Completion, Engine, Ids, Piece, Prompt, Sampling, completion
from midspan.serve.body import RefusedError, error_body
from midspan.serve.engine_thread import EngineThread, StoppedError
from midspan.serve.events import event

STOPPED = error_body("the server was stopped", "server_error")
FAILED = error_body("the server failed; its log says why", "server_error")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ask:
    """What one request asks for: `copies` answers to each prompt; `echoes` come before the answers."""

    prompts: list[Ids]
    echoes: list[str]
    copies: int
    sampling: Sampling

    @property
    def choices(self) -> list[Ids]:
        """One prompt for each answer: OpenAI's choices, in their order."""
        return [prompt for prompt in self.prompts for _ in range(self.copies)]

    @property
    def prompt_tokens(self) -> int:
        """Each prompt counts once, however many answers it gets."""
        return sum(prompt.count for prompt in self.prompts)

    def echo(self, choice: int) -> str:
        """What comes before the answer of number `choice`."""
        return self.echoes[choice // self.copies]


class Reply(Protocol):
    """How a protocol writes the answers to one request, whole or event by event."""

    def whole(self, ask: Ask, completions: Sequence[Completion]) -> Any:
        """The answers in one JSON value."""

    def opening(self, choice: int, echo: str) -> str | None:
        """The event with which an answer begins, if it has one."""

    def delta(self, choice: int, text: str, finish_reason: str | None) -> str:
        """The event or events of more text for an answer, and of its end."""

    def closing(self, prompt_tokens: int, completion_tokens: int) -> str:
        """The events that end a stream."""


class Service:
    """A model under its name, and the thread that asks it."""

    def __init__(self, engine: Engine, name: str, threads: int | None) -> None:
        self.thread = EngineThread(engine, threads)
        self.engine, self.name = engine, name
        self.started = int(time.time())

    async def ids(self, prompts: Sequence[Prompt], max_tokens: int) -> list[Ids]:
        """What the model reads for `prompts`. Raises `UserError` as the engine does."""
        return await run_in_threadpool(lambda: [self.engine.ids(prompt, max_tokens) for prompt in prompts])

    async def answer(self, request: Request, ask: Ask, reply: Reply, stream: bool) -> Response:
        """The answers to `ask` as `reply` writes them; no longer worked on once the client has gone."""
        if stream:
            headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return StreamingResponse(self._events(ask, reply), media_type="text/event-stream", headers=headers)
        made = asyncio.ensure_future(self._whole(ask, reply))
        gone = asyncio.ensure_future(_disconnect(request))
        try:
            await asyncio.wait((made, gone), return_when=asyncio.FIRST_COMPLETED)
            return JSONResponse(made.result()) if made.done() else Response(status_code=499)
        except StoppedError:
            raise RefusedError(503, STOPPED) from None
        except Exception as error:
            logger.exception("generation failed")
            raise RefusedError(500, FAILED) from error
        finally:
            made.cancel()
            gone.cancel()

    async def _whole(self, ask: Ask, reply: Reply) -> Any:
        prompts = ask.choices
        pieces: list[list[Piece]] = [[] for _ in prompts]
        async with aclosing(self.thread.pieces(prompts, ask.sampling)) as made:
            async for choice, piece in made:
                pieces[choice].append(piece)
        completions = [completion(prompt.count, parts) for prompt, parts in zip(prompts, pieces, strict=True)]
        return reply.whole(ask, completions)

    async def _events(self, ask: Ask, reply: Reply) -> AsyncIterator[str]:
        tokens, prompts = 0, ask.choices
        for choice in range(len(prompts)):
            if opening := reply.opening(choice, ask.echo(choice)):
                yield opening
        try:
            async with aclosing(self.thread.pieces(prompts, ask.sampling)) as made:
                async for choice, piece in made:
                    tokens += 1
                    if piece.text or piece.finish_reason:
                        yield reply.delta(choice, piece.text, piece.finish_reason)
        except StoppedError:  # the status is long sent: the client learns of it in the stream
            yield event(STOPPED)
            return
        except Exception:
            logger.exception("generation failed")
            yield event(FAILED)
            return
        yield reply.closing(ask.prompt_tokens, tokens)


Endpoint = Callable[[Service, Request], Awaitable[Response]]
Route = tuple[str, str, Endpoint]  # method, path, what answers there


async def _disconnect(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
