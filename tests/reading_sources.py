"""What the tests of the sources share: reading a whole source, and making git repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from midspan.corpus.sources import Excluded, Raw, SourcePlan, plan_source, read_items
from midspan.recipe import Source


def read_source(task_bytes: int = 8_000_000, **fields: Any) -> tuple[list[Raw], list[Excluded], SourcePlan]:
    """All items of a source, all that is excluded (in the plan or in reading), and the plan."""
    plan = plan_source(TypeAdapter(Source).validate_python(fields), task_bytes)
    items = [item for task in plan.tasks for item in read_items(task)]
    raws = [item for item in items if isinstance(item, Raw)]
    return raws, plan.excluded + [item for item in items if isinstance(item, Excluded)], plan


def reasons(excluded: list[Excluded]) -> dict[str, str]:
    """The reason for each path."""
    return {entry.path: entry.reason for entry in excluded}


def git(folder: Path, *arguments: str, text: bytes | None = None) -> str:
    """Run git as the maker of a repository does, with nobody's settings."""
    who = {f"GIT_{role}_{field}": "a@b" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
    when = {"GIT_COMMITTER_DATE": "2020-02-03T05:05:06+01:00", "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z"}
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environment = {**os.environ, **who, **when, **settings}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, input=text, capture_output=True, check=True)
    return done.stdout.decode().strip()


def make_repository(folder: Path, files: dict[str, str | bytes], message: str = "first") -> str:
    """Write files, commit them, and give the commit's id."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def object_file(git_folder: Path, object_id: str) -> Path:
    """Where a loose object lies."""
    return git_folder / "objects" / object_id[:2] / object_id[2:]
