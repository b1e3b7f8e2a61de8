"""OpenAI's protocol: completions (with `suffix`, infilling), chat, and what models there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from midspan.inference import Chat, Fill, Ids, Prompt
from midspan.serve.body import read_body, refused
from midspan.serve.protocols.fields import OtherFile, context_of, each_prompt, limit_of, meant
from midspan.serve.protocols.openai_replies import OpenAIReply
from midspan.serve.protocols.openai_requests import CHAT_TOKENS, COMPLETION_TOKENS, ChatRequest, CompletionRequest
from midspan.serve.service import Ask, Route, Service
from midspan.tokens import Tokenizer


async def completions(service: Service, request: Request) -> Response:
    """`/v1/completions`: continue a text, or fill in between `prompt` and `suffix`."""
    asked = await read_body(request, CompletionRequest)
    scored = asked.echo and asked.logprobs is not None
    if scored and asked.suffix is not None:
        raise refused("with logprobs, a prompt with a suffix is not said again; leave one of the three out", "echo")
    tokenizer, positions = service.engine.tokenizer, service.engine.positions
    max_tokens = limit_of(COMPLETION_TOKENS if asked.max_tokens is None else asked.max_tokens, positions)
    prompts = each_prompt(asked.prompt)
    meanings = [_meant(tokenizer, prompt, asked.suffix, asked.input_extra) for prompt in prompts]
    ids = await service.ids(meanings, max_tokens, asked.n, heal=not scored)
    said = [prompt if isinstance(prompt, str) else tokenizer.decode(prompt.tokens) for prompt in prompts]
    sampling = asked.sampling(max_tokens, asked.logprobs, scored)
    ask = Ask(ids, sampling, asked.n, said if asked.echo else [])
    reply = OpenAIReply(service.name, tokenizer, False, asked.stream_options.include_usage)
    return await service.answer(request, ask, reply, asked.stream)


def _meant(tokenizer: Tokenizer, prompt: str | Ids, suffix: str | None, others: Sequence[OtherFile]) -> Prompt:
    if suffix is None:
        if others:
            raise refused("other files are read around a cursor; send a suffix too, or leave it out", "input_extra")
        return meant(tokenizer, prompt)
    if isinstance(prompt, Ids):
        raise refused("it goes with a prompt that is text; send the text, or ids that hold the markers", "suffix")
    return Fill(prompt, suffix, context_of(others))


async def chat(service: Service, request: Request) -> Response:
    """`/v1/chat/completions`: the next answer of a conversation, or what an answer that has begun goes on with."""
    asked = await read_body(request, ChatRequest)
    limits = (asked.max_completion_tokens, asked.max_tokens, CHAT_TOKENS)
    max_tokens = limit_of(next(limit for limit in limits if limit is not None), service.engine.positions)
    prompts = await service.ids([Chat([message.message() for message in asked.messages])], max_tokens, asked.n)
    ask = Ask(prompts, asked.sampling(max_tokens, asked.top_logprobs if asked.logprobs else None), asked.n)
    reply = OpenAIReply(service.name, service.engine.tokenizer, True, asked.stream_options.include_usage)
    return await service.answer(request, ask, reply, asked.stream)


async def models(service: Service, request: Request) -> Response:
    """`/v1/models`: the one model there is, with its context length and size."""
    return JSONResponse({"object": "list", "data": [_description(service)]})


async def model_of_id(service: Service, request: Request) -> Response:
    """`/v1/models/{id}`."""
    asked = request.path_params["id"].rstrip("/")
    if asked == service.name:
        return JSONResponse(_description(service))
    raise refused(f"there is no {asked!r}; this server has {service.name!r}", "model", 404, "model_not_found")


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
            "other_files": "fill" in engine.can and engine.tokenizer.repository is not None,
            "places": service.sides is not None,
        },
    }


ROUTES: tuple[Route, ...] = (
    ("POST", "/completions", completions),
    ("POST", "/chat/completions", chat),
    ("GET", "/models", models),
    ("GET", "/models/{id:path}", model_of_id),
)
