"""OpenAI's protocol: completions (with `suffix`, infilling), chat, and what models there are."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from midspan.inference import Chat, Fill, Marked, Plain, Prompt, is_laid_out
from midspan.serve.body import RefusedError, error_body, read_body
from midspan.serve.protocols.openai_replies import OpenAIReply
from midspan.serve.protocols.openai_requests import MOST_CHOICES, ChatRequest, CompletionRequest
from midspan.serve.service import Ask, Route, Service

COMPLETION_TOKENS = 16  # OpenAI's default where a completion request names no max_tokens
CHAT_TOKENS = 1024


async def completions(service: Service, request: Request) -> Response:
    """`/v1/completions`: continue a text, or fill in between `prompt` and `suffix`."""
    asked = await read_body(request, CompletionRequest)
    if not 1 <= len(asked.prompts) * asked.copies <= MOST_CHOICES:
        message = f"prompt: give at least one and, times n, at most {MOST_CHOICES} prompts"
        raise RefusedError(400, error_body(message, "invalid_request_error", "prompt"))
    max_tokens = asked.max_tokens or COMPLETION_TOKENS
    prompts = await service.ids([_prompt(service, text, asked.suffix) for text in asked.prompts], max_tokens)
    echoes = asked.prompts if asked.echo else [""] * len(prompts)
    ask = Ask(prompts, echoes, asked.copies, asked.sampling(max_tokens))
    reply = OpenAIReply(service.name, False, asked.include_usage)
    return await service.answer(request, ask, reply, bool(asked.stream))


def _prompt(service: Service, text: str, suffix: str | None) -> Prompt:
    if suffix is not None:
        return Fill(text, suffix)
    # A client that lays the FIM prompt out itself means the markers; in any other text they are just text.
    return Marked(text) if is_laid_out(service.engine.tokenizer, text) else Plain(text)


async def chat(service: Service, request: Request) -> Response:
    """`/v1/chat/completions`: the next answer of a conversation."""
    asked = await read_body(request, ChatRequest)
    max_tokens = asked.max_completion_tokens or asked.max_tokens or CHAT_TOKENS
    prompts = await service.ids([Chat([message.message() for message in asked.messages])], max_tokens)
    ask = Ask(prompts, [""], asked.copies, asked.sampling(max_tokens))
    reply = OpenAIReply(service.name, True, asked.include_usage)
    return await service.answer(request, ask, reply, bool(asked.stream))


async def models(service: Service, request: Request) -> Response:
    """`/v1/models`: the one model there is, with its context length and size."""
    return JSONResponse({"object": "list", "data": [_description(service)]})


async def model_of_id(service: Service, request: Request) -> Response:
    """`/v1/models/{id}`."""
    asked = request.path_params["id"].rstrip("/")
    if asked == service.name:
        return JSONResponse(_description(service))
    message = f"there is no model {asked!r}: this server has {service.name!r}"
    raise RefusedError(404, error_body(message, "invalid_request_error", "model", "model_not_found"))


def _description(service: Service) -> dict[str, Any]:
    engine, weights = service.engine, list(service.engine.decoder.parameters())
    return {
        "id": service.name,
        "object": "model",
        "created": service.started,
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


ROUTES: tuple[Route, ...] = (
    ("POST", "/completions", completions),
    ("POST", "/chat/completions", chat),
    ("GET", "/models", models),
    ("GET", "/models/{id:path}", model_of_id),
)
