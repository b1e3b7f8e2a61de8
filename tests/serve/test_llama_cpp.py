"""llama.cpp's endpoints as llama.vim and llama.vscode use them."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from midspan.inference import Engine, Fill, Plain, Sampling
from midspan.model import Decoder

INFILL = {
    "input_prefix": "def f(a):\n",
    "prompt": "    return ",
    "input_suffix": "\n\nf(1)\n",
    "n_predict": 10,
    "temperature": 0,
}
FILL = Fill("def f(a):\n    return ", "\n\nf(1)\n")


def made(engine: Engine, prompt: Fill | Plain, **settings: Any) -> str:
    return engine.complete([prompt], Sampling(max_tokens=10, **settings))[0].text


def test_infill_has_llama_cpps_shape(client: httpx.Client, engine: Engine) -> None:
    reply = client.post("/infill", json=INFILL).json()
    assert reply["content"] == made(engine, FILL)
    assert (reply["stop"], reply["stop_type"], reply["stopping_word"]) == (True, "limit", "")
    assert (reply["tokens_predicted"], reply["tokens_evaluated"]) == (10, engine.ids(FILL, 10).count)
    assert (reply["model"], reply["truncated"], reply["id_slot"]) == ("tiny", False, 0)
    assert reply["has_new_line"] == ("\n" in reply["content"])
    assert reply["generation_settings"]["n_ctx"] == 256
    assert reply["generation_settings"]["samplers"] == ["temperature", "top_k", "top_p"]
    timings = reply["timings"]
    assert (timings["prompt_n"], timings["predicted_n"]) == (reply["tokens_evaluated"], 10)
    assert timings["prompt_ms"] > 0
    assert timings["predicted_per_second"] > 0


def test_other_files_are_context(client: httpx.Client, engine: Engine) -> None:
    extra = [{"filename": "g.py", "text": "def g(): pass\n", "time": 1}]
    reply = client.post("/infill", json={**INFILL, "input_extra": extra}).json()
    fill = Fill(FILL.prefix, FILL.suffix, [("g.py", "def g(): pass\n")])
    assert reply["tokens_evaluated"] == engine.ids(fill, 10).count > engine.ids(FILL, 10).count
    assert reply["content"] == made(engine, fill)


def test_a_warm_up_generates_nothing(client: httpx.Client, model: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "hidden_states", lambda *_, **__: pytest.fail("the model was asked"))
    body = {"input_prefix": "", "input_suffix": "", "prompt": "", "n_predict": 0, "samplers": [], "t_max_predict_ms": 1}
    reply = client.post("/infill", json=body).json()
    assert (reply["content"], reply["tokens_predicted"], reply["stop"]) == ("", 0, True)
    assert client.post("/infill", json={**body, "response_fields": [""]}).json() == {}


def test_only_the_fields_asked_for_are_answered(client: httpx.Client) -> None:
    fields = ["content", "timings/prompt_n", "timings/nothing", "truncated"]
    reply = client.post("/infill", json={**INFILL, "response_fields": fields}).json()
    assert set(reply) == {"content", "timings/prompt_n", "truncated"}


def test_several_answers_are_a_list(client: httpx.Client) -> None:
    replies = client.post("/infill", json={**INFILL, "n_cmpl": 3, "temperature": 1.0}).json()
    assert [reply["index"] for reply in replies] == [0, 1, 2]
    assert len({reply["content"] for reply in replies}) > 1


@pytest.mark.parametrize("path", ["/infill", "/completion"])
def test_a_stream_says_the_same_and_ends_with_all_the_rest(client: httpx.Client, path: str) -> None:
    body = {**INFILL, "prompt": "    return "}
    whole = client.post(path, json=body).json()
    text = client.post(path, json={**body, "stream": True}).text
    parts = [json.loads(line.removeprefix("data: ")) for line in text.strip().split("\n\n")]
    assert "".join(part["content"] for part in parts) == whole["content"]
    assert [part["stop"] for part in parts] == [False] * (len(parts) - 1) + [True]
    assert {**parts[-1], "content": 0, "timings": 0, "generation_settings": 0} == {
        **whole,
        "content": 0,
        "timings": 0,
        "generation_settings": 0,
    }


def test_the_stop_string_that_ended_an_answer_is_named(client: httpx.Client, engine: Engine) -> None:
    whole = made(engine, Plain("x = "))
    pairs = (whole[at : at + 2] for at in range(2, 8))
    stop = next(pair for pair in pairs if pair.isprintable() and "\ufffd" not in pair)
    body = {"prompt": "x = ", "n_predict": 10, "temperature": 0, "stop": ["never", stop]}
    reply = client.post("/completion", json=body).json()
    assert (reply["content"], reply["stop_type"], reply["stopping_word"]) == (whole[: whole.index(stop)], "word", stop)


def test_an_answer_ends_after_its_time_once_it_has_a_line(
    client: httpx.Client, model: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(seed: int, **more: Any) -> Any:
        body = {"prompt": "x = ", "n_predict": 200, "temperature": 1.0, "seed": seed, **more}
        return client.post("/completion", json=body).json()

    seed = next(seed for seed in range(50) if 8 < answer(seed)["content"].find("\n") < 50)
    original = model.hidden_states

    def slow(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.01)
        return original(*args, **kwargs)

    monkeypatch.setattr(model, "hidden_states", slow)
    reply = answer(seed, t_max_predict_ms=30)
    assert "\n" in reply["content"]
    assert reply["tokens_predicted"] < 200
    assert (reply["stop_type"], reply["truncated"]) == ("limit", False)


def test_what_runs_into_the_end_of_the_context_says_so(client: httpx.Client) -> None:
    reply = client.post("/completion", json={"prompt": "x = ", "n_predict": -1, "temperature": 0}).json()
    assert reply["truncated"] is True
    assert reply["tokens_evaluated"] + reply["tokens_predicted"] > 256, "the last token needs no position"


def test_the_server_tells_its_properties(client: httpx.Client) -> None:
    known = client.get("/props").json()
    assert known["default_generation_settings"]["n_ctx"] == 256
    assert known["total_slots"] == 1
    assert "<|im_start|>" in known["chat_template"]
