"""What programs that mean harm can reach. They run only inside, and each is bounded in count and time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from midspan.sandbox import Policy, Sandbox


def test_a_listener_on_the_hosts_loopback_is_out_of_reach(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        outcome = sandbox.run_python(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)")
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert outcome.status == "nonzero"
    assert "OSError" in outcome.stderr or "ConnectionRefusedError" in outcome.stderr


def test_an_abstract_socket_of_the_host_is_out_of_reach(sandbox: Sandbox) -> None:
    name = f"\0midspan-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        outcome = sandbox.run_python(
            f"import socket\ntry: socket.socket(socket.AF_UNIX).connect({name!r})\n"
            "except OSError as error: print(type(error).__name__)"
        )
    assert outcome.stdout == "ConnectionRefusedError\n"


def test_the_only_network_interface_is_a_loopback_of_its_own(sandbox: Sandbox) -> None:
    source = "print([line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line])"
    assert sandbox.run_python(source).stdout == "['lo']\n"


@pytest.mark.parametrize("family", ["AF_VSOCK", "AF_NETLINK", "AF_PACKET", "AF_ALG"])
def test_sockets_of_other_families_are_refused(sandbox: Sandbox, family: str) -> None:
    outcome = sandbox.run_python(
        f"import socket\ntry: socket.socket(socket.{family}, socket.SOCK_RAW)\n"
        "except OSError as error: print(error.errno)"
    )
    assert outcome.stdout == "97\n"


def test_homes_passwords_and_files_of_the_host_are_invisible(sandbox: Sandbox) -> None:
    with tempfile.NamedTemporaryFile("w") as secret:
        paths = ["/etc/shadow", "/etc/passwd", str(Path.home() / ".bashrc"), str(Path(__file__)), secret.name]
        paths += ["/work/main", "/home", "/var", "/sys", "/run"]
        outcome = sandbox.run_python(f"import os\nprint([path for path in {paths!r} if os.path.lexists(path)])")
    assert outcome.stdout == "[]\n"


def test_the_environment_is_invisible(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "hunter2")
    source = """
import os, glob
print(dict(os.environ))
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try: print(open(path).read())
    except PermissionError: pass
"""
    outcome = sandbox.run_python(source)
    assert outcome.status == "ok"
    assert "PATH" in outcome.stdout
    assert "hunter2" not in outcome.stdout
    assert "API_KEY" not in outcome.stdout
    assert tempfile.gettempdir() + "/midspan" not in outcome.stdout


def test_only_the_work_directory_can_be_written(sandbox: Sandbox) -> None:
    source = """
import os, sys
library = os.path.dirname(os.__file__)
for folder in ["/", "/usr", "/usr/lib", "/etc", "/dev", "/proc", "/proc/sys/kernel", sys.base_prefix, library]:
    try: open(folder + "/intruder", "w"); print("wrote", folder)
    except OSError: pass
for file in ["/proc/sys/kernel/hostname", "/box/main.py", sys.executable, os.__file__]:
    try: open(file, "r+"); print("opened", file)
    except OSError: pass
open("/box/own", "w"); open("/tmp/own", "w")
"""
    outcome = sandbox.run_python(source)
    assert (outcome.status, outcome.stdout) == ("ok", ""), outcome.stderr


def test_a_run_finds_nothing_of_the_run_before(sandbox: Sandbox) -> None:
    sandbox.run_python("open('left', 'w')")
    assert sandbox.run_python("import os\nprint(os.listdir())").stdout == "['main.py']\n"


def test_a_fork_bomb_is_bounded(sandbox: Sandbox) -> None:
    source = """
import os, time
count = 0
try:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        count += 1
except BlockingIOError:
    pass
print(count)
"""
    outcome = sandbox.run_python(source, Policy(processes=16))
    assert 8 <= int(outcome.stdout) <= 16


def test_a_thread_bomb_is_bounded(sandbox: Sandbox) -> None:
    source = """
import os, threading, time
count = 0
try:
    for _ in range(200):
        threading.Thread(target=time.sleep, args=[20], daemon=True).start()
        count += 1
except (RuntimeError, MemoryError):
    pass
print(count, flush=True)
os._exit(0)
"""
    outcome = sandbox.run_python(source, Policy(processes=16))
    assert 4 <= int(outcome.stdout) <= 16


def test_the_same_number_of_processes_may_run_in_the_next_run(sandbox: Sandbox) -> None:
    source = "import os, time\nfor _ in range(12):\n    if os.fork() == 0: time.sleep(20)"
    policy = Policy(processes=16)
    assert [sandbox.run_python(source, policy).status for _ in range(4)] == ["ok"] * 4


def test_a_daemon_does_not_survive_the_program(sandbox: Sandbox) -> None:
    seconds = f"{30 + os.getpid() % 1000 / 1e3:.3f}"
    source = f"""
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for descriptor in (0, 1, 2): os.close(descriptor)
        os.execv("/bin/sleep", ["sleep", "{seconds}"])
    os._exit(0)
os.wait()
"""
    outcome = sandbox.run_python(source)
    assert outcome.status == "ok"
    assert outcome.wall_seconds < 10
    assert not _living(seconds)


def _living(mark: str) -> list[str]:
    """The command lines of the processes of the host that carry `mark`."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if mark in command and "pytest" not in command:
            found.append(command)
    return found


REFUSED = {
    "unshare": "library.unshare(0x10000000)",
    "clone": "library.syscall({'x86_64': 56, 'aarch64': 220}[os.uname().machine], 0x10000000 | 17, 0, 0, 0, 0)",
    "ptrace": "library.ptrace(0, 0, 0, 0)",
    "keyctl": "library.syscall({'x86_64': 250, 'aarch64': 219}[os.uname().machine], 0, -3, 0)",
    "io_uring": "library.syscall(425, 1, 0)",
    "bpf": "library.syscall({'x86_64': 321, 'aarch64': 280}[os.uname().machine], 0, 0, 0)",
    "mount": "library.mount(b'none', b'/box', b'tmpfs', 0, 0)",
    "setns": "library.setns(0, 0)",
    "process_vm_readv": "library.process_vm_readv(1, 0, 0, 0, 0, 0)",
}


@pytest.mark.parametrize("call", REFUSED)
def test_system_calls_that_reach_further_are_refused(sandbox: Sandbox, call: str) -> None:
    outcome = sandbox.run_python(
        f"import ctypes, os\nlibrary = ctypes.CDLL(None, use_errno=True)\nprint({REFUSED[call]}, ctypes.get_errno())"
    )
    assert outcome.stdout == "-1 1\n", outcome.stderr


def test_the_program_holds_no_privilege_and_sees_only_its_own_processes(sandbox: Sandbox) -> None:
    source = """
import os
print(0 in (os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()))
for line in open("/proc/self/status"):
    if line.startswith(("CapEff", "CapPrm", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp:")): print(line.split())
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit())[-1] < 10)
print(os.listdir("/proc/self/fd")[:-1])
"""
    lines = sandbox.run_python(source).stdout.splitlines()
    assert lines[0] == "False"
    nothing = "0000000000000000"
    for line in (
        f"['CapPrm:', '{nothing}']",
        f"['CapEff:', '{nothing}']",
        "['NoNewPrivs:', '1']",
        "['Seccomp:', '2']",
    ):
        assert line in lines
    assert lines[-2:] == ["True", "['0', '1', '2']"]


def test_the_host_survives_a_program_that_kills_everything(sandbox: Sandbox) -> None:
    outcome = sandbox.run_python("import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(1, signal.SIGKILL)")
    assert outcome.status in ("ok", "signalled", "nonzero")
    assert sandbox.run_python("print('still here')").stdout == "still here\n"


def test_limits_cannot_be_raised(sandbox: Sandbox) -> None:
    source = """
import resource
for name in ["RLIMIT_CPU", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE"]:
    try: resource.setrlimit(getattr(resource, name), (10**12, 10**12)); print(name)
    except (ValueError, OSError): pass
"""
    outcome = sandbox.run_python(source)
    assert (outcome.status, outcome.stdout) == ("ok", "")


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_program_does_not_outlive_the_process_that_runs_it(
    sandbox: Sandbox, ending: signal.Signals, tmp_path: Path
) -> None:
    mark = f"{40 + os.getpid() % 1000 / 1e3:.3f}"
    source = (
        "from midspan.sandbox import Policy, Sandbox\n"
        f"Sandbox({sandbox.backend!r}).run({{}}, ['/bin/sleep', '{mark}'], policy=Policy(wall_seconds=60))"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # what a killed process leaves behind stays here
    runner = subprocess.Popen([sys.executable, "-c", source], stderr=subprocess.DEVNULL, env=environment)
    try:
        _wait_for(lambda: any(command.startswith("/bin/sleep") for command in _living(mark)), "the program started")
        runner.send_signal(ending)
        runner.wait(20)
        _wait_for(lambda: not _living(mark), "the program is gone")
    finally:
        runner.kill()
        runner.wait()


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"not within 20 s: {what}"
        time.sleep(0.05)
