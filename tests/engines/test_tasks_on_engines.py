"""Tasks on every engine: in order, whatever happens to one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from midspan.engines import (
    Engine,
    EngineChoice,
    LocalEngine,
    TaskCrashedError,
    TaskResult,
    TaskTimeoutError,
    start_engine,
)
from midspan.errors import UserError


def square(number: int) -> int:
    time.sleep(0.02 * (number % 3))
    return number * number


def process_of(_: int) -> int:
    return os.getpid()


def may_die(task: tuple[str, str]) -> str:
    what, folder = task
    with (Path(folder) / what).open("a") as attempts:
        attempts.write(".")
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exits":
        os._exit(3)
    if what == "hangs":
        time.sleep(60)
    if what == "raises":
        raise KeyError("what it says")
    if what == "killed once" and len((Path(folder) / what).read_text()) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return what


class UnpicklableError(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def gives_what_cannot_be_sent(what: str) -> object:
    if what == "error":
        raise UnpicklableError(1, 2)
    return (lambda: None) if what == "value" else "fine"


def echo(content: bytes) -> bytes:
    return content


@pytest.fixture(scope="module")
def ray_engine() -> Iterator[Engine]:
    pytest.importorskip("ray", reason="the extra cluster is not installed")
    with start_engine(EngineChoice("ray", workers=2)) as engine:
        yield engine


@pytest.fixture(params=["local, 1 worker", "local, 3 workers", "ray"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "ray":
        yield request.getfixturevalue("ray_engine")
        return
    with LocalEngine(int(request.param.split()[1])) as processes:
        yield processes


def test_results_are_in_the_order_of_the_tasks_run_after_run(engine: Engine) -> None:
    for timeout in (None, 30.0):
        results = engine.run_tasks(square, range(8), timeout)
        assert [result.value for result in results] == [number**2 for number in range(8)]
        assert all(result.error is None for result in results)


def test_no_tasks_give_no_results(engine: Engine) -> None:
    assert engine.run_tasks(square, [], timeout=1) == []


def test_tasks_run_in_other_processes_which_serve_again() -> None:
    with LocalEngine(2) as engine:
        first = {result.value for result in engine.run_tasks(process_of, range(6))}
        second = {result.value for result in engine.run_tasks(process_of, range(6))}
    assert os.getpid() not in first
    assert len(first | second) <= 2


def test_each_result_is_told_of_as_it_comes(engine: Engine) -> None:
    heard: dict[int, TaskResult[int]] = {}
    results = engine.run_tasks(square, range(5), on_result=heard.__setitem__)
    assert [heard[index] for index in range(5)] == results


def test_tasks_that_crash_hang_or_raise_cost_only_themselves(engine: Engine, tmp_path: Path) -> None:
    names = ["a", "killed", "b", "hangs", "raises", "exits", "killed once", "c"]
    results = engine.run_tasks(may_die, [(name, str(tmp_path)) for name in names], timeout=2.5)
    by_name = dict(zip(names, results, strict=True))
    for name in ("a", "b", "c", "killed once"):
        assert by_name[name].value == name, by_name[name]
    assert isinstance(by_name["killed"].error, TaskCrashedError)
    assert isinstance(by_name["exits"].error, TaskCrashedError)
    if isinstance(engine, LocalEngine):
        assert "SIGKILL" in str(by_name["killed"].error)
        assert "exit code 3" in str(by_name["exits"].error)
    assert isinstance(by_name["hangs"].error, TaskTimeoutError)
    assert isinstance(by_name["raises"].error, KeyError)
    assert by_name["raises"].error.args == ("what it says",)
    attempts = {name: len((tmp_path / name).read_text()) for name in names}
    assert attempts == dict.fromkeys(names, 1) | {"killed": 2, "hangs": 2, "exits": 2, "killed once": 2}


def test_a_result_or_error_that_cannot_be_sent_is_an_error_with_its_words(engine: Engine) -> None:
    value, error, fine = engine.run_tasks(gives_what_cannot_be_sent, ["value", "error", "fine"])
    assert "lambda" in str(value.error)
    assert "UnpicklableError: 1 and 2" in str(error.error)
    assert fine.value == "fine"


def test_large_tasks_and_results_go_through(engine: Engine) -> None:
    results = engine.run_tasks(echo, [b"x" * 5_000_000, b"abc"], timeout=30)
    assert [result.value for result in results] == [b"x" * 5_000_000, b"abc"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (EngineChoice(workers=0), "at least 1"),
        (EngineChoice(address="127.0.0.1:6379"), "--engine ray"),
    ],
)
def test_an_impossible_choice_is_a_user_error(choice: EngineChoice, message: str) -> None:
    with pytest.raises(UserError, match=message), start_engine(choice):
        pass


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"midspan\[cluster\]"), start_engine(EngineChoice("ray")):
        pass


UNGUARDED = """
from os.path import basename
from midspan.engines import LocalEngine
with LocalEngine(2) as engine:
    engine.run_tasks(basename, ["a"] * 3)
"""


def test_a_script_without_a_main_guard_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(UNGUARDED)
    run = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, timeout=60)
    assert run.returncode != 0
    assert "UserError" in run.stderr
    assert "__main__" in run.stderr.splitlines()[-1]


GUARDED = """
import os
from midspan.engines import LocalEngine
if __name__ == "__main__":
    with LocalEngine(2) as engine:
        assert len({result.value for result in engine.run_tasks(os.path.basename, ["a", "b", "c"])}) == 3
"""


def test_processes_start_however_deep_temporary_files_lie(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(GUARDED)
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    environment = os.environ | {"TMPDIR": str(deep)}
    subprocess.run([sys.executable, str(tmp_path / "script.py")], env=environment, check=True, timeout=60)


WITH_A_CHILD = """
import time
from midspan.engines import LocalEngine
if __name__ == "__main__":
    print("ready", flush=True)
    with LocalEngine(2) as engine:
        engine.run_tasks(time.sleep, [60, 60])
"""


def processes_with(text: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if text in (process / "environ").read_text(errors="replace"):
                found.append(process.name)
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_a_stopped_parent(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "script.py").write_text(WITH_A_CHILD)
    mark = f"MIDSPAN_TEST_MARK={tmp_path}"
    environment = os.environ | {"MIDSPAN_TEST_MARK": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    parent.stdout.readline()
    deadline = time.monotonic() + 20
    while len(processes_with(mark)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # let them reach their tasks
    parent.send_signal(how)
    parent.wait(timeout=20)
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_with(mark) == []
