"""manifest.json: which steps of a run are done, from what, and whether what they wrote is still there as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from midspan.files import hash_path, read_json, write_json
from midspan.step import Step, key_of

FILE = "manifest.json"


@dataclass
class Manifest:
    """The manifest of a run directory, and the hashes of what steps read, each worked out once."""

    run: Path
    steps: dict[str, dict[str, Any]]  # step → {"status", "key", "seconds", "outputs": {path: {"hash", "files"}}}
    given: dict[Path, str] = field(default_factory=dict)  # hashes of what no step wrote

    @classmethod
    def read(cls, run: Path) -> Manifest:
        """The manifest in `run`, empty where there is none."""
        file = run / FILE
        return cls(run, read_json(file)["steps"] if file.exists() else {})

    def key(self, step: Step) -> str:
        """The step's key by what its inputs hold now."""
        return key_of(step, self.hash_of)

    def hash_of(self, path: Path) -> str:
        """The hash of a step's output, as it was when it was written, or of what the user gave."""
        name = self._name(path)
        for row in self.steps.values():
            if name in row["outputs"]:
                return str(row["outputs"][name]["hash"])
        if path not in self.given:
            self.given[path] = hash_path(path) if path.exists() else "absent"
        return self.given[path]

    def is_done(self, step: Step) -> bool:
        """Whether the step was done with the key that it has now, and all that it wrote is there undamaged."""
        row = self.steps.get(step.name)
        if row is None or row["key"] != self.key(step):
            return False
        return all(self._is_whole(path, row["outputs"].get(self._name(path))) for path in step.writes.values())

    def forget(self, step: Step) -> None:
        """Say that the step is not done: from here on its outputs may be half old, half new."""
        if self.steps.pop(step.name, None):
            self._write()

    def note(self, step: Step, key: str, seconds: float) -> None:
        """Say that the step is done."""
        outputs = {self._name(path): {"hash": hash_path(path), "files": _files(path)} for path in step.writes.values()}
        self.steps[step.name] = {"status": "done", "key": key, "seconds": seconds, "outputs": outputs}
        self._write()

    def _write(self) -> None:
        write_json(self.run / FILE, {"steps": self.steps})

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.run)) if path.is_relative_to(self.run) else str(path)

    def _is_whole(self, path: Path, noted: dict[str, Any] | None) -> bool:
        """Sizes tell what was cut short; where a time has changed too, the contents are read."""
        if noted is None or not path.exists():
            return False
        found = _files(path)
        if found == noted["files"]:
            return True
        same_sizes = {name: size for name, (size, _) in found.items()} == {
            name: size for name, (size, _) in noted["files"].items()
        }
        return same_sizes and hash_path(path) == noted["hash"]


def _files(path: Path) -> dict[str, list[int]]:
    """Size in bytes and time of change in nanoseconds of each file."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return {str(file.relative_to(path)): [(at := file.stat()).st_size, at.st_mtime_ns] for file in files}
