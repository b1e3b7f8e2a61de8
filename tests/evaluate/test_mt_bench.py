"""MT-Bench: the second question follows the first answer, and a judge that may falter rates both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from small_servers import serving

from midspan.errors import UserError
from midspan.evaluate.judge import rating_in
from midspan.evaluate.session import evaluate
from midspan.evaluate.subjects import requests
from midspan.files import read_jsonl
from midspan.recipe import Runtime
from midspan.step import Tools

DATA = Path(__file__).parents[3] / "shared" / "data" / "mt_bench"
QUESTIONS = [
    {"question_id": 1, "category": "coding", "turns": ["Sort a list.", "Now in place."]},
    {"question_id": 2, "category": "coding", "turns": ["Reverse a string.", "Without slices."]},
    {"question_id": 3, "category": "writing", "turns": ["A poem.", "Shorter."]},
]
REFERENCES = [{"question_id": 1, "choices": [{"index": 0, "turns": ["sorted(x)", "x.sort()"]}]}]
PROMPTS = [
    {"name": "single-v1", "system_prompt": "S", "prompt_template": "Q {question} A {answer}"},
    {"name": "single-math-v1", "system_prompt": "S", "prompt_template": "Q {question} R {ref_answer_1} A {answer}"},
    {
        "name": "single-v1-multi-turn",
        "system_prompt": "S",
        "prompt_template": "{question_1}/{answer_1}/{question_2}/{answer_2}",
    },
    {
        "name": "single-math-v1-multi-turn",
        "system_prompt": "S",
        "prompt_template": "{ref_answer_1}+{ref_answer_2}: {question_1}/{answer_1}/{question_2}/{answer_2}",
    },
]


@pytest.mark.parametrize(
    ("said", "rating"),
    [("Rating: [[7]]", 7.0), ("[[8.5]] good", 8.5), ("so [6]", 6.0), ("[[11]]", None), ("Rating: 7", None), ("", None)],
)
def test_a_rating_is_read_as_fastchat_reads_it(said: str, rating: float | None) -> None:
    assert rating_in(said) == rating


Says = Callable[[dict[str, Any]], str]


@pytest.fixture
def chat_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Says], str]]:
    """Start a server of chats; its address."""
    monkeypatch.setattr(requests, "LONGEST_WAIT", 0.01)
    usage = {"prompt_tokens": 1000, "completion_tokens": 10}
    with ExitStack() as running:

        def start(says: Says) -> str:
            def reply(body: dict[str, Any], number: int) -> tuple[int, Any]:
                choice = {"message": {"content": says(body)}, "finish_reason": "stop"}
                return 200, {"choices": [choice], "usage": usage}

            return running.enter_context(serving(reply))

        yield start


def files(tmp_path: Path) -> dict[str, str]:
    found = {}
    for name, rows in (("data", QUESTIONS), ("references", REFERENCES), ("prompts", PROMPTS)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        found[name] = str(file)
    return found


def test_each_second_question_follows_the_first_answer_and_both_are_rated(
    tmp_path: Path, chat_server: Callable[[Says], str], capfd: pytest.CaptureFixture[str]
) -> None:
    judged: list[str] = []

    def judge(body: dict[str, Any]) -> str:
        judged.append(body["messages"][-1]["content"])
        return "no rating" if "Without slices" in judged[-1] else f"Rating: [[{4 + len(judged[-1]) % 2}]]"

    def model(body: dict[str, Any]) -> str:
        return f"answer to {body['messages'][-1]['content']}"

    settings = files(tmp_path) | {"judge": f"{chat_server(judge)}#gpt"}
    subject = f"{chat_server(model)}#mine"
    results = evaluate(
        [subject], {"mt-bench": settings}, tmp_path / "out", prices=(2.0, 100.0), tools=Tools(Runtime(workers=1))
    )
    assert sorted(judged) == sorted(
        [
            "Q Sort a list. R sorted(x) A answer to Sort a list.",
            "Q Reverse a string. A answer to Reverse a string.",
            "sorted(x)+x.sort(): Sort a list./answer to Sort a list./Now in place./answer to Now in place.",
            "Reverse a string./answer to Reverse a string./Without slices./answer to Without slices.",
        ]
    )
    (result,) = results["mine"]
    (score,) = result.scores
    rows = read_jsonl(tmp_path / "out" / "mine" / "mt-bench.jsonl")
    assert [row["item"] for row in rows] == ["1, turn 1", "2, turn 1", "1, turn 2", "2, turn 2"]
    rated = [row["score"] for row in rows if "score" in row]
    assert len(rated) == 3
    assert score.value == pytest.approx(sum(rated) / 3)
    assert score.label == "score, coding"
    assert result.not_measured == 1
    # 4 requests of 1,000 tokens at 2 a million, and of 10 at 100 a million
    assert "mine: 4 requests, 4,000 tokens read, 40 written: 0.01 at the given prices" in capfd.readouterr().err


@pytest.mark.parametrize("judge", ["", "gpt-4", "http://localhost:1/v1"])
def test_without_a_judge_nothing_is_asked(tmp_path: Path, judge: str) -> None:
    with pytest.raises(UserError, match="judge"):
        evaluate(
            ["http://localhost:1/v1#m"], {"mt-bench": files(tmp_path) | {"judge": judge}}, tmp_path / "o", tools=Tools()
        )


def test_the_published_questions_and_prompts_are_read() -> None:
    if not DATA.exists():
        pytest.skip(f"{DATA} is not here")
    from midspan.evaluate.benchmark import HeldOut
    from midspan.evaluate.benchmarks.mt_bench import Settings, items, then
    from midspan.inference import Completion

    places = {"data": "question.jsonl", "references": "reference_answer_gpt-4.jsonl", "prompts": "judge_prompts.jsonl"}
    chosen = Settings(judge="http://localhost:1/v1#m", **{name: str(DATA / file) for name, file in places.items()})
    first = items(chosen, HeldOut(0))
    assert [item.cluster for item in first] == [str(number) for number in range(121, 131)]
    more = then(chosen, first, [Completion("said", [], "stop", 0)] * len(first))
    assert all(len(item.prompt.messages) == 3 for item in more)  # type: ignore[union-attr]
