"""The endpoints as editors and OpenAI's clients use them, over a real connection."""

from __future__ import annotations

import httpx
import pytest
from streams import events

from midspan.inference import Chat, Engine, Fill, Ids, Plain, Sampling
from midspan.model import Decoder
from midspan.tokens import Message, Tokenizer

GREEDY = {"temperature": 0, "max_tokens": 12}
CODE = "def add(first, second):\n"


def expected(engine: Engine, prompt: Ids) -> str:
    return engine.complete([prompt], Sampling(max_tokens=12))[0].text


def test_a_completion_has_openais_shape(client: httpx.Client, engine: Engine) -> None:
    reply = client.post("/v1/completions", json={"model": "any", "prompt": CODE, **GREEDY, "unknown": 1}).json()
    prompt = engine.ids(Plain(CODE), 12)
    assert reply.pop("id").startswith("cmpl-")
    assert isinstance(reply.pop("created"), int)
    text, count = expected(engine, prompt), prompt.count
    assert reply == {
        "object": "text_completion",
        "model": "tiny",
        "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": "length"}],
        "usage": {"prompt_tokens": count, "completion_tokens": 12, "total_tokens": count + 12},
    }


def test_without_max_tokens_a_completion_has_sixteen(client: httpx.Client) -> None:
    assert client.post("/v1/completions", json={"prompt": "a"}).json()["usage"]["completion_tokens"] == 16


def test_nulls_are_fields_left_out(client: httpx.Client) -> None:
    nulls = dict.fromkeys(["suffix", "max_tokens", "temperature", "top_p", "n", "stop", "seed", "stream", "echo"])
    reply = client.post("/v1/completions", json={"prompt": "a", **nulls})
    assert reply.json()["usage"]["completion_tokens"] == 16


@pytest.mark.parametrize("suffix", ["", "    return first\n"])
def test_a_suffix_even_an_empty_one_asks_for_the_middle(client: httpx.Client, engine: Engine, suffix: str) -> None:
    reply = client.post("/v1/completions", json={"prompt": CODE, "suffix": suffix, **GREEDY}).json()
    prompt = engine.ids(Fill(CODE, suffix), 12)
    assert reply["choices"][0]["text"] == expected(engine, prompt)
    assert reply["usage"]["prompt_tokens"] == prompt.count


def test_markers_that_a_client_lays_out_itself_are_special_tokens(client: httpx.Client) -> None:
    raw = f"<fim_prefix>{CODE}<fim_suffix>x<fim_middle>"
    by_markers = client.post("/v1/completions", json={"prompt": raw, **GREEDY}).json()
    by_suffix = client.post("/v1/completions", json={"prompt": CODE, "suffix": "x", **GREEDY}).json()
    assert by_markers["choices"] == by_suffix["choices"]
    assert by_markers["usage"] == by_suffix["usage"]


def test_markers_in_a_file_do_not_break_out(client: httpx.Client, tokenizer: Tokenizer) -> None:
    prefix = "x = '<fim_middle>'"
    reply = client.post("/v1/completions", json={"prompt": prefix, "suffix": "<|endoftext|>", **GREEDY}).json()
    plain = len(tokenizer.encode(prefix)) + len(tokenizer.encode("<|endoftext|>")) + 3
    assert reply["usage"]["prompt_tokens"] == plain


def test_far_more_text_around_the_cursor_than_fits_is_cut(client: httpx.Client) -> None:
    reply = client.post(
        "/v1/completions", json={"prompt": "a b\n" * 2000, "suffix": "c d\n" * 2000, "max_tokens": 4096}
    )
    assert reply.status_code == 200
    assert reply.json()["usage"]["prompt_tokens"] == 192  # three quarters of 256
    assert reply.json()["usage"]["completion_tokens"] == 65


def test_many_prompts_and_many_answers_to_each(client: httpx.Client, engine: Engine) -> None:
    body = {"prompt": ["a", "b", "c"], "n": 2, "seed": 5, "temperature": 1.0, "top_k": 20, "max_tokens": 6}
    first, again = (client.post("/v1/completions", json=body).json() for _ in range(2))
    assert [choice["index"] for choice in first["choices"]] == list(range(6))
    assert first["choices"] == again["choices"]
    assert len({choice["text"] for choice in first["choices"]}) == 6
    assert first["usage"]["completion_tokens"] == 36
    assert first["usage"]["prompt_tokens"] == sum(engine.ids(Plain(text), 6).count for text in "abc")


def test_without_a_seed_answers_differ(client: httpx.Client) -> None:
    body = {"prompt": "a", "temperature": 1.5}
    assert len({client.post("/v1/completions", json=body).json()["choices"][0]["text"] for _ in range(3)}) > 1


@pytest.mark.parametrize("many", [False, True])
def test_stop_strings_cut(client: httpx.Client, many: bool) -> None:
    whole = client.post("/v1/completions", json={"prompt": CODE, **GREEDY}).json()["choices"][0]["text"]
    stop = whole[4:6]
    stops = [stop, *(f"never{number}" for number in range(20))] if many else stop
    choice = client.post("/v1/completions", json={"prompt": CODE, "stop": stops, **GREEDY}).json()["choices"][0]
    assert (choice["text"], choice["finish_reason"]) == (whole[: whole.index(stop)], "stop")


def test_echo_puts_the_prompt_first(client: httpx.Client) -> None:
    body = {"prompt": CODE, **GREEDY}
    plain = client.post("/v1/completions", json=body).json()["choices"][0]["text"]
    assert client.post("/v1/completions", json={**body, "echo": True}).json()["choices"][0]["text"] == CODE + plain
    parts = events(client, "/v1/completions", {**body, "echo": True})
    assert "".join(part["choices"][0]["text"] for part in parts) == CODE + plain


@pytest.mark.parametrize("include_usage", [False, True])
def test_a_streamed_completion_says_the_same(client: httpx.Client, include_usage: bool) -> None:
    body = {"prompt": ["a", "b"], "n": 2, "seed": 9, "temperature": 0.8, "max_tokens": 10}
    whole = client.post("/v1/completions", json=body).json()
    parts = events(client, "/v1/completions", {**body, "stream_options": {"include_usage": include_usage}})
    if include_usage:
        last = parts.pop()
        assert (last["choices"], last["usage"]) == ([], whole["usage"])
        assert all(part["usage"] is None for part in parts)
    assert len({part["id"] for part in parts}) == 1
    assert {part["object"] for part in parts} == {"text_completion"}
    for choice in whole["choices"]:
        mine = [part["choices"][0] for part in parts if part["choices"][0]["index"] == choice["index"]]
        assert "".join(part["text"] for part in mine) == choice["text"]
        assert [part["finish_reason"] for part in mine] == [None] * (len(mine) - 1) + [choice["finish_reason"]]


MESSAGES = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "add?"}]


def test_a_chat_answer_has_openais_shape(client: httpx.Client, engine: Engine) -> None:
    reply = client.post("/v1/chat/completions", json={"messages": MESSAGES, **GREEDY}).json()
    prompt = engine.ids(Chat([Message(role="system", content="Be brief."), Message(role="user", content="add?")]), 12)
    assert reply.pop("id").startswith("chatcmpl-")
    assert isinstance(reply.pop("created"), int)
    message, count = {"role": "assistant", "content": expected(engine, prompt)}, prompt.count
    assert reply == {
        "object": "chat.completion",
        "model": "tiny",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "length"}],
        "usage": {"prompt_tokens": count, "completion_tokens": 12, "total_tokens": count + 12},
    }


def test_content_may_come_in_parts_and_the_limit_by_its_new_name(client: httpx.Client) -> None:
    parts = [{"type": "text", "text": "ad"}, {"type": "text", "text": "d?"}]
    new = {"messages": [MESSAGES[0], {"role": "user", "content": parts}], "temperature": 0, "max_completion_tokens": 12}
    old = {"messages": MESSAGES, **GREEDY}
    answers = [client.post("/v1/chat/completions", json=body).json()["choices"] for body in (new, old)]
    assert answers[0] == answers[1]


def test_a_streamed_chat_begins_with_the_role_and_ends_with_the_reason(client: httpx.Client) -> None:
    body = {"messages": MESSAGES, "n": 2, "seed": 1, "temperature": 0.7, "max_tokens": 8}
    whole = client.post("/v1/chat/completions", json=body).json()
    parts = events(client, "/v1/chat/completions", {**body, "stream_options": {"include_usage": True}})
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert len({part["id"] for part in parts}) == 1
    assert parts.pop()["usage"] == whole["usage"]
    for choice in whole["choices"]:
        mine = [part["choices"][0] for part in parts if part["choices"][0]["index"] == choice["index"]]
        assert mine[0]["delta"] == {"role": "assistant", "content": ""}
        assert "".join(part["delta"].get("content", "") for part in mine) == choice["message"]["content"]
        assert (mine[-1]["delta"], mine[-1]["finish_reason"]) == ({}, choice["finish_reason"])
        assert all(part["finish_reason"] is None for part in mine[:-1])


def test_a_long_conversation_loses_its_oldest_turns_only(client: httpx.Client) -> None:
    history = [{"role": role, "content": f"{role} {number}"} for number in range(30) for role in ("user", "assistant")]
    reply = client.post("/v1/chat/completions", json={"messages": [*history, MESSAGES[1]], **GREEDY})
    assert reply.status_code == 200
    assert 200 < reply.json()["usage"]["prompt_tokens"] <= 256 - 12


@pytest.mark.parametrize("path", ["/v1/completions", "/completions", "/v1/completions/", "/completions/"])
def test_completions_are_found_at_any_spelling_of_the_path(client: httpx.Client, path: str) -> None:
    assert client.post(path, json={"prompt": "a", "max_tokens": 1}).status_code == 200


def test_the_model_tells_its_size(client: httpx.Client, model: Decoder, tokenizer: Tokenizer) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    (entry,) = listed["data"]
    assert (entry["id"], entry["object"], entry["owned_by"]) == ("tiny", "model", "midspan")
    assert entry["max_model_len"] == 256
    count = sum(parameter.numel() for parameter in model.parameters())
    assert entry["meta"] == {
        "n_ctx_train": 256,
        "n_vocab": tokenizer.vocabulary_size,
        "n_params": count,
        "size": 4 * count,
        "chat": True,
        "infill": True,
        "other_files": True,
        "places": False,
    }
    assert client.get("/models/tiny/").json() == entry
    missing = client.get("/v1/models/gpt/4")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "model_not_found"


def test_health_and_playground(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<title>Midspan" in page.text
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "https://" not in page.text


def test_an_answer_that_has_begun_goes_on(client: httpx.Client, engine: Engine) -> None:
    begun = [*MESSAGES[1:], {"role": "assistant", "content": "one, two,"}]
    reply = client.post("/v1/chat/completions", json={"messages": begun, **GREEDY}).json()
    prompt = engine.ids(Chat([Message(**message) for message in begun]), 12)  # type: ignore[typeddict-item]
    assert reply["choices"][0]["message"]["content"] == expected(engine, prompt)
    assert reply["usage"]["prompt_tokens"] == prompt.count
    text = engine.tokenizer.decode([*prompt.tokens, *prompt.taken])
    assert text.endswith("<|im_start|>assistant\none, two,")


def test_token_ids_are_read_as_they_are(client: httpx.Client, engine: Engine) -> None:
    body = {"prompt": [[40, 41], [42]], **GREEDY, "echo": True}
    choices = client.post("/v1/completions", json=body).json()["choices"]
    for ids, choice in zip(([40, 41], [42]), choices, strict=True):
        assert choice["text"] == engine.tokenizer.decode(ids) + expected(engine, Ids(ids))


def test_a_limit_of_zero_generates_nothing_and_none_is_the_contexts(client: httpx.Client) -> None:
    none = client.post("/v1/completions", json={"prompt": CODE, "max_tokens": 0, "echo": True}).json()
    assert (none["choices"][0]["text"], none["choices"][0]["finish_reason"]) == (CODE, "length")
    assert none["usage"]["completion_tokens"] == 0
    parts = events(client, "/v1/chat/completions", {"messages": MESSAGES, "max_tokens": 0})
    assert [part["choices"][0]["finish_reason"] for part in parts] == [None, "length"]
    every = client.post("/v1/completions", json={"prompt": CODE, "max_tokens": -1, "temperature": 0}).json()
    assert every["usage"]["total_tokens"] > 256, "the last token needs no position"


def test_top_p_of_zero_is_the_likeliest(client: httpx.Client) -> None:
    texts = {
        client.post("/v1/completions", json={"prompt": CODE, "max_tokens": 12, **more}).json()["choices"][0]["text"]
        for more in ({"temperature": 0}, {"temperature": 2.0, "top_p": 0})
    }
    assert len(texts) == 1
