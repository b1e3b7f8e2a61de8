"""Models of every kind on a benchmark: servers that falter, answers from files, kills, and what is asked again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from small_models import write_documents, write_model
from small_servers import Reply, serving

from midspan.errors import UserError
from midspan.evaluate.result import Result
from midspan.evaluate.session import evaluate, settings_of
from midspan.evaluate.subjects import requests
from midspan.evaluate.table import print_comparison, print_scores
from midspan.files import read_jsonl
from midspan.recipe import Runtime
from midspan.sandbox import Sandbox
from midspan.step import Tools
from midspan.tokens import Tokenizer

COUNT = 12
KILLS = int(os.environ.get("MIDSPAN_KILLS", "2"))


@pytest.fixture(scope="module", autouse=True)
def isolated() -> None:
    try:
        Sandbox()
    except UserError as reason:
        pytest.skip(f"nothing isolates here: {reason}")


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    """Problem n asks for n times the argument."""
    rows = [
        {
            "task_id": f"Ours/{n}",
            "prompt": f'def times_{n}(x):\n    """{n} times x"""\n',
            "canonical_solution": f"    return {n} * x\n",
            "test": f"def check(f):\n    assert f(2) == {2 * n}\n    assert f(-1) == {-n}\n",
            "entry_point": f"times_{n}",
        }
        for n in range(COUNT)
    ]
    file = tmp_path / "problems.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def ask(tmp_path: Path, problems: Path, *models: str, **settings: Any) -> dict[str, list[Result]]:
    chosen = {"humaneval": {"data": str(problems), **settings}}
    return evaluate(models, chosen, tmp_path / "out", tools=Tools(Runtime(workers=2)))


def share(results: dict[str, list[Result]], model: str) -> float:
    return next(score.value for score in results[model][0].scores if score.name == "pass@1")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Reply], str]]:
    """Start a server that answers as it is told; its address."""
    monkeypatch.setattr(requests, "LONGEST_WAIT", 0.01)
    with ExitStack() as running:
        yield lambda reply: f"{running.enter_context(serving(reply))}#tuned"


def right(body: dict[str, Any], number: int) -> tuple[int, Any]:
    n = body["prompt"].partition("times_")[2].partition("(")[0]
    text = f"\n    return {n} * x\n\nprint('and more')"
    return 200, {"choices": [{"text": text, "finish_reason": "stop"}], "usage": {"completion_tokens": 5}}


def test_a_server_is_asked_and_its_answers_end_where_the_benchmark_says(
    tmp_path: Path, problems: Path, serve: Callable[[Reply], str]
) -> None:
    seen: list[dict[str, Any]] = []

    def reply(body: dict[str, Any], number: int) -> tuple[int, Any]:
        seen.append(body)
        return right(body, number)

    results = ask(tmp_path, problems, serve(reply))
    assert share(results, "tuned") == 1.0
    assert {body["model"] for body in seen} == {"tuned"}
    assert {body["temperature"] for body in seen} == {0.0}
    rows = read_jsonl(tmp_path / "out" / "tuned" / "humaneval.jsonl")
    assert [row["answer"] for row in rows] == [f"\n    return {n} * x\n" for n in range(COUNT)]


def test_a_server_that_falters_is_asked_again(tmp_path: Path, problems: Path, serve: Callable[[Reply], str]) -> None:
    troubles = [(429, "slow down"), (503, "loading"), (200, "no JSON"), (500, "")]

    def reply(body: dict[str, Any], number: int) -> tuple[int, Any]:
        return troubles[number // 2 % 4] if number < 8 else right(body, number)

    assert share(ask(tmp_path, problems, serve(reply)), "tuned") == 1.0


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((404, '{"error": "no model tuned"}'), "404 .*no model tuned"),
        ((401, "no key"), "401 no key"),
        ((500, "broken"), "500 broken"),
        ((200, {"choices": []}), "an answer without text"),
        ((200, "<html>"), "no JSON"),
    ],
)
def test_a_server_that_only_fails_is_one_clear_line(
    tmp_path: Path, problems: Path, serve: Callable[[Reply], str], reply: tuple[int, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said) as refused:
        ask(tmp_path, problems, serve(lambda body, number: reply))
    assert "\n" not in str(refused.value)


def test_an_address_where_nobody_is_is_one_clear_line(tmp_path: Path, problems: Path) -> None:
    started = time.monotonic()
    with pytest.raises(UserError, match="refused: is the server running, and is this its address"):
        ask(tmp_path, problems, "http://127.0.0.1:9/v1")
    assert time.monotonic() - started < 20


def test_a_server_that_is_down_loses_nothing_that_it_answered(
    tmp_path: Path, problems: Path, serve: Callable[[Reply], str]
) -> None:
    up = threading.Event()
    asked: list[str] = []

    def reply(body: dict[str, Any], number: int) -> tuple[int, Any]:
        if not up.is_set() and "times_7(" in body["prompt"]:
            return 400, "out of memory"
        asked.append(body["prompt"])
        return right(body, number)

    address = serve(reply)
    with pytest.raises(UserError, match="400 out of memory"):
        ask(tmp_path, problems, address)
    up.set()
    assert share(ask(tmp_path, problems, address), "tuned") == 1.0
    assert [prompt for prompt in asked if "times_1(" in prompt] == [asked[1]] or len(asked) <= COUNT + 5


def test_answers_from_a_file_are_graded_and_several_are_samples(tmp_path: Path, problems: Path) -> None:
    file = tmp_path / "samples.jsonl"
    rows = [sample(n, n if k < 5 else 9) for n in range(COUNT) for k in range(10)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    results = ask(tmp_path, problems, f"answers:{file}", samples=10)
    scores = {score.name: score.value for score in results["samples"][0].scores}
    # problem 9 passes with all ten, the others with five of ten
    assert scores["pass@1"] == pytest.approx((0.5 * (COUNT - 1) + 1) / COUNT)
    assert scores["pass@10"] == 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"task_id": "Other/1", "completion": "x"}', "no answer number 1 to 'Ours/0' .*such as 'Other/1'"),
        ('{"task_id": "Ours/0"}', "needed are an item"),
        ("nonsense", "cannot be read"),
    ],
)
def test_a_file_of_other_answers_is_refused(tmp_path: Path, problems: Path, text: str, said: str) -> None:
    (tmp_path / "other.jsonl").write_text(text + "\n")
    with pytest.raises(UserError, match=said):
        ask(tmp_path, problems, f"answers:{tmp_path / 'other.jsonl'}")


def sample(n: int, factor: int, before: str = "pass") -> dict[str, str]:
    """An answer to problem n, which is right where the factor is n."""
    return {"task_id": f"Ours/{n}", "completion": f"\n    {before}\n    return {factor} * x"}


def answers(tmp_path: Path, name: str, wrong: set[int]) -> str:
    file = tmp_path / f"{name}.jsonl"
    rows = [sample(n, n + 100 if n in wrong else n) for n in range(COUNT)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"answers:{file}"


def test_what_is_done_is_not_asked_again_and_a_second_benchmark_asks_nothing_else(
    tmp_path: Path, problems: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = answers(tmp_path, "one", {3})
    ask(tmp_path, problems, one)
    written = (tmp_path / "out" / "one" / "humaneval.json").stat().st_mtime_ns
    capfd.readouterr()
    ask(tmp_path, problems, one, answers(tmp_path, "two", set()))
    assert "done already: one: humaneval" in capfd.readouterr().err
    assert (tmp_path / "out" / "one" / "humaneval.json").stat().st_mtime_ns == written
    problems.write_text(problems.read_text().replace("times x", "times the x"))
    ask(tmp_path, problems, one)
    changed = (tmp_path / "out" / "one" / "humaneval.json").stat().st_mtime_ns
    assert changed != written
    ask(tmp_path, problems, one, first=5)
    assert (tmp_path / "out" / "one" / "humaneval.json").stat().st_mtime_ns != changed


def test_two_models_are_compared_by_item(tmp_path: Path, problems: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = ask(tmp_path, problems, answers(tmp_path, "one", {1, 2, 3}), answers(tmp_path, "two", {2, 7}))
    print_scores(results)
    told = capsys.readouterr().out
    assert "75.0 %" in told
    assert "83.3 %" in told
    print_comparison(tmp_path / "out" / "one", tmp_path / "out" / "two", 5)
    told = capsys.readouterr().out
    assert "better: Ours/1, Ours/3" in told
    assert f"answers alike to the letter: {COUNT - 3} of {COUNT}" in told
    assert "worse: Ours/7" in told
    assert "+8.33 points" in told


def test_results_of_other_questions_are_not_compared(tmp_path: Path, problems: Path) -> None:
    ask(tmp_path, problems, answers(tmp_path, "one", set()))
    ask(tmp_path, problems, answers(tmp_path, "two", set()), first=5)
    with pytest.raises(UserError, match="were asked differently"):
        print_comparison(tmp_path / "out" / "one", tmp_path / "out" / "two", 5)


def test_data_that_is_lacking_is_said_before_any_model_is_asked(tmp_path: Path, problems: Path) -> None:
    asked = {"humaneval": {"data": str(problems)}, "mbpp": {"data": str(tmp_path / "gone.jsonl")}}
    with pytest.raises(UserError, match=r"no file .*gone\.jsonl"):
        evaluate([answers(tmp_path, "one", set())], asked, tmp_path / "out", tools=Tools())
    assert not (tmp_path / "out" / "one").exists()


@pytest.mark.parametrize(
    ("names", "changes", "said"),
    [
        (["humanevil"], [], "did you mean 'humaneval'"),
        (["humaneval"], ["humaneval.dat=x"], "data"),
        (["humaneval"], ["mbpp.data=x"], "write BENCHMARK.SETTING=VALUE, of humaneval"),
        (["infilling"], [], "made of what a run holds out; name the run"),
        (["preferences"], [], "made of a run's pairs"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is(
    tmp_path: Path, names: list[str], changes: list[str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        evaluate(["nothing"], settings_of(names, changes), tmp_path / "out", tools=Tools())
    assert not (tmp_path / "out").exists()


def test_an_unknown_model_is_refused(tmp_path: Path, problems: Path) -> None:
    with pytest.raises(UserError, match="no_such_model"):
        ask(tmp_path, problems, str(tmp_path / "no_such_model"))


def test_a_killed_evaluation_goes_on_with_what_it_had(tmp_path: Path, problems: Path) -> None:
    rows = [sample(n, n, before="import time; time.sleep(0.3)") for n in range(COUNT)]
    file = tmp_path / "slow.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "midspan", "evaluate", f"answers:{file}", "--on", "humaneval"]
    command += ["--set", f"humaneval.data={problems}", "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    verdicts = tmp_path / "out" / "slow" / "humaneval.verdicts"
    deadline = time.monotonic() + 60
    while not (verdicts.exists() and verdicts.read_bytes().count(b"\n") > 4):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = verdicts.read_bytes().count(b"\n") - 1
    assert 3 < kept < COUNT
    assert share(ask(tmp_path, problems, f"answers:{file}"), "slow") == 1.0
    assert not verdicts.exists()
    assert len(read_jsonl(tmp_path / "out" / "slow" / "humaneval.jsonl")) == COUNT


def test_any_model_is_asked_what_a_run_holds_out(
    tmp_path: Path, code_texts: list[str], code_tokenizer: Tokenizer
) -> None:
    write_documents(tmp_path / "run" / "corpus" / "heldout", code_texts)
    models = [str(write_model(tmp_path / name, code_tokenizer, seed=seed)) for seed, name in enumerate(("a", "b"))]
    asked = {"infilling": {"lines": 3, "blocks": 0, "nodes": 0, "left": 0}, "likelihood": {"bytes": 1000}}
    results = evaluate(models, asked, tmp_path / "out", run=tmp_path / "run", tools=Tools())
    assert [result.benchmark for result in results["a"]] == ["infilling", "likelihood"]
    assert all(result.scores for of_model in results.values() for result in of_model)
    with pytest.raises(UserError, match="holds no files out"):
        evaluate(models, asked, tmp_path / "out", run=tmp_path / "nothing", tools=Tools())


@pytest.fixture(params=["alone", "beside busy processes"])
def neighbours(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody, or a process for each processor that never rests."""
    count = 0 if request.param == "alone" else os.cpu_count() or 1
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    yield
    for process in busy:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("neighbours")
@pytest.mark.parametrize("workers", [1, 8])
def test_verdicts_are_the_same_with_one_worker_and_with_eight(tmp_path: Path, problems: Path, workers: int) -> None:
    """Right, wrong, crashing, printing and slow answers, twelve at a time or one after the other."""
    bodies = (
        "return {n} * x",
        "return 100",
        "1 / 0",
        "print('x' * 10**6); return {n} * x",
        "[0 for _ in range(10**6)]",
    )
    file = tmp_path / "mixed.jsonl"
    rows = [{"task_id": f"Ours/{n}", "completion": f"\n    {bodies[n % 5].format(n=n)}\n"} for n in range(COUNT)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluate(
        [f"answers:{file}"],
        {"humaneval": {"data": str(problems)}},
        tmp_path / "out",
        tools=Tools(Runtime(workers=workers)),
    )
    outcomes = [row["outcome"] for row in read_jsonl(tmp_path / "out" / "mixed" / "humaneval.jsonl")]
    assert outcomes == ["passed" if n % 5 in (0, 3) else "failed" for n in range(COUNT)]


def test_killed_at_random_moments_it_ends_with_the_same_rows(tmp_path: Path, problems: Path) -> None:
    """More often in `make soak`; what was judged before a kill is never fewer afterwards."""
    bodies = ("return {n} * x", "return 100", "import time; time.sleep(0.2); return {n} * x")
    file = tmp_path / "mixed.jsonl"
    rows = [{"task_id": f"Ours/{n}", "completion": f"\n    {bodies[n % 3].format(n=n)}\n"} for n in range(COUNT)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "midspan", "evaluate", f"answers:{file}", "--on", "humaneval"]
    command += ["--set", f"humaneval.data={problems}", "-o"]
    asked = {"humaneval": {"data": str(problems)}}
    evaluate([f"answers:{file}"], asked, tmp_path / "whole", tools=Tools(Runtime(workers=2)))
    verdicts, draw, before = tmp_path / "out" / "mixed" / "humaneval.verdicts", random.Random(5), 0
    for _ in range(KILLS):
        process = subprocess.Popen([*command, str(tmp_path / "out")], stderr=subprocess.PIPE, start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0.5, 4.0))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if not verdicts.exists():
            continue  # it had not begun, or was at its end
        kept = verdicts.read_bytes().count(b"\n")
        assert kept >= before
        before = kept
    evaluate([f"answers:{file}"], asked, tmp_path / "out", tools=Tools(Runtime(workers=2)))
    ended, whole = (tmp_path / name / "mixed" / "humaneval.jsonl" for name in ("out", "whole"))
    assert ended.read_bytes() == whole.read_bytes()
