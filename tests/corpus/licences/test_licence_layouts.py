"""Whole repositories on disk and in git: of a hundred layouts of licence files, what the code may be used under."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from licence_layouts import LAYOUTS, Files
from licence_samples import GPL_NOTICE, ISC, MIT

from midspan.corpus.licences import Licence, licence_of
from midspan.corpus.sources import Raw, plan_source, read_items
from midspan.errors import UserError
from midspan.recipe import FolderSource, GitSource

CODE = "src/main.py"


def make(folder: Path, files: Files, links: dict[str, str] | None = None) -> Path:
    repository = folder / "project"
    for name, content in {CODE: "x = 1\n", "top.py": "y = 1\n", **files}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes(content.encode() if isinstance(content, str) else content)
    for name, target in (links or {}).items():
        os.symlink(target, repository / name)
    return repository


def licence(source: FolderSource | GitSource, path: str = CODE) -> Licence:
    items = [item for task in plan_source(source, 1_000_000).tasks for item in read_items(task)]
    raw = next(item for item in items if isinstance(item, Raw) and item.path == path)
    return licence_of(
        str(raw.data), raw.declared_licence, raw.declared_evidence, raw.licence_files, raw.path
    )


def git(repository: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(repository), *settings, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(("name", "outcome", "files"), LAYOUTS, ids=[name for name, _, _ in LAYOUTS])
def test_a_layout_has_its_outcome(name: str, outcome: str, files: Files, tmp_path: Path) -> None:
    found = licence(FolderSource(path=str(make(tmp_path, files))))
    assert found.outcome == outcome, found
    assert found.evidence or not any("licen" in str(content).lower() for content in files.values())
