"""One model as the protocols see it: they ask it, and it answers whole or as a stream of events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from midspan.inference import Engine, FinishReason, Ids, Piece, Prompt, Sampling
from midspan.serve.body import RefusedError, error_body, refused
from midspan.serve.engine_thread import EngineThread, StoppedError
from midspan.serve.events import event
from midspan.serve.sides import Sides

MOST_CHOICES = 64  # prompts times answers to each in one request
STOPPED = error_body("the server was stopped", "server_error")
FAILED = error_body("the server failed; its log says why", "server_error")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ask:
    """What one request asks for: `copies` answers to each prompt; `echoes`, one a prompt, come before the answers.

    Once an answer has a line and `seconds` have gone by since its first token, it ends.
    """

    prompts: Sequence[Ids]
    sampling: Sampling
    copies: int = 1
    echoes: Sequence[str] = ()
    seconds: float | None = None

    @property
    def prompt_tokens(self) -> int:
        """Each prompt counts once, however many answers it gets."""
        return sum(prompt.count for prompt in self.prompts)


@dataclass
class Answered:
    """One answer as far as it is made: `pieces`, the echo in the first one's text."""

    prompt: Ids
    echo: str
    asked_at: float
    first_at: float = 0.0
    last_at: float = 0.0
    pieces: list[Piece] = field(default_factory=list)

    def add(self, piece: Piece, seconds: float | None) -> None:
        """Take the next piece, which is the last where the answer has had its `seconds`."""
        self.last_at = time.perf_counter()
        if not self.pieces:
            self.first_at, piece = self.last_at, replace(piece, text=self.echo + piece.text)
        late = seconds is not None and self.last_at - self.first_at > seconds
        if late and not piece.finish_reason and "\n" in self.text + piece.text:
            piece = replace(piece, finish_reason="length")
        self.pieces.append(piece)

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def tokens(self) -> list[int]:
        """What was generated, the token that ended it included."""
        return [piece.token for piece in self.pieces if piece.token is not None]

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why it is finished; None where it is not."""
        return self.pieces[-1].finish_reason if self.pieces else None


class Reply(Protocol):
    """How a protocol writes the answers to one request, whole or event by event."""

    def whole(self, ask: Ask, answers: Sequence[Answered]) -> Any:
        """The answers in one JSON value."""

    def opening(self, choice: int) -> str:
        """The event with which an answer begins, or ""."""

    def delta(self, choice: int, answer: Answered) -> str:
        """The event or events of an answer's newest piece, or ""."""

    def closing(self, ask: Ask, answers: Sequence[Answered]) -> str:
        """The events that end a stream, or ""."""


class Service:
    """A model under its name, and the thread that asks it."""

    def __init__(self, engine: Engine, name: str, threads: int | None, sides: Sides | None = None) -> None:
        self.thread = EngineThread(engine, threads)
        self.engine, self.name, self.sides = engine, name, sides
        self.started = int(time.time())

    async def ids(self, prompts: Sequence[Prompt], max_tokens: int, copies: int = 1, heal: bool = True) -> list[Ids]:
        """What the model reads for `prompts`, as it is or healed. Raises `UserError` as the engine does.

        Raises `RefusedError` where the answers would be none or too many.
        """
        if not 1 <= len(prompts) * copies <= MOST_CHOICES:
            raise refused(f"give at least one and, times the answers to each, at most {MOST_CHOICES}", "prompt")
        engine = self.engine if heal else replace(self.engine, heals=False)
        return await run_in_threadpool(lambda: [engine.ids(prompt, max_tokens) for prompt in prompts])

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
        answers = _answers(ask)
        async with aclosing(self._grow(ask, answers)) as grown:
            async for _ in grown:
                pass
        return reply.whole(ask, answers)

    async def _events(self, ask: Ask, reply: Reply) -> AsyncIterator[str]:
        answers = _answers(ask)
        if opening := "".join(map(reply.opening, range(len(answers)))):
            yield opening
        try:
            async with aclosing(self._grow(ask, answers)) as grown:
                async for choice in grown:
                    if said := reply.delta(choice, answers[choice]):
                        yield said
        except StoppedError:  # the status is long sent: the client learns of it in the stream
            yield event(STOPPED)
            return
        except Exception:
            logger.exception("generation failed")
            yield event(FAILED)
            return
        if ending := reply.closing(ask, answers):
            yield ending

    async def _grow(self, ask: Ask, answers: Sequence[Answered]) -> AsyncGenerator[int]:
        """Make all `answers`; yields the number of each that has a new piece."""
        async with aclosing(self.thread.pieces([answer.prompt for answer in answers], ask.sampling)) as made:
            async for choice, piece in made:
                if answers[choice].finish_reason:
                    continue  # it has had its time
                answers[choice].add(piece, ask.seconds)
                yield choice
                if all(answer.finish_reason for answer in answers):
                    return


Endpoint = Callable[[Service, Request], Awaitable[Response]]
Route = tuple[str, str, Endpoint]  # method, path, what answers there


def _answers(ask: Ask) -> list[Answered]:
    """Nothing yet for each of OpenAI's choices, in their order."""
    now, echoes = time.perf_counter(), ask.echoes or [""] * len(ask.prompts)
    pairs = zip(ask.prompts, echoes, strict=True)
    return [Answered(prompt, echo, now) for prompt, echo in pairs for _ in range(ask.copies)]


async def _disconnect(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
