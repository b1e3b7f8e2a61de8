"""Whole repositories on disk and in git: of a hundred layouts of licence files, what the code may be used under."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from licence_layouts import LAYOUTS, Files, N, P, U
from licence_samples import GPL_NOTICE, ISC, MIT

from midspan.corpus.licences import Licence, licence_of
from midspan.corpus.sources import Raw, plan_source, read_items
from midspan.errors import UserError
from midspan.recipe import FolderSource, GitSource, TableSource

CODE = "src/main.py"


def make(folder: Path, files: Files, links: dict[str, str] | None = None) -> Path:
    repository = folder / "project"
    for name, content in {CODE: "x = 1\n", "top.py": "y = 1\n", **files}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes(content.encode() if isinstance(content, str) else content)
    for name, target in (links or {}).items():
        os.symlink(target, repository / name)
    return repository


def licence(source: FolderSource | GitSource | TableSource, path: str = CODE) -> Licence:
    items = [item for task in plan_source(source, 1_000_000).tasks for item in read_items(task)]
    raw = next(item for item in items if isinstance(item, Raw) and item.path == path)
    text = raw.data if isinstance(raw.data, str) else raw.data.decode()
    return licence_of(text, raw.declared_licence, raw.declared_evidence, raw.licence_files, raw.path)


def commit(repository: Path) -> None:
    settings = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "-A"], [*settings, "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(("name", "outcome", "files"), LAYOUTS, ids=[name for name, _, _ in LAYOUTS])
def test_a_layout_has_its_outcome(name: str, outcome: str, files: Files, tmp_path: Path) -> None:
    found = licence(FolderSource(path=str(make(tmp_path, files))))
    assert found.outcome == outcome, found


def test_the_table_holds_enough_of_each_outcome() -> None:
    outcomes = [outcome for _, outcome, _ in LAYOUTS]
    assert len({name for name, _, _ in LAYOUTS}) == len(LAYOUTS) >= 65
    assert outcomes.count(P) >= 45
    assert outcomes.count(N) + outcomes.count(U) >= 20


LINKS: list[tuple[str, Files, dict[str, str], str]] = [
    ("to a file beside it", {"docs/mit.txt": MIT}, {"LICENSE": "docs/mit.txt"}, P),
    ("to a link", {"docs/mit.txt": MIT}, {"LICENSE": "COPYING.link", "COPYING.link": "docs/mit.txt"}, P),
    (
        "to the GPL beside a manifest",
        {"g.txt": GPL_NOTICE, "package.json": '{"license": "MIT"}'},
        {"LICENSE": "g.txt"},
        N,
    ),
    ("out of the repository", {}, {"LICENSE": "../outside.txt"}, U),
    ("to an absolute path", {}, {"LICENSE": "/etc/hostname"}, U),
    ("to nothing", {}, {"LICENSE": "missing"}, U),
    ("in a circle", {}, {"LICENSE": "COPYING", "COPYING": "LICENSE"}, U),
    ("of a folder below to the one above", {"LICENSE": ISC}, {"src/LICENSE": "../LICENSE"}, P),
]


@pytest.mark.parametrize(("name", "files", "links", "outcome"), LINKS, ids=[name for name, *_ in LINKS])
def test_a_link_is_the_file_it_leads_to_inside_the_repository(
    name: str, files: Files, links: dict[str, str], outcome: str, tmp_path: Path
) -> None:
    (tmp_path / "outside.txt").write_text(MIT)
    repository = make(tmp_path, files, links)
    assert licence(FolderSource(path=str(repository))).outcome == outcome
    commit(repository)
    assert licence(GitSource(path=str(repository))).outcome == outcome


@pytest.mark.parametrize("index", range(0, len(LAYOUTS), 9))
def test_git_gives_what_the_folder_gives(index: int, tmp_path: Path) -> None:
    _, outcome, files = LAYOUTS[index]
    repository = make(tmp_path, files)
    on_disk = licence(FolderSource(path=str(repository)))
    commit(repository)
    assert licence(GitSource(path=str(repository))) == on_disk
    assert on_disk.outcome == outcome


def test_a_text_of_a_folder_keeps_the_manifests_above_out_and_one_that_says_nothing_does_not(tmp_path: Path) -> None:
    theirs = make(tmp_path / "a", {"package.json": '{"license": "GPL-3.0"}', "src/LICENSE": MIT})
    assert licence(FolderSource(path=str(theirs))).outcome == P
    assert licence(FolderSource(path=str(theirs)), "top.py").outcome == N
    silent = make(tmp_path / "b", {"LICENSE": MIT, "src/COPYRIGHT": "Copyright (c) 2020 Roe\n"})
    assert licence(FolderSource(path=str(silent))).evidence == "LICENSE"


def test_the_recipe_overrides_what_a_repository_says_but_no_file_of_it(tmp_path: Path) -> None:
    repository = make(tmp_path, {"COPYING": GPL_NOTICE, "src/b.py": "# SPDX-License-Identifier: GPL-2.0-only\n"})
    source = FolderSource(path=str(repository), licence_override={"oth*": "ISC", "proj*": "mit or Apache-2.0"})
    assert licence(source) == Licence("MIT OR Apache-2.0", "the recipe", P)
    assert licence(source, "src/b.py").outcome == N
    assert licence(FolderSource(path=str(repository), licence_override={"other": "MIT"})).outcome == N


def test_the_recipe_overrides_the_column_of_a_table_too(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"content": "x", "path": "a.py", "repo_name": "a/b", "license": "gpl-3.0"}\n')
    source = TableSource(kind="jsonl", path=str(tmp_path / "x.jsonl"), licence_override={"a/*": "MIT"})
    assert licence(source, "a.py") == Licence("MIT", "the recipe", P)


@pytest.mark.parametrize("wrong", ["MITT", "MIT OR", "", "see LICENSE"])
def test_a_licence_of_the_recipe_that_is_none_is_refused(wrong: str, tmp_path: Path) -> None:
    repository = make(tmp_path, {})
    with pytest.raises(UserError, match="licence_override of project: no licence is called"):
        plan_source(FolderSource(path=str(repository), licence_override={"project": wrong}), 1_000_000)
    if wrong:
        with pytest.raises(UserError, match="licence: no licence is called"):
            plan_source(FolderSource(path=str(repository), licence=wrong), 1_000_000)
