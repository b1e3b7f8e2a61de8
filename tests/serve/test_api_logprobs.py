"""Log-probabilities as OpenAI's two endpoints show them, whole and streamed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from streams import events

from midspan.inference import Engine, Ids, Plain, Sampling
from midspan.tokens import Tokenizer

ASK = {"prompt": "def add(first, second):\n", "max_tokens": 8, "temperature": 0}
CHAT = {"messages": [{"role": "user", "content": "add?"}], "max_tokens": 8, "temperature": 0}


def spelled(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)


def test_a_completions_tokens_are_its_text(client: httpx.Client, engine: Engine, tokenizer: Tokenizer) -> None:
    plain = client.post("/v1/completions", json=ASK).json()["choices"][0]
    assert plain["logprobs"] is None
    choice = client.post("/v1/completions", json={**ASK, "logprobs": 2}).json()["choices"][0]
    assert choice["text"] == plain["text"], "asking changes nothing"
    shown = choice["logprobs"]
    assert {len(values) for values in shown.values()} == {8}
    pieces = list(engine.stream(Plain(str(ASK["prompt"])), Sampling(max_tokens=8, logprobs=2)))
    likelihoods = [piece.likelihood for piece in pieces if piece.likelihood]
    datas = [tokenizer.bytes_of(one.token)[one.said :] for one in likelihoods]
    assert shown["tokens"] == [spelled(data) for data in datas]
    assert shown["token_logprobs"] == pytest.approx([one.logprob for one in likelihoods], abs=1e-4)
    so_far = [b"".join(datas[:count]) for count in range(8)]
    assert shown["text_offset"] == [len(said.decode(errors="ignore")) for said in so_far]
    for token, top in zip(shown["tokens"], shown["top_logprobs"], strict=True):
        assert len(top) in (2, 3)
        assert token in top
        assert list(top.values()) == sorted(top.values(), reverse=True)
        assert next(iter(top)) == token, "greedy"


def test_a_prompts_own_are_given_as_evaluation_harnesses_ask_for_them(
    client: httpx.Client, engine: Engine, tokenizer: Tokenizer
) -> None:
    ids = tokenizer.encode(str(ASK["prompt"]))
    body = {"prompt": [ids, ids[:3]], "max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True, "seed": 1}
    first, second = client.post("/v1/completions", json=body).json()["choices"]
    assert first["text"].startswith(ASK["prompt"])
    shown = first["logprobs"]
    assert len(shown["tokens"]) == len(ids) + 1
    assert shown["tokens"][: len(ids)] == [spelled(tokenizer.bytes_of(token)) for token in ids]
    assert (shown["token_logprobs"][0], shown["top_logprobs"][0]) == (None, None)
    (piece,) = engine.stream(Ids(ids), Sampling(max_tokens=1, logprobs=1, prompt_logprobs=True))
    expected = [one.logprob for one in piece.prompt[1:]]
    assert shown["token_logprobs"][1:-1] == pytest.approx(expected, abs=1e-4)
    assert second["logprobs"]["token_logprobs"][1:3] == pytest.approx(expected[:2], abs=1e-4)
    for place, offset in enumerate(shown["text_offset"][:-1]):
        assert first["text"][offset:].startswith(shown["tokens"][place])
    none = client.post("/v1/completions", json={**body, "max_tokens": 0}).json()
    assert none["choices"][0]["text"] == ASK["prompt"]
    assert none["choices"][0]["logprobs"]["tokens"] == shown["tokens"][:-1]
    assert none["choices"][0]["logprobs"]["token_logprobs"][1:] == pytest.approx(expected, abs=1e-4)
    assert none["usage"]["completion_tokens"] == 0


@pytest.mark.parametrize("echo", [False, True])
def test_a_streamed_completion_has_the_same(client: httpx.Client, echo: bool) -> None:
    body = {**ASK, "prompt": ["def f", "x = "], "logprobs": 1, "echo": echo}
    whole = client.post("/v1/completions", json=body).json()
    parts = events(client, "/v1/completions", body)
    for choice in whole["choices"]:
        mine = [part["choices"][0] for part in parts if part["choices"][0]["index"] == choice["index"]]
        assert "".join(part["text"] for part in mine) == choice["text"]
        for name, values in choice["logprobs"].items():
            joined: list[Any] = [value for part in mine for value in part["logprobs"][name]]
            assert joined == values


def test_a_chat_answers_tokens_have_bytes_and_others_beside_them(client: httpx.Client, tokenizer: Tokenizer) -> None:
    plain = client.post("/v1/chat/completions", json=CHAT).json()["choices"][0]
    asked = {**CHAT, "logprobs": True, "top_logprobs": 4}
    choice = client.post("/v1/chat/completions", json=asked).json()["choices"][0]
    assert choice["message"] == plain["message"]
    content = choice["logprobs"]["content"]
    assert len(content) == 8
    data = bytes(byte for one in content for byte in one["bytes"])
    assert data.decode(errors="replace") == choice["message"]["content"]
    for one in content:
        assert len(one["top_logprobs"]) == 4
        assert one["top_logprobs"][0] == {name: one[name] for name in ("token", "logprob", "bytes")}, "greedy"
    parts = events(client, "/v1/chat/completions", asked)
    streamed = [one for part in parts for one in (part["choices"][0]["logprobs"] or {"content": []})["content"]]
    assert streamed == content


def test_none_of_the_others_unless_asked_for(client: httpx.Client) -> None:
    chat = client.post("/v1/chat/completions", json={**CHAT, "logprobs": True}).json()["choices"][0]["logprobs"]
    assert [one["top_logprobs"] for one in chat["content"]] == [[]] * 8
    shown = client.post("/v1/completions", json={**ASK, "logprobs": 0}).json()["choices"][0]["logprobs"]
    assert shown["top_logprobs"] == [{}] * 8
