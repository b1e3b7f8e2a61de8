"""A stream of OpenAI's protocol, read."""

from __future__ import annotations

import json
from typing import Any

import httpx


def events(client: httpx.Client, path: str, body: dict[str, Any]) -> list[Any]:
    """The objects of a stream; asserts that it is one and ends as OpenAI's do."""
    with client.stream("POST", path, json={**body, "stream": True}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        text = response.read().decode()
    assert text.endswith("\n\n")
    lines = text.removesuffix("\n\n").split("\n\n")
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
