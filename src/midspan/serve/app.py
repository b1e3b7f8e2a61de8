"""The HTTP application: the routes of all protocols, a health check, the playground, and what goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from midspan.errors import UserError
from midspan.inference import Engine, PromptTooLongError
from midspan.serve.body import RefusedError, error_body
from midspan.serve.protocols import PROTOCOLS
from midspan.serve.service import FAILED, Service
from midspan.serve.sides import Sides, side_by_side

SCRIPTS = ("playground.js", "playground_editor.js", "playground_files.js", "playground_sides.js")
PLAYGROUND = ("playground.html", "playground.css", *SCRIPTS)
LOCAL_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
# The page is self-contained; the browser is told to fetch nothing from elsewhere, whatever a model writes into it.
PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:"
)


def build_app(engine: Engine, name: str, threads: int | None = None, sides: Sides | None = None) -> Starlette:
    """The application that serves `engine` under the id `name`, on `threads` threads (None: those that are free).

    `sides` are what the playground shows of its evaluation. `state.stop()` ends all requests at once.
    """
    service = Service(engine, name, threads, sides)
    spoken = (route for routes in PROTOCOLS.values() for route in routes)
    endpoints: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
        *((method, path, partial(endpoint, service)) for method, path, endpoint in spoken),
        ("GET", "/health", _health),
        ("GET", "/places", partial(_places, service)),
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
        service.thread.stop()

    app = Starlette(
        routes=[Route("/", _playground), *routes],
        # Any web page may be open in the browser beside this server: only those of this machine may read it.
        middleware=[
            Middleware(CORSMiddleware, allow_origin_regex=LOCAL_ORIGIN, allow_methods=["*"], allow_headers=["*"])
        ],
        exception_handlers={
            RefusedError: _refused,
            UserError: partial(_user_error, engine.positions),
            HTTPException: _http_error,
            Exception: _server_error,
        },
        lifespan=lifespan,
    )
    app.state.stop = service.thread.stop
    return app


async def _health(request: Request) -> Response:
    """`/health`: there is an answer only once the model is loaded."""
    return JSONResponse({"status": "ok"})


async def _places(service: Service, request: Request) -> Response:
    """`/places`: held-out places as the released and the fitted model filled them."""
    if service.sides is None:
        message = (
            f"nothing of {service.name} was evaluated beside a released model that it started from: serve a run whose "
            "first stage starts from one, once its evaluation is done"
        )
        raise RefusedError(404, error_body(message, "invalid_request_error", code="no_places"))
    return JSONResponse(await run_in_threadpool(side_by_side, service.sides))


async def _playground(request: Request) -> Response:
    """The playground as one file, its style and its scripts put in."""
    page, style, *scripts = (Path(__file__).with_name(file).read_text(encoding="utf-8") for file in PLAYGROUND)
    page = page.replace("/* STYLE */", style).replace("/* SCRIPT */", "\n".join(scripts))
    return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"})


async def _user_error(positions: int, request: Request, error: Exception) -> Response:
    """What the client can mend."""
    if isinstance(error, PromptTooLongError):
        numbers = {"n_prompt_tokens": error.prompt_tokens, "n_ctx": positions}
        kind, code = "invalid_request_error", "context_length_exceeded"
        return JSONResponse(error_body(str(error), kind, None, code, **numbers), 400)
    return JSONResponse(error_body(str(error), "invalid_request_error"), 400)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return JSONResponse(error.body, error.status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{request.method} {request.url.path}: {error.detail}"
    return JSONResponse(error_body(message, "invalid_request_error"), error.status_code, headers=error.headers)


async def _server_error(request: Request, error: Exception) -> Response:
    return JSONResponse(FAILED, 500)
