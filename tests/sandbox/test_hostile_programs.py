"""Programs that try to harm are contained, and the host is none the worse: as whoever runs the tests, and as nobody.

In the second case everything happens in a user namespace, without control groups.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hostile_programs
import pytest

from midspan.errors import UserError
from midspan.sandbox import Sandbox

NOBODY = 45_713
NEEDS = ("__init__.py", "errors.py", "sandbox")  # of src/midspan
TOOLS = {"c": "gcc", "js": "node", "sh": "bash"}
Outcome = list[object]  # status, killed by, standard output and error, wall seconds


def names() -> list[str]:
    """The programs whose language is installed."""
    missing = [language for language, tool in TOOLS.items() if not shutil.which(tool)]
    return [name for name in hostile_programs.all_names() if name.partition(": ")[0] not in missing]


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module", params=["as we are", "as nobody"])
def ran(
    request: pytest.FixtureRequest, listener: socket.socket, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Outcome], list[str]]:
    """What became of every program, run once for all tests, and the dead that were left to whoever ran them."""
    given = {"names": names(), "port": listener.getsockname()[1], "daemon": f"{700 + os.getpid() % 100}.25"}
    environment = {"PATH": os.environ["PATH"], "SECRET": "SECRET", "PYTHONPATH": os.pathsep.join(sys.path)}
    script = Path(hostile_programs.__file__)
    command = [sys.executable]
    if request.param == "as we are":
        try:
            Sandbox()
        except UserError as reason:
            pytest.skip(f"nothing isolates here: {reason}")
    else:
        python = Path("/usr/bin/python3")
        if os.geteuid() or not python.exists():
            pytest.skip("only root can become nobody, and the system's own Python is readable to all")
        place = tmp_path_factory.mktemp("nobody")
        for parent in (place, *place.parents):
            if parent.owner() == "root" and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o055)
        source = Path(__file__).parents[2] / "src" / "midspan"
        for name in NEEDS:
            if (source / name).is_dir():
                shutil.copytree(source / name, place / "midspan" / name)
            else:
                (place / "midspan").mkdir(exist_ok=True)
                shutil.copy(source / name, place / "midspan" / name)
        script = Path(shutil.copy(script, place / script.name))
        environment["PYTHONPATH"] = str(place)
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", str(python)]
    done = subprocess.run(
        [*command, str(script), json.dumps(given)], env=environment, capture_output=True, text=True, cwd="/"
    )
    if "nothing isolates" in done.stderr or "cannot isolate" in done.stderr:
        pytest.skip(done.stderr[-300:])
    assert done.returncode == 0, done.stderr[-3000:]
    found, unburied = json.loads(done.stdout)
    return found, unburied


@pytest.fixture(scope="module")
def outcomes(ran: tuple[dict[str, Outcome], list[str]]) -> dict[str, Outcome]:
    """What became of every program."""
    return ran[0]


def test_there_are_enough_of_them() -> None:
    assert len(hostile_programs.PYTHON) >= 40
    assert all(len(programs) >= 10 for programs, _, _ in hostile_programs.LANGUAGES.values())


def test_none_gets_anywhere(outcomes: dict[str, Outcome]) -> None:
    assert {name: outcome for name, outcome in outcomes.items() if "BREACH" in str(outcome[2])} == {}


def test_none_is_the_sandboxs_fault(outcomes: dict[str, Outcome]) -> None:
    assert {name: outcome for name, outcome in outcomes.items() if outcome[0] == "infra"} == {}


def test_none_takes_much_longer_than_its_wall_time(outcomes: dict[str, Outcome]) -> None:
    assert {name: outcome for name, outcome in outcomes.items() if float(str(outcome[4])) > 6} == {}


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("python: a fork bomb that holds memory", "memory"),
        ("python: memory shared without a name", "memory"),
        ("python: many files", "files"),
        ("python: many folders, deep", "files"),
        ("python: endless output", "output"),
        ("python: sleeps", "wall"),
        ("python: vfork and pause", "wall"),
        ("python: spins at the lowest priority", "cpu"),
        ("c: vfork and pause", "wall"),
        ("js: spins", "cpu"),
        ("sh: sleeps", "wall"),
    ],
)
def test_each_limit_ends_what_oversteps_it(outcomes: dict[str, Outcome], name: str, limit: str) -> None:
    if name not in outcomes:
        pytest.skip("its language is not installed")
    assert outcomes[name][:2] == ["limit", limit]


def test_the_host_is_none_the_worse(outcomes: dict[str, Outcome], listener: socket.socket) -> None:
    with pytest.raises(BlockingIOError):
        listener.accept()
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [line for line in lines if b"hostile." in line and b"pytest" not in line]
    assert not [line for line in lines if f"{700 + os.getpid() % 100}.25".encode() in line]
    assert not Path("/usr/x").exists()
    assert not Path("/usr/intruder").exists()
    assert socket.gethostname() != "x"


def test_nobody_is_left_for_others_to_bury(ran: tuple[dict[str, Outcome], list[str]]) -> None:
    """Orphans are left to whoever ran the programs, in the place of process 1, and would be there at the end."""
    assert ran[1] == []
