"""Repositories are found wherever they lie, each file is of one of them, and what is passed over is said."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from reading_sources import git, make_repository, read_source

from midspan.errors import UserError

LAYOUTS: dict[str, tuple[list[str], list[str]]] = {
    "crawl": (
        ["owner/name/main.py", "owner/other/pyproject.toml", "owner/other/pkg/x.py", "second/name/lib.rs"],
        ["owner/name", "owner/other", "second/name"],
    ),
    "hosts": (
        ["github.com/o/a/package.json", "github.com/o/a/src/i.js", "gitlab.com/g/s/b/go.mod", "gitlab.com/g/s/b/m.go"],
        ["github.com/o/a", "gitlab.com/g/s/b"],
    ),
    "sdists": (["requests-2.0/PKG-INFO", "requests-2.0/requests/api.py", "zlib-1/zlib.c"], ["requests-2.0", "zlib-1"]),
    "parts": (["owner/name/src/deep/x.c", "owner/name/docs/a.md", "flat/flat/__init__.py"], ["flat", "owner/name"]),
    "project": (["pom.xml", "core/pom.xml", "core/A.java", "web/pom.xml", "web/B.java"], ["project"]),
    "script": (["fetch.py", "a-1/setup.py", "a-1/a.py", "b-1/Cargo.toml", "b-1/b.rs"], ["a-1", "b-1", "script"]),
    "readme": (["owner/README.md", "owner/a/LICENSE", "owner/a/x.py", "owner/b/go.mod", "owner/b/x.go"],
               ["owner", "owner/a", "owner/b"]),
    "vendoring": (["app/main.c", "app/third_party/zlib/LICENSE", "app/third_party/zlib/z.c"], ["app"]),
    "modules": (["owner/name/node_modules/x/package.json", "owner/name/index.js"], ["owner/name"]),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_without_git_are_told_apart_by_what_only_the_top_of_a_project_has(tmp_path: Path, layout: str) -> None:
    files, repositories = LAYOUTS[layout]
    for name in files:
        file = tmp_path / layout / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    raws, _, plan = read_source(kind="folder", path=str(tmp_path / layout))
    assert sorted({raw.repository for raw in raws}) == repositories
    assert plan.facts["repositories"] == len(repositories)
    each_once(raws)


def each_once(raws: list[Any]) -> None:
    """Every file once, and no two of one name."""
    assert [key for key, count in Counter((raw.repository, raw.path) for raw in raws).items() if count > 1] == []
    assert [text for text, count in Counter(raw.data for raw in raws).items() if count > 1] == []


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Clones at several depths, one inside another, a submodule, a linked worktree, a bare one, and loose files."""
    place = tmp_path / "code"
    make_repository(place / "single", {"single.py": "single"})
    make_repository(place / "owner" / "name", {"outer.py": "outer", "sub/own.py": "own of outer"})
    make_repository(place / "owner" / "name" / "vendor" / "inner", {"inner.py": "inner"})
    make_repository(tmp_path / "elsewhere", {"module.py": "module"})
    allowed = ["-c", "protocol.file.allow=always"]
    git(place / "single", *allowed, "submodule", "--quiet", "add", str(tmp_path / "elsewhere"), "parts/module")
    git(place / "single", "commit", "-q", "-m", "submodule")
    git(place / "owner" / "name", "worktree", "add", "-q", str(place / "linked"), "HEAD")
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path / "elsewhere"), str(place / "mirror.git"))
    (place / "node_modules" / "x").mkdir(parents=True)
    make_repository(place / "node_modules" / "x", {"x.js": "x"})
    (place / "notes.txt").write_text("buy milk")
    return place


def test_git_finds_all_repositories_and_reads_each_once(code: Path) -> None:
    raws, excluded, plan = read_source(kind="git", path=str(code))
    assert {(raw.repository, raw.path) for raw in raws if raw.path != ".gitmodules"} == {
        ("single", "single.py"),
        ("single/parts/module", "module.py"),
        ("owner/name", "outer.py"),
        ("owner/name", "sub/own.py"),
        ("owner/name/vendor/inner", "inner.py"),
        ("mirror", "module.py"),  # a repository of its own, though with the same files
    }
    assert plan.facts["repositories"] == 5
    said = {(one.repository, one.path): (one.reason, one.detail) for one in excluded}
    assert said["linked", "."] == ("linked worktree", "of owner/name, which is read")
    assert said["single", "parts/module"] == ("submodule", "read as single/parts/module")
    assert said["code", "notes.txt"][0] == "outside any repository"
    assert said["code", "node_modules/"][0] == "skipped folder"


def test_a_folder_gives_the_same_repositories_with_the_files_that_are_checked_out(code: Path) -> None:
    raws, excluded, _ = read_source(kind="folder", path=str(code))
    names = {raw.repository for raw in raws}
    assert names == {"single", "single/parts/module", "owner/name", "owner/name/vendor/inner"}
    each_once(raws)
    said = {(one.repository, one.path): (one.reason, one.detail) for one in excluded}
    assert said["linked", "."] == ("linked worktree", "of owner/name, which is read")
    assert said["mirror.git", "."][0] == "bare repository"
    assert said["owner/name", "vendor/inner/"] == ("nested repository", "read as owner/name/vendor/inner")
    assert said["code", "notes.txt"][0] == "outside any repository"
    revisions = {raw.repository: raw.revision for raw in raws}
    assert revisions["single/parts/module"] == git(code / "single" / "parts" / "module", "rev-parse", "HEAD")


def test_of_worktrees_whose_repository_lies_elsewhere_one_is_read(tmp_path: Path) -> None:
    make_repository(tmp_path / "main", {"x.py": "x"})
    for name in ("b", "a"):
        (tmp_path / "all" / name).parent.mkdir(exist_ok=True)
        git(tmp_path / "main", "worktree", "add", "-q", "--detach", str(tmp_path / "all" / name), "HEAD")
    for kind in ("git", "folder"):
        raws, excluded, _ = read_source(kind=kind, path=str(tmp_path / "all"))
        assert [(raw.repository, raw.path) for raw in raws] == [("a", "x.py")]
        assert [(one.repository, one.reason) for one in excluded if one.path == "."] == [("b", "linked worktree")]


def test_worktrees_beside_a_hidden_bare_repository_are_that_repository(tmp_path: Path) -> None:
    make_repository(tmp_path / "main", {"x.py": "x"})
    project = tmp_path / "all" / "project"
    project.mkdir(parents=True)
    git(project, "clone", "-q", "--bare", str(tmp_path / "main"), ".bare")
    (project / ".git").write_text("gitdir: ./.bare\n")
    for name in ("trunk", "feature"):
        git(project, "worktree", "add", "-q", "--detach", name, "HEAD")
    raws, excluded, _ = read_source(kind="git", path=str(tmp_path / "all"))
    assert [(raw.repository, raw.path) for raw in raws] == [("project", "x.py")]
    assert {one.repository for one in excluded if one.reason == "linked worktree"} == {
        "project/feature",
        "project/trunk",
    }
    raws, _, _ = read_source(kind="folder", path=str(tmp_path / "all"))
    assert [(raw.repository, raw.path) for raw in raws] == [("project/feature", "x.py")]


@pytest.mark.parametrize("kind", ["git", "folder"])
def test_a_source_that_is_one_repository_has_the_name_of_where_it_came_from(tmp_path: Path, kind: str) -> None:
    make_repository(tmp_path / "checkout-7", {"x.py": "x"})
    place = str(tmp_path / "checkout-7")
    assert {raw.repository for raw in read_source(kind=kind, path=place)[0]} == {"checkout-7"}
    for address, name in (
        ("https://me:secret@github.com/owner/name.git", "owner/name"),
        ("git@example.org:owner/other.git", "owner/other"),
        ("ssh://git@example.org:22/group/sub/deep", "sub/deep"),
        ("/somewhere/on/disk", "checkout-7"),
        ("file:///somewhere/on/disk", "checkout-7"),
        ("../beside", "checkout-7"),
    ):
        git(tmp_path / "checkout-7", "config", "remote.origin.url", address)
        raws, _, plan = read_source(kind=kind, path=place)
        assert {raw.repository for raw in raws} == {name}
        assert "secret" not in str(plan)


@pytest.mark.parametrize("kind", ["git", "folder"])
def test_a_repository_may_have_the_name_of_its_source(tmp_path: Path, kind: str) -> None:
    make_repository(tmp_path / "same" / "same", {"x.py": "inner"})
    make_repository(tmp_path / "same" / "same" / "same", {"x.py": "innermost"})
    (tmp_path / "same" / "x.py").write_text("loose")
    raws, _, _ = read_source(kind=kind, path=str(tmp_path / "same"))
    each_once(raws)
    assert {raw.data for raw in raws} == {b"inner", b"innermost"} | ({b"loose"} if kind == "folder" else set())


def test_a_clone_and_a_bare_repository_of_one_name_are_two(tmp_path: Path) -> None:
    make_repository(tmp_path / "all" / "x", {"a.py": "a"})
    git(tmp_path / "all", "clone", "-q", "--bare", "x", "x.git")
    raws, _, _ = read_source(kind="git", path=str(tmp_path / "all"))
    assert [(raw.repository, raw.path) for raw in raws] == [("x", "a.py"), ("x.git", "a.py")]


def test_a_checkout_whose_repository_is_gone_is_said(tmp_path: Path) -> None:
    make_repository(tmp_path / "all" / "good", {"a.py": "a"})
    (tmp_path / "all" / "lost").mkdir()
    (tmp_path / "all" / "lost" / ".git").write_text("gitdir: /nowhere/at/all\n")
    (tmp_path / "all" / "lost" / "b.py").write_text("b")
    _, excluded, _ = read_source(kind="git", path=str(tmp_path / "all"))
    assert [(one.repository, one.reason, one.detail) for one in excluded] == [
        ("lost", "unreadable", "its .git leads to no repository")
    ]
    raws, _, _ = read_source(kind="folder", path=str(tmp_path / "all"))  # its files are there
    assert {raw.repository for raw in raws} == {"good", "lost"}


def test_a_head_on_a_branch_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    make_repository(tmp_path / "r", {"a.py": "a"})
    git(tmp_path / "r", "branch", "side/one")
    git(tmp_path / "r", "pack-refs", "--all")
    git(tmp_path / "r", "branch", "loose")
    (tmp_path / "r" / ".git" / "HEAD").write_text("ref: refs/heads/master\n")
    with pytest.raises(UserError, match=r"HEAD is the branch 'master', which does not exist.*: loose, main, side/one"):
        read_source(kind="git", path=str(tmp_path / "r"))
    shutil.rmtree(tmp_path / "r" / ".git" / "refs")
    (tmp_path / "r" / ".git" / "refs").mkdir()
    (tmp_path / "r" / ".git" / "packed-refs").unlink()
    with pytest.raises(UserError, match="HEAD is the branch 'master', and nothing is committed"):
        read_source(kind="git", path=str(tmp_path / "r"))


@pytest.mark.parametrize("filter_", ["blob:none", "tree:0"])
def test_a_partial_clone_names_its_filter_and_what_to_do(tmp_path: Path, filter_: str) -> None:
    make_repository(tmp_path / "full", {f"f{n}.py": f"n = {n}\n" for n in range(30)})
    git(tmp_path / "full", "config", "uploadpack.allowFilter", "true")
    (tmp_path / "all").mkdir()
    address = f"file://{tmp_path / 'full'}"
    git(tmp_path / "all", "clone", "-q", "--no-checkout", f"--filter={filter_}", address, "part")
    with pytest.raises(UserError, match=rf"part is a partial clone .*\(filter {filter_}\): git fetch --refetch"):
        read_source(kind="git", path=str(tmp_path / "all" / "part"))
    make_repository(tmp_path / "all" / "whole", {"w.py": "w"})
    raws, excluded, _ = read_source(kind="git", path=str(tmp_path / "all"))
    assert [raw.path for raw in raws] == ["w.py"]
    (said,) = excluded
    assert said.repository == "part"
    assert filter_ in said.detail
    assert "git fetch --refetch" in said.detail
