"""What `Sandbox` says about programs that mean no harm, or only overstep."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from midspan.sandbox import Policy, Sandbox
from midspan.sandbox.backend import Backend
from midspan.sandbox.policy import Outcome
from midspan.sandbox.process import supervise
from midspan.sandbox.slots import Slots, slots

SHORT = Policy(cpu_seconds=1, wall_seconds=20)


def test_a_program_that_ends_well_is_ok(sandbox: Sandbox) -> None:
    outcome = sandbox.run_python("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    assert (outcome.status, outcome.exit_code, outcome.killed_by) == ("ok", 0, None)
    assert (outcome.stdout, outcome.stderr) == ("out\n", "err\n")
    assert 0 < outcome.cpu_seconds < 2
    assert 0 < outcome.wall_seconds < 10


def test_the_exit_code_of_the_program_is_reported(sandbox: Sandbox) -> None:
    outcome = sandbox.run_python("raise SystemExit(3)")
    assert (outcome.status, outcome.exit_code) == ("nonzero", 3)


def test_an_exception_shows_its_traceback_in_stderr(sandbox: Sandbox) -> None:
    outcome = sandbox.run_python("def half(x):\n    return x / 0\nhalf(1)")
    assert outcome.status == "nonzero"
    assert 'File "/box/main.py", line 2, in half' in outcome.stderr
    assert outcome.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGABRT", "SIGSEGV", "SIGKILL"])
def test_a_signal_that_the_program_sends_itself_ends_it(sandbox: Sandbox, signal: str) -> None:
    outcome = sandbox.run_python(f"import os, signal\nos.kill(os.getpid(), signal.{signal})\nprint('lived on')")
    assert (outcome.status, outcome.killed_by, outcome.stdout, outcome.stderr) == ("signalled", None, "", "")


def test_an_endless_loop_ends_at_its_cpu_limit(sandbox: Sandbox) -> None:
    outcome = sandbox.run_python("while True: pass", SHORT)
    assert (outcome.status, outcome.killed_by) == ("limit", "cpu")
    assert outcome.cpu_seconds < 1.5


def test_the_cpu_limit_counts_fractions_of_a_second(sandbox: Sandbox) -> None:
    source = "import time\nwhile time.process_time() < 0.6: pass"
    assert sandbox.run_python(source, Policy(cpu_seconds=0.3, wall_seconds=20)).killed_by == "cpu"
    assert sandbox.run_python(source, Policy(cpu_seconds=2, wall_seconds=20)).status == "ok"


def test_a_program_that_sleeps_ends_at_its_wall_limit_without_a_second_try(sandbox: Sandbox) -> None:
    outcome = sandbox.run_python("import time\ntime.sleep(60)", Policy(wall_seconds=1))
    assert (outcome.status, outcome.killed_by) == ("limit", "wall")
    assert 1 <= outcome.wall_seconds < 3


def test_a_program_that_ignores_sigterm_and_closes_its_pipes_ends_at_its_limit(sandbox: Sandbox) -> None:
    source = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for descriptor in (0, 1, 2): os.close(descriptor)
while True: pass
"""
    outcome = sandbox.run_python(source, SHORT)
    assert (outcome.status, outcome.killed_by) == ("limit", "cpu")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_of_output_is_cut_and_ends_the_program(sandbox: Sandbox, stream: str) -> None:
    source = f"import sys\nfor _ in range(10**6): sys.{stream}.write('x' * 1000)"
    outcome = sandbox.run_python(source, Policy(output_kb=4))
    assert (outcome.status, outcome.killed_by) == ("limit", "output")
    assert getattr(outcome, stream) == "x" * 4096


def test_output_up_to_the_cap_arrives_whole(sandbox: Sandbox) -> None:
    outcome = sandbox.run_python("print('x' * (64 * 1024 - 1))")
    assert (outcome.status, len(outcome.stdout)) == ("ok", 64 * 1024)


def test_a_memory_hog_is_stopped(sandbox: Sandbox) -> None:
    source = "hog = []\nfor n in range(200): hog.append(bytearray(b'x') * (10 << 20))\nprint('had it all')"
    outcome = sandbox.run_python(source, Policy(memory_mb=256))
    assert (outcome.status, outcome.killed_by) == ("limit", "memory")
    assert outcome.stdout == ""


def test_children_share_one_memory_limit(sandbox: Sandbox) -> None:
    if slots().parents is None:
        pytest.skip("no control groups here: memory is limited for each process alone")
    source = """
import os
def hog():
    block = bytearray(b"x") * (100 << 20)
    os.write(1, b"held\\n")
    os.read(held, 1)
held, release = os.pipe()
children = []
for _ in range(6):
    child = os.fork()
    if child == 0:
        os.close(release)
        hog()
        os._exit(0)
    children.append(child)
import time; time.sleep(0.5)
os.close(release)
for child in children: os.waitpid(child, 0)
"""
    outcome = sandbox.run_python(source, Policy(memory_mb=256))
    assert (outcome.status, outcome.killed_by) == ("limit", "memory")
    assert outcome.stdout.count("held") < 6


def test_files_and_standard_input_reach_the_program_and_nothing_else_is_there(sandbox: Sandbox) -> None:
    files = {"main.sh": "ls; cat data/ü.txt; cat", "data/ü.txt": "naïve\n"}
    outcome = sandbox.run(files, ["/bin/sh", "main.sh"], stdin="typed\n")
    assert outcome.status == "ok"
    assert outcome.stdout == "data\nmain.sh\nnaïve\ntyped\n"


def test_more_standard_input_than_a_pipe_holds_reaches_the_program(sandbox: Sandbox) -> None:
    outcome = sandbox.run({}, ["/usr/bin/wc", "-c"], stdin="x" * 1_000_000)
    assert outcome.stdout.strip() == "1000000"


def test_a_program_may_leave_its_standard_input_unread(sandbox: Sandbox) -> None:
    assert sandbox.run({}, ["/bin/echo", "done"], stdin="x" * 1_000_000).stdout == "done\n"


def test_a_program_that_does_not_exist_is_nonzero_with_the_shells_words(sandbox: Sandbox) -> None:
    outcome = sandbox.run({}, ["/usr/bin/no-such-program"])
    assert (outcome.status, outcome.exit_code) == ("nonzero", 127)
    assert "no-such-program" in outcome.stderr


def test_bytes_that_are_not_utf8_are_replaced(sandbox: Sandbox) -> None:
    assert sandbox.run_python("import os\nos.write(1, b'a\\xffb')").stdout == "a�b"


def test_the_same_program_prints_the_same(sandbox: Sandbox) -> None:
    source = "print({'one', 'two', 'three', 'four', 'five'}, hash('x'))"
    assert sandbox.run_python(source).stdout == sandbox.run_python(source).stdout


def test_the_work_directory_holds_no_more_than_its_size(sandbox: Sandbox) -> None:
    source = """
for n in range(20):
    try:
        with open(f"file{n}", "wb") as file: file.write(bytes(1 << 20))
    except OSError as error:
        print(n, error.strerror)
        break
"""
    outcome = sandbox.run_python(source, Policy(file_mb=4))
    assert outcome.stdout == "4 No space left on device\n" or outcome.stdout == "3 No space left on device\n"


def test_the_standard_library_that_programs_use_works(sandbox: Sandbox) -> None:
    source = """
import asyncio, multiprocessing, sqlite3, subprocess, sys, tempfile, threading
def square(x): return x * x
if __name__ == "__main__":
    with tempfile.NamedTemporaryFile() as file: file.write(b"x")
    print(sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()[0])
    print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout.strip())
    asyncio.run(asyncio.sleep(0))
    thread = threading.Thread(target=print, args=["thread"]); thread.start(); thread.join()
    with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(square, [1, 2, 3]))
"""
    outcome = sandbox.run_python(source)
    assert outcome.stdout.splitlines() == ["42", "child", "thread", "[1, 4, 9]"], outcome.stderr


def test_threads_may_share_a_sandbox(sandbox: Sandbox) -> None:
    def square(number: int) -> Outcome:
        return sandbox.run_python(f"print({number} ** 2)")

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(square, range(60)))
    assert [outcome.stdout for outcome in outcomes] == [f"{number**2}\n" for number in range(60)]
    assert {outcome.status for outcome in outcomes} == {"ok"}


def test_many_runs_leave_no_descriptor_no_child_and_no_file(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def held() -> tuple[list[str], list[str]]:
        children = [name.read_text() for name in sorted(Path("/proc/self/task").glob("*/children"))]
        return sorted(os.listdir("/proc/self/fd")), children

    sandbox.run_python("pass")
    before = held()
    for _ in range(25):
        sandbox.run_python("pass")
    sandbox.run_python("while True: print('x' * 1000)")
    sandbox.run_python("import time\ntime.sleep(9)", Policy(wall_seconds=0.2))
    assert held() == before
    assert list(tmp_path.iterdir()) == []


def test_a_trivial_program_costs_little_processor_time(sandbox: Sandbox) -> None:
    costs = sorted(sandbox.run_python("print(1)").cpu_seconds for _ in range(15))
    assert costs[7] < 0.08  # a generous twice what a slow core takes; wall time would measure the machine's load


def test_a_program_that_did_not_get_the_processor_is_run_once_more_alone_and_patiently(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[tuple[bool, float]] = []
    infra = Outcome("infra", 137, None, 0.1, 1, "", "the machine was too busy to run the program\n")

    def attempt(
        self: Backend, files: object, argv: object, stdin: str, policy: Policy, tools: object, alone: bool = False
    ) -> Outcome:
        tries.append((alone, policy.wall_seconds))
        return infra

    monkeypatch.setattr(Backend, "attempt", attempt)
    assert sandbox.run_python("pass", Policy(wall_seconds=2)).status == "infra"
    assert tries == [(False, 2), (True, 6)]


def test_who_runs_alone_waits_for_the_others_and_holds_them_off() -> None:
    places, events = Slots(), []
    places.parents = None  # no programs, so no control groups
    inside, leave = threading.Event(), threading.Event()

    def ordinary(name: str) -> None:
        with places.take() as slot:
            events.append(f"{name} in {slot.number}")
            inside.set()
            leave.wait(10)
            events.append(f"{name} out")

    def alone() -> None:
        with places.take(alone=True) as slot:
            events.append(f"alone in {slot.number}")
            time.sleep(0.05)
            events.append("alone out")

    with ThreadPoolExecutor(3) as pool:
        pool.submit(ordinary, "first")
        inside.wait(10)
        pool.submit(alone)
        while not places._alone:
            time.sleep(0.001)
        pool.submit(ordinary, "second")
        time.sleep(0.05)
        leave.set()
    assert events == ["first in 0", "first out", "alone in 0", "alone out", "second in 0", "second out"]


def test_supervise_reports_a_program_that_waited_for_the_processor() -> None:
    spinning = supervise(["/bin/sh", "-c", "while :; do :; done"], b"", 0.3, 1024)
    assert spinning.stopped_by == "wall"
    assert spinning.cpu_seconds + spinning.queued_seconds > 0.2
    sleeping = supervise(["/bin/sh", "-c", "exec sleep 60"], b"", 0.3, 1024)
    assert sleeping.stopped_by == "wall"
    assert sleeping.cpu_seconds + sleeping.queued_seconds < 0.1
