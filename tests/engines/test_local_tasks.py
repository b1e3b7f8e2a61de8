"""Local tasks: in order, whatever happens to one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from midspan.engines import TaskCrashedError, TaskTimeoutError, run_tasks


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


def large(size: int) -> bytes:
    return b"x" * size


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("timeout", [None, 30.0])
def test_results_are_in_the_order_of_the_tasks(workers: int, timeout: float | None) -> None:
    results = run_tasks(square, range(8), workers, timeout)
    assert [result.value for result in results] == [number**2 for number in range(8)]
    assert all(result.error is None for result in results)


def test_no_tasks_give_no_results() -> None:
    assert run_tasks(square, [], 4, timeout=1) == []


def test_one_worker_without_a_timeout_needs_no_other_process_and_others_do() -> None:
    assert run_tasks(process_of, [0], 1)[0].value == os.getpid()
    others = {result.value for result in run_tasks(process_of, range(4), 2)}
    assert os.getpid() not in others
    assert len(others) <= 2


def test_tasks_that_crash_hang_or_raise_cost_only_themselves(tmp_path: Path) -> None:
    names = ["a", "killed", "b", "hangs", "raises", "exits", "killed once", "c"]
    results = run_tasks(may_die, [(name, str(tmp_path)) for name in names], 2, timeout=1.0)
    by_name = dict(zip(names, results, strict=True))
    for name in ("a", "b", "c", "killed once"):
        assert by_name[name].value == name
    assert isinstance(by_name["killed"].error, TaskCrashedError)
    assert "SIGKILL" in str(by_name["killed"].error)
    assert "exit code 3" in str(by_name["exits"].error)
    assert isinstance(by_name["hangs"].error, TaskTimeoutError)
    assert by_name["raises"].error is not None
    assert by_name["raises"].error.args == ("what it says",)
    attempts = {name: len((tmp_path / name).read_text()) for name in names}
    assert attempts == dict.fromkeys(names, 1) | {"killed": 2, "hangs": 2, "exits": 2, "killed once": 2}


def test_a_result_or_error_that_cannot_be_sent_is_an_error_with_its_words() -> None:
    value, error, fine = run_tasks(gives_what_cannot_be_sent, ["value", "error", "fine"], 2)
    assert "lambda" in str(value.error)
    assert "UnpicklableError: 1 and 2" in str(error.error)
    assert fine.value == "fine"


def test_large_tasks_and_results_go_through() -> None:
    results = run_tasks(large, [5_000_000, 3], 2, timeout=30)
    assert [len(result.value or b"") for result in results] == [5_000_000, 3]


UNGUARDED = "from midspan.engines import run_tasks\nfrom os.path import basename\nrun_tasks(basename, ['a'] * 3, 2)\n"


def test_a_script_without_a_main_guard_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(UNGUARDED)
    run = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, timeout=60)
    assert run.returncode != 0
    assert "UserError" in run.stderr
    assert "__main__" in run.stderr.splitlines()[-1]


WITH_A_CHILD = """
import time
from midspan.engines import run_tasks
if __name__ == "__main__":
    print("ready", flush=True)
    run_tasks(time.sleep, [60, 60], 2)
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
