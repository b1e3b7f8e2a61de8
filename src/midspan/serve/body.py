"""What a client sends, read and validated, and how it is told that it is not what it should be."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator
from starlette.requests import Request

BODY_BYTES = 4 * 2**20


class Body(BaseModel):
    """An object that clients send. A null is a field left out: many send all fields they know. Others are ignored."""

    model_config = ConfigDict(allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, body: Any) -> Any:
        return {name: value for name, value in body.items() if value is not None} if isinstance(body, dict) else body


Model = TypeVar("Model", bound=Body)


def only(*values: Any, instead: str) -> AfterValidator:
    """For a field that would change what an answer means, and is not honoured: `values` ask for nothing of the kind."""

    def check(value: Any) -> Any:
        if value not in values:
            shown = json.dumps(value, ensure_ascii=True)
            raise ValueError(f"{shown if len(shown) <= 60 else shown[:57] + '…'} cannot be honoured: {instead}")
        return value

    return AfterValidator(check)


class RefusedError(Exception):
    """A request that is answered with `status` and OpenAI's error object."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body["error"]["message"])
        self.status, self.body = status, body


def error_body(
    message: str, kind: str, param: str | None = None, code: str | None = None, **more: Any
) -> dict[str, Any]:
    """OpenAI's error object; `more` are further fields of it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code, **more}}


def refused(message: str, field: str, status: int = 400, code: str | None = None) -> RefusedError:
    """What to raise where `message` says what is wrong with `field`."""
    return RefusedError(status, error_body(f"{field}: {message}", "invalid_request_error", field, code))


async def read_body(request: Request, model: type[Model]) -> Model:
    """The request's body, validated. Raises `RefusedError` for one that is too large or not what it should be."""
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > BODY_BYTES:
            message = f"the body is larger than {BODY_BYTES} bytes: send less text"
            raise RefusedError(413, error_body(message, "invalid_request_error"))
    try:
        return model.model_validate_json(bytes(received))
    except ValidationError as error:
        message, field = _explain(error)
        raise RefusedError(400, error_body(message, "invalid_request_error", field)) from None


def _explain(error: ValidationError) -> tuple[str, str | None]:
    """What is wrong with a body, in one line, and the field it is about (None: the body itself)."""
    first = error.errors(include_url=False, include_input=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"the body is not the JSON object it should be: {message}", None
    field = str(first["loc"][0])
    # A union's members ("str", "list[str]") are in the path too; only indices and names help the reader.
    path = ".".join(str(part) for part in first["loc"] if "[" not in str(part) and part != "str")
    return f"{path}: {message[:1].lower()}{message[1:]}", field
