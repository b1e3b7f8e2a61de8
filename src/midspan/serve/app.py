"""The HTTP endpoints: OpenAI's completions, chat and models, a health check, and the playground."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from midspan.errors import UserError
from midspan.inference import Chat, Engine, Fill, Ids, Marked, Piece, Plain, PromptTooLongError, completion, is_laid_out
from midspan.serve.replies import Ask, Reply, error_body, event
from midspan.serve.requests import MOST_CHOICES, ChatRequest, CompletionRequest, explain
from midspan.serve.worker import StoppedError, Worker

BODY_BYTES = 4 * 2**20
COMPLETION_TOKENS = 16  # OpenAI's default where a completion request names no max_tokens
CHAT_TOKENS = 1024
LOCAL_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
# The page is self-contained; the browser is told to fetch nothing from elsewhere, whatever a model writes into it.
PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:"
)
STOPPED = error_body("the server was stopped", "server_error")
FAILED = error_body("the server failed; its log says why", "server_error")

logger = logging.getLogger(__name__)
Body = TypeVar("Body", bound=BaseModel)


class RefusedError(Exception):
    """A request that is answered with `status` and OpenAI's error object."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body["error"]["message"])
        self.status, self.body = status, body


def build_app(engine: Engine, name: str, threads: int | None = None) -> Starlette:
    """The application that serves `engine` under the id `name`, on `threads` threads (None: those that are free).

    `state.stop()` ends all requests at once.
    """
    api = Api(engine, name, threads)
    endpoints: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        ("POST", "/completions", api.completions),
        ("POST", "/chat/completions", api.chat),
        ("GET", "/models", api.models),
        ("GET", "/models/{id:path}", api.model_of_id),
        ("GET", "/health", api.health),
    ]
    # Editors differ in whether they add /v1 and a slash at the end.
    routes = [
        Route(prefix + path + slash, endpoint, methods=[method])
        for method, path, endpoint in endpoints
        for prefix in ("/v1", "")
        for slash in ("", "/")
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        api.worker.stop()

    app = Starlette(
        routes=[Route("/", api.page), *routes],
        # Any web page may be open in the browser beside this server: only those of this machine may read it.
        middleware=[
            Middleware(CORSMiddleware, allow_origin_regex=LOCAL_ORIGIN, allow_methods=["*"], allow_headers=["*"])
        ],
        exception_handlers={
            RefusedError: _refused,
            UserError: api.user_error,
            HTTPException: _http_error,
            Exception: _server_error,
        },
        lifespan=lifespan,
    )
    app.state.stop = api.worker.stop
    return app


class Api:
    """The endpoints of one model."""

    def __init__(self, engine: Engine, name: str, threads: int | None) -> None:
        self.worker = Worker(engine, threads)
        self.engine, self.name = engine, name
        weights = list(engine.decoder.parameters())
        self.description = {
            "id": name,
            "object": "model",
            "created": int(time.time()),
            "owned_by": "midspan",
            "max_model_len": engine.positions,
            "meta": {
                "n_ctx_train": engine.positions,
                "n_vocab": engine.tokenizer.vocabulary_size,
                "n_params": sum(weight.numel() for weight in weights),
                "size": sum(weight.numel() * weight.element_size() for weight in weights),
                "chat": "chat" in engine.can,
                "infill": "fill" in engine.can,
            },
        }

    async def completions(self, request: Request) -> Response:
        """`/v1/completions`: continue a text, or fill in between `prompt` and `suffix`."""
        asked = await _parse(request, CompletionRequest)
        if not 1 <= len(asked.prompts) * asked.copies <= MOST_CHOICES:
            message = f"prompt: give at least one and, times n, at most {MOST_CHOICES} prompts"
            raise RefusedError(400, error_body(message, "invalid_request_error", "prompt"))
        max_tokens = asked.max_tokens or COMPLETION_TOKENS
        prompts = await run_in_threadpool(lambda: [self._prompt(asked, text, max_tokens) for text in asked.prompts])
        echoes = asked.prompts if asked.echo else [""] * len(prompts)
        ask = Ask(prompts, echoes, asked.copies, asked.sampling(max_tokens))
        return await self._answer(request, ask, Reply(self.name, False, asked.include_usage), bool(asked.stream))

    def _prompt(self, asked: CompletionRequest, text: str, max_tokens: int) -> Ids:
        if asked.suffix is not None:
            return self.engine.ids(Fill(text, asked.suffix), max_tokens)
        # A client that lays the FIM prompt out itself means the markers; in any other text they are just text.
        laid_out = is_laid_out(self.engine.tokenizer, text)
        return self.engine.ids(Marked(text) if laid_out else Plain(text), max_tokens)

    async def chat(self, request: Request) -> Response:
        """`/v1/chat/completions`: the next answer of a conversation."""
        asked = await _parse(request, ChatRequest)
        max_tokens = asked.max_completion_tokens or asked.max_tokens or CHAT_TOKENS
        messages = Chat([message.message() for message in asked.messages])
        prompt = await run_in_threadpool(self.engine.ids, messages, max_tokens)
        ask = Ask([prompt], [""], asked.copies, asked.sampling(max_tokens))
        return await self._answer(request, ask, Reply(self.name, True, asked.include_usage), bool(asked.stream))

    async def _answer(self, request: Request, ask: Ask, reply: Reply, stream: bool) -> Response:
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

    async def _whole(self, ask: Ask, reply: Reply) -> dict[str, Any]:
        prompts = ask.choices
        pieces: list[list[Piece]] = [[] for _ in prompts]
        async with aclosing(self.worker.pieces(prompts, ask.sampling)) as made:
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
            async with aclosing(self.worker.pieces(prompts, ask.sampling)) as made:
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

    async def models(self, request: Request) -> Response:
        """`/v1/models`: the one model there is, with its context length and size."""
        return JSONResponse({"object": "list", "data": [self.description]})

    async def model_of_id(self, request: Request) -> Response:
        """`/v1/models/{id}`."""
        asked = request.path_params["id"].rstrip("/")
        if asked == self.name:
            return JSONResponse(self.description)
        message = f"there is no model {asked!r}: this server has {self.name!r}"
        raise RefusedError(404, error_body(message, "invalid_request_error", "model", "model_not_found"))

    async def health(self, request: Request) -> Response:
        """`/health`: there is an answer only once the model is loaded."""
        return JSONResponse({"status": "ok"})

    async def page(self, request: Request) -> Response:
        """The playground."""
        return HTMLResponse(_page(), headers={"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"})

    async def user_error(self, request: Request, error: Exception) -> Response:
        """What the client can mend."""
        if isinstance(error, PromptTooLongError):
            numbers = {"n_prompt_tokens": error.prompt_tokens, "n_ctx": self.engine.positions}
            kind, code = "invalid_request_error", "context_length_exceeded"
            return JSONResponse(error_body(str(error), kind, None, code, **numbers), 400)
        return JSONResponse(error_body(str(error), "invalid_request_error"), 400)


def _page() -> str:
    """The playground as one file, its style and its script put in."""
    page, style, script = (
        Path(__file__).with_name(f"playground.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
    )
    return page.replace("/* STYLE */", style).replace("/* SCRIPT */", script)


async def _parse(request: Request, body: type[Body]) -> Body:
    """The request's body, validated. Raises `RefusedError` for one that is too large or not what it should be."""
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > BODY_BYTES:
            message = f"the body is larger than {BODY_BYTES} bytes: send less text"
            raise RefusedError(413, error_body(message, "invalid_request_error"))
    try:
        return body.model_validate_json(bytes(received))
    except ValidationError as error:
        message, field = explain(error)
        raise RefusedError(400, error_body(message, "invalid_request_error", field)) from None


async def _disconnect(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return JSONResponse(error.body, error.status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}"
    return JSONResponse(error_body(message, "invalid_request_error"), error.status_code, headers=error.headers)


async def _server_error(request: Request, error: Exception) -> Response:
    return JSONResponse(FAILED, 500)
