"""`/places`: what a run's evaluation left of two models, side by side; nothing where there is nothing."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from small_run import RELEASED, row, write_run
from starlette.testclient import TestClient

from midspan.errors import UserError
from midspan.evaluate.places import BEFORE
from midspan.files import write_jsonl
from midspan.inference import Engine, Fill, Ids, Sampling
from midspan.serve import build_app
from midspan.serve.sides import MOST, side_by_side, sides_of

RELEASED_RIGHT, FITTED_RIGHT = [True, False, False, True, False], [True, True, True, False, False]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", RELEASED_RIGHT, FITTED_RIGHT)


def test_a_run_shows_its_places(engine: Engine, run: Path) -> None:
    client = TestClient(build_app(engine, "run", sides=sides_of(run / "models" / "release")))
    assert client.get("/v1/models").json()["data"][0]["meta"]["places"] is True
    found = client.get("/places").json()
    places = found.pop("places")
    assert found == {
        "released": RELEASED,
        "fitted": "ours",
        "total": 5,
        "fitted_alone": 2,
        "released_alone": 1,
        "both": 1,
    }
    assert [place["name"] for place in places] == [f"mine/src/sums.py, line {line}" for line in (2, 3, 4, 1, 5)]
    assert places[0]["first"] == "total += <b>1</b>"
    assert places[0]["second"] == places[0]["expected"] == "total = add(total, 2)"
    assert (places[0]["first_passed"], places[0]["second_passed"]) == (False, True)
    assert places[0]["before"] == "def sum_2(values):\n    total = 0\n    "


def test_without_an_evaluation_there_are_true_words(client: httpx.Client) -> None:
    reply = client.get("/places")
    assert reply.status_code == 404
    assert "nothing of tiny was evaluated beside a released model" in reply.json()["error"]["message"]
    assert client.get("/v1/models").json()["data"][0]["meta"]["places"] is False


def test_a_stage_and_the_release_have_sides_and_nothing_else_does(run: Path, tmp_path: Path) -> None:
    for model, fitted in (("release", "ours"), ("ours", "ours")):
        sides = sides_of(run / "models" / model)
        assert sides is not None
        assert sides.fitted == run / "evaluation" / fitted
    assert sides_of(run / "models" / "first") is None, "it was not evaluated"
    assert sides_of(run / "models" / "start-1") is None, "it is the released model itself"
    assert sides_of(tmp_path / "model") is None
    assert sides_of(tmp_path / "models" / "release") is None, "no recipe"
    (run / "recipe.yaml").write_text("stages: []")
    assert sides_of(run / "models" / "release") is None


def test_a_run_from_scratch_has_no_sides(run: Path) -> None:
    (run / "evaluation" / "start-1").rename(run / "evaluation" / "base")
    assert sides_of(run / "models" / "release") is None


def test_rows_without_places_are_none(run: Path) -> None:
    (run / "evaluation" / "ours" / "infilling.jsonl").unlink()
    assert sides_of(run / "models" / "release") is None


def test_of_many_places_those_that_differ_are_sent(tmp_path: Path) -> None:
    released, fitted = [False] * 400, [number > 380 for number in range(1, 401)]
    sides = sides_of(write_run(tmp_path, released, fitted) / "models" / "release")
    assert sides is not None
    found = side_by_side(sides)
    assert (found["total"], found["fitted_alone"], len(found["places"])) == (400, 20, MOST)
    assert all(place["second_passed"] for place in found["places"][:20])


def test_lines_that_the_rows_cut_are_left_out(run: Path) -> None:
    cut = "e cut\n" + "x = 1\n" * 100
    around = {"before": cut[:BEFORE], "after": "\ny = 2" * 50}
    for model in ("start-1", "ours"):
        write_jsonl(run / "evaluation" / model / "infilling.jsonl", [{**row(1, True), **around, "after": "\nend"}])
    sides = sides_of(run / "models" / "release")
    assert sides is not None
    (place,) = side_by_side(sides)["places"]
    assert place["before"] == cut[:BEFORE].removeprefix("e cut\n")
    assert place["after"] == "\nend"


def test_damaged_rows_are_told_when_they_are_asked_for(engine: Engine, run: Path) -> None:
    rows = run / "evaluation" / "ours" / "infilling.jsonl"
    rows.write_text(rows.read_text() + "{")
    sides = sides_of(run / "models" / "release")
    assert sides is not None
    with pytest.raises(UserError, match=r"infilling\.jsonl: cannot be read beside"):
        side_by_side(sides)
    reply = TestClient(build_app(engine, "run", sides=sides)).get("/places")
    assert reply.status_code == 400
    assert "infilling.jsonl" in reply.json()["error"]["message"]


def test_other_files_are_sent_with_a_suffix(client: httpx.Client) -> None:
    body = {"prompt": "def f(", "suffix": "):\n", "max_tokens": 4, "temperature": 0}
    alone = client.post("/v1/completions", json=body).json()["usage"]["prompt_tokens"]
    extra = [{"filename": "g.py", "text": "def g(): pass\n"}]
    beside = client.post("/v1/completions", json={**body, "input_extra": extra}).json()["usage"]["prompt_tokens"]
    assert beside > alone
    assert client.get("/v1/models").json()["data"][0]["meta"]["other_files"] is True
    del body["suffix"]
    reply = client.post("/v1/completions", json={**body, "input_extra": extra})
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "input_extra")


@pytest.mark.parametrize("path", ["/v1/completions", "/infill"])
def test_a_filled_answer_ends_where_it_repeats_the_suffix(
    client: httpx.Client, engine: Engine, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    tokens = engine.ids(Fill("def f(", ""), 24).tokens
    raw = engine.complete([Ids(tokens)], Sampling(max_tokens=24))[0].text
    rest = raw.rstrip()[-12:]
    (expected,) = engine.complete([Ids(tokens, suffix=rest)], Sampling(max_tokens=24, stop_at_suffix=True))
    assert len(expected.text) < len(raw.rstrip())
    monkeypatch.setattr("midspan.inference.engine.prompt_ids", lambda *_: Ids(tokens, suffix=rest))
    body = {"prompt": "", "suffix": "", "max_tokens": 24, "temperature": 0}
    reply = client.post(path, json=body).json()
    choice = reply if path == "/infill" else reply["choices"][0]
    assert choice.get("content", choice.get("text")) == expected.text
    assert choice.get("stop_type", "word") == "word"
    assert choice.get("finish_reason", "stop") == "stop"
