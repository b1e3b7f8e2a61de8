"""Where the machine lets bubblewrap isolate, our sandbox opens: all that needs it would skip without a word."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from midspan.sandbox import Sandbox


def test_where_bubblewrap_itself_isolates_the_sandbox_opens() -> None:
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        pytest.skip("bubblewrap is not installed")
    command = [bubblewrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "/bin/true"]
    alone = subprocess.run(command, capture_output=True, text=True)
    if alone.returncode:
        pytest.skip(f"this machine does not let it isolate: {alone.stderr.strip()}")
    outcome = Sandbox().run({"main.sh": "echo here"}, ["/bin/sh", "main.sh"])
    assert (outcome.status, outcome.stdout) == ("ok", "here\n")
