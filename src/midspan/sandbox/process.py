"""Start one command, feed and read its pipes, and stop it at a limit."""

from __future__ import annotations

import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from midspan.sandbox.policy import Limit
from midspan.sandbox.watch import EVERY, Watch, children

CHUNK = 65536  # bytes per read
GRACE = 5.0  # seconds that a killed command may take to let go of its pipes


@dataclass
class Ending:
    """How a command ended, as seen from outside."""

    exit_code: int = 0  # 128 + n for signal n
    stopped_by: Limit | None = None
    cpu_seconds: float = 0.0  # of the command and every process that was waited for
    queued_seconds: float = 0.0  # when stopped: how long its threads waited for a processor, ready to run
    wall_seconds: float = 0.0
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)


def supervise(
    command: Sequence[str], stdin: bytes, wall_seconds: float, output_bytes: int, watch: Watch | None = None
) -> Ending:
    """Run `command` with an empty environment in a session of its own until it ends or oversteps.

    Both pipes are read by one selector, and a pipe that yields more than `output_bytes` ends the command, so neither a
    full pipe nor a flood can stall the caller. `watch` says now and then whether it oversteps otherwise. Whatever
    interrupts this function, the command does not outlive it.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env={},
        cwd="/",
        umask=0o022,
        start_new_session=True,
    )
    ending = Ending()
    try:
        _pump(process, stdin, started + wall_seconds, output_bytes, watch, ending)
    finally:
        if process.returncode is None:
            _end(process)
            _reap(process, ending)
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()
    ending.wall_seconds = time.monotonic() - started
    return ending


def _pump(
    process: subprocess.Popen[bytes],
    stdin: bytes,
    deadline: float,
    output_bytes: int,
    watch: Watch | None,
    ending: Ending,
) -> None:
    """Move bytes until the command has ended and nobody holds its pipes any more."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    os.set_blocking(process.stdin.fileno(), False)
    unsent = memoryview(stdin)
    look = time.monotonic() + EVERY
    exit_watch = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(exit_watch, selectors.EVENT_READ)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            selector.register(process.stdout, selectors.EVENT_READ, ending.stdout)
            selector.register(process.stderr, selectors.EVENT_READ, ending.stderr)
            while selector.get_map():
                over = process.returncode is not None or ending.stopped_by is not None
                until = deadline if over or watch is None else min(deadline, look)
                ready = selector.select(max(until - time.monotonic(), 0))
                if not ready and over:
                    return  # somebody holds the pipes of a command long gone: not ours to wait for
                if not over and watch and time.monotonic() >= look:
                    look = time.monotonic() + EVERY
                    if beyond := watch.overstepped(process.pid):
                        _stop(process, beyond, ending)
                if not ready and not ending.stopped_by and time.monotonic() >= deadline:
                    _stop(process, "wall", ending)
                for key, _ in ready:
                    if key.fileobj is exit_watch:
                        _reap(process, ending)
                        selector.unregister(exit_watch)
                    elif key.fileobj is process.stdin:
                        unsent = _send(key.fd, unsent)
                        if not unsent:
                            selector.unregister(process.stdin)
                            process.stdin.close()
                    elif not _receive(key.fd, key.data, output_bytes):
                        selector.unregister(key.fileobj)
                    elif len(key.data) > output_bytes and process.returncode is None and not ending.stopped_by:
                        _stop(process, "output", ending)
                if not over and (process.returncode is not None or ending.stopped_by is not None):
                    deadline = time.monotonic() + GRACE
    finally:
        os.close(exit_watch)


def _receive(descriptor: int, received: bytearray, limit: int) -> bool:
    """Read once, keep at most one byte more than `limit`; False at the end."""
    chunk = os.read(descriptor, CHUNK)
    received.extend(chunk[: limit - len(received) + 1])
    return bool(chunk)


def _send(descriptor: int, unsent: memoryview) -> memoryview:
    """What is left of `unsent` after writing what the pipe takes; nothing once the reader is gone."""
    try:
        return unsent[os.write(descriptor, unsent) :] if unsent else unsent
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        return unsent[:0]


def _stop(process: subprocess.Popen[bytes], reason: Limit, ending: Ending) -> None:
    ending.stopped_by = reason
    _observe(process.pid, ending)
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what the command isolates, so that the command waits for it and ends: nobody else has to."""
    isolated = children(process.pid)
    for child in isolated:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    if not isolated:
        process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what the command isolates, and the command itself if that does not end it."""
    _kill(process)
    exit_watch = os.pidfd_open(process.pid)
    select.select([exit_watch], [], [], GRACE)
    os.close(exit_watch)
    process.kill()


def _reap(process: subprocess.Popen[bytes], ending: Ending) -> None:
    """Wait for the command, and take its exit code and the CPU time of all it waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    ending.exit_code = code if code >= 0 else 128 - code
    ending.cpu_seconds = max(ending.cpu_seconds, usage.ru_utime + usage.ru_stime)


def _observe(process: int, ending: Ending) -> None:
    """Add up the CPU time of a living process and its descendants, and the time their threads stood in the queue.

    proc(5): after the name in parentheses, the fields 14 to 17 are the clock ticks used by the process and by the
    children it waited for. The kernel's sched-stats.rst: the second number of schedstat are nanoseconds in the queue.
    """
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            ending.queued_seconds += int((thread / "schedstat").read_text().split()[1]) / 1e9
            if thread.name == str(process):
                whole = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                ending.cpu_seconds += sum(map(int, whole[11:15])) / os.sysconf("SC_CLK_TCK")
        for child in children(process):
            _observe(child, ending)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has just ended
