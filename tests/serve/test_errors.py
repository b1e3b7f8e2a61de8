"""What goes wrong is answered with OpenAI's error object, and work nobody waits for is not done."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import pytest

from midspan.model import Decoder
from midspan.tokens import Tokenizer

ENDLESS = {"max_tokens": 250, "temperature": 0}


def refused(response: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert response.status_code == status
    error = response.json()["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert "Traceback" not in response.text
    assert "\n" not in error["message"]
    return error  # type: ignore[no-any-return]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', '{"prompt": "\\ud800"}', "\xff", '{"prompt": "a"'])
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
def test_a_body_that_is_not_the_right_json_is_refused(client: httpx.Client, path: str, body: str) -> None:
    error = refused(client.post(path, content=body.encode("latin-1")))
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", 3),
        ("prompt", []),
        ("prompt", [1.5, 2]),
        ("prompt", None),
        ("max_tokens", -2),
        ("max_tokens", "many"),
        ("max_tokens", 1.5),
        ("temperature", -1),
        ("temperature", "hot"),
        ("top_p", -0.1),
        ("top_p", 2),
        ("n", 0),
        ("n", 100000),
        ("stop", 5),
        ("seed", "x"),
        ("stream", "perhaps"),
        ("suffix", 7),
        ("stream_options", 1),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, field: str, value: Any) -> None:
    error = refused(client.post("/v1/completions", json={"prompt": "a", field: value}))
    assert error["param"] == field
    assert error["message"].startswith(field)


def test_a_number_that_is_none_is_refused(client: httpx.Client) -> None:
    error = refused(client.post("/v1/completions", content='{"prompt": "a", "temperature": NaN}'))
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "messages",
    [
        [],
        "hello",
        [{"role": "user", "content": 3}],
        [{"role": "wizard", "content": "x"}],
        [{"content": "x"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
    ],
)
def test_messages_that_are_none_are_refused(client: httpx.Client, messages: Any) -> None:
    error = refused(client.post("/v1/chat/completions", json={"messages": messages}))
    assert error["param"] == "messages"


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(
    client: httpx.Client, tokenizer: Tokenizer, stream: bool
) -> None:
    text = "first second\n" * 200
    error = refused(client.post("/v1/completions", json={"prompt": text, "stream": stream}))
    count = len(tokenizer.encode(text))
    assert (error["code"], error["n_prompt_tokens"], error["n_ctx"]) == ("context_length_exceeded", count, 256)
    assert str(count) in error["message"]
    chat = {"messages": [{"role": "user", "content": text}], "stream": stream}
    error = refused(client.post("/v1/chat/completions", json=chat))
    assert (error["code"], error["n_ctx"]) == ("context_length_exceeded", 256)
    assert error["n_prompt_tokens"] > count


def test_too_large_a_body_is_refused(client: httpx.Client) -> None:
    refused(client.post("/v1/completions", json={"prompt": "a" * 5_000_000}), 413)


def test_unknown_paths_and_methods_have_the_same_shape(client: httpx.Client) -> None:
    refused(client.get("/v1/nothing"), 404)
    refused(client.get("/v1/completions"), 405)


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_inside_says_no_more_than_that(
    client: httpx.Client, model: Decoder, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(model, "hidden_states", fail)
    response = client.post("/v1/completions", json={"prompt": "a", "stream": stream})
    assert "secret" not in response.text
    if stream:
        assert json.loads(response.text.removeprefix("data: "))["error"]["type"] == "server_error"
    else:
        assert refused(response, 500)["type"] == "server_error"
    monkeypatch.undo()
    assert client.post("/v1/completions", json={"prompt": "a"}).status_code == 200


def test_only_pages_of_this_machine_may_read_the_api(client: httpx.Client) -> None:
    def allowed(origin: str) -> str | None:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return client.options("/v1/completions", headers=headers).headers.get("access-control-allow-origin")

    assert allowed("http://localhost:3000") == "http://localhost:3000"
    assert allowed("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert allowed("https://evil.example") is None
    assert allowed("http://localhost.evil.example") is None


class Steps:
    """Counts the model's passes, each of which is made to take a while."""

    def __init__(self, model: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, self.first = 0, threading.Event()
        original = model.hidden_states

        def slow(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            self.first.set()
            time.sleep(0.01)
            return original(*args, **kwargs)

        monkeypatch.setattr(model, "hidden_states", slow)

    def after(self, seconds: float) -> int:
        time.sleep(seconds)
        return self.count


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_frees_the_processor(
    address: str, model: Decoder, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    steps = Steps(model, monkeypatch)
    client = httpx.Client(base_url=address, timeout=0.3)
    body = {"prompt": "a", **ENDLESS, "stream": stream}
    if stream:
        with client.stream("POST", "/v1/completions", json=body) as response:
            next(response.iter_lines())
    else:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/completions", json=body)
    client.close()
    seen = steps.after(0.2)
    assert 0 < seen < 150
    assert steps.after(0.3) == seen


def test_a_client_that_leaves_the_queue_costs_nothing(
    address: str, model: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(model, monkeypatch)
    results: list[int] = []

    def patient() -> None:
        body = {"prompt": "a", "max_tokens": 60, "temperature": 0}
        reply = httpx.post(f"{address}/v1/completions", json=body, timeout=60)
        results.append(reply.json()["usage"]["completion_tokens"])

    threads = [threading.Thread(target=patient) for _ in range(2)]
    threads[0].start()
    assert steps.first.wait(10)
    with pytest.raises(httpx.ReadTimeout):  # waits behind the first
        httpx.post(f"{address}/v1/completions", json={"prompt": "b", **ENDLESS}, timeout=0.2)
    threads[1].start()
    for thread in threads:
        thread.join(30)
    assert results == [60, 60]
    assert steps.count == 120
