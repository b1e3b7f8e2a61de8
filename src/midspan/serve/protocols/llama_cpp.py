"""llama.cpp's own protocol, as llama.vim and llama.vscode speak it: `/infill`, `/completion`, `/props`.

Samplers are not chosen by name: temperature, top-k and top-p are what there is, and `generation_settings` says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from midspan.inference import Fill, Prompt, Sampling
from midspan.serve.body import Body, only, read_body
from midspan.serve.protocols.fields import (
    DEFAULT_TEMPERATURE,
    NO_LIMIT,
    OtherFile,
    Prompts,
    Stop,
    Unheld,
    context_of,
    each_prompt,
    limit_of,
    meant,
)
from midspan.serve.protocols.llama_cpp_replies import LlamaCppReply, settings
from midspan.serve.service import MOST_CHOICES, Ask, Route, Service

RANDOM_SEEDS = (-1, 2**32 - 1)


class _Request(Body):
    """Common to both endpoints."""

    n_predict: int = Field(NO_LIMIT, validation_alias=AliasChoices("n_predict", "max_tokens"))
    n_cmpl: int = Field(1, ge=1, le=MOST_CHOICES, validation_alias=AliasChoices("n_cmpl", "n"))
    temperature: float = Field(DEFAULT_TEMPERATURE, le=100)
    top_k: int = 0
    top_p: float = Field(1.0, ge=0, le=1)
    seed: int = -1
    stop: Stop = Field(default_factory=list)
    stream: bool = False
    t_max_predict_ms: float = 0
    response_fields: list[str] | None = None

    grammar: Unheld = None
    json_schema: Unheld = None
    n_probs: Annotated[Any, only(0, instead="/v1/completions gives logprobs; leave it out")] = None

    def sampling(self, positions: int) -> Sampling:
        """The settings for the engine; what is negative is none, as in llama.cpp."""
        return Sampling(
            max_tokens=limit_of(self.n_predict, positions),
            temperature=max(self.temperature, 0.0),
            top_k=max(self.top_k, 0),
            top_p=self.top_p,
            seed=secrets.randbits(31) if self.seed in RANDOM_SEEDS else self.seed,
            stop=tuple(self.stop),
            stop_at_suffix=True,
        )


class CompletionRequest(_Request):
    """`/completion`."""

    prompt: Prompts


class InfillRequest(_Request):
    """`/infill`; `prompt` is what the line with the cursor holds before it."""

    input_prefix: str = ""
    input_suffix: str = ""
    input_extra: list[OtherFile] = Field(default_factory=list)
    prompt: str = ""

    @property
    def fill(self) -> Fill:
        """The cursor, with the other files."""
        return Fill(self.input_prefix + self.prompt, self.input_suffix, context_of(self.input_extra))


async def completion(service: Service, request: Request) -> Response:
    """`/completion`: continue a text, or what the client has laid out for infilling."""
    asked = await read_body(request, CompletionRequest)
    return await _answer(
        service, request, asked, [meant(service.engine.tokenizer, one) for one in each_prompt(asked.prompt)]
    )


async def infill(service: Service, request: Request) -> Response:
    """`/infill`: the text between `input_prefix` and `prompt` before, and `input_suffix` after the cursor."""
    asked = await read_body(request, InfillRequest)
    return await _answer(service, request, asked, [asked.fill])


async def _answer(service: Service, request: Request, asked: _Request, prompts: Sequence[Prompt]) -> Response:
    sampling = asked.sampling(service.engine.positions)
    ids = await service.ids(prompts, sampling.max_tokens, asked.n_cmpl)
    seconds = asked.t_max_predict_ms / 1000 if asked.t_max_predict_ms > 0 else None
    ask = Ask(ids, sampling, asked.n_cmpl, seconds=seconds)
    return await service.answer(request, ask, LlamaCppReply(service, sampling, asked.response_fields), asked.stream)


async def props(service: Service, request: Request) -> Response:
    """`/props`: what the server is and does unasked."""
    unasked = settings(service, _Request.model_validate({}).sampling(service.engine.positions)) | {
        "n_predict": NO_LIMIT,
        "seed": -1,
    }
    known = {
        "default_generation_settings": {"id": 0, "n_ctx": service.engine.positions, "params": unasked},
        "total_slots": 1,
        "model_alias": service.name,
        "model_path": service.name,
        "chat_template": service.engine.tokenizer.chat_template or "",
        "modalities": {"vision": False, "audio": False},
        "build_info": "midspan",
    }
    return JSONResponse(known)


ROUTES: tuple[Route, ...] = (
    ("POST", "/completion", completion),
    ("POST", "/infill", infill),
    ("GET", "/props", props),
)
