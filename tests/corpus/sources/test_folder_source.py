"""Folders of repositories and the standard library: what is walked or passed over, which licence files go along."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_sources import read_source, reasons

from midspan.corpus.sources import Excluded, git_revision, plan_source, read_items
from midspan.corpus.sources.items import Entry, Repository
from midspan.corpus.sources.trees import Tree, fragments_of
from midspan.errors import UserError
from midspan.recipe import FolderSource


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_folder_of_repositories_is_read_repository_by_repository(tmp_path: Path) -> None:
    write(tmp_path, {"b/x.py": "x", "b/sub/y.c": "y", "a/z.go": "z", "README.md": "of all", ".cache/q.py": "q"})
    raws, excluded, plan = read_source(kind="folder", path=str(tmp_path))
    assert [(raw.repository, raw.path, raw.data) for raw in raws] == [
        ("a", "z.go", b"z"),
        ("b", "sub/y.c", b"y"),
        ("b", "x.py", b"x"),
    ]
    assert reasons(excluded) == {"README.md": "outside any repository", ".cache/": "skipped folder"}
    assert plan.facts["repositories"] == 2


def test_a_folder_with_code_in_it_is_one_repository(tmp_path: Path) -> None:
    write(tmp_path / "project", {"main.py": "x", "sub/y.py": "y"})
    raws, _, _ = read_source(kind="folder", path=str(tmp_path / "project"))
    assert {(raw.repository, raw.path) for raw in raws} == {("project", "main.py"), ("project", "sub/y.py")}


def test_every_file_is_read_or_has_a_reason(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "r",
        {
            "a.py": "a",
            "data.bin7": "?",
            "node_modules/x.js": "x",
            ".hidden/x.py": "x",
            "env/pyvenv.cfg": "home = /",
            "env/lib/x.py": "x",
        },
    )
    os.symlink("..", folder / "loop")
    os.symlink("a.py", folder / "b.py")
    os.mkfifo(folder / "pipe.py")
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff.py"))).write_text("x")
    with (folder / "huge.py").open("wb") as file:
        file.truncate(2_000_000_000)  # sparse: 2 GB that nobody reads
    raws, excluded, _ = read_source(kind="folder", path=str(folder))
    assert [raw.path for raw in raws] == ["a.py"]
    assert reasons(excluded) == {
        "data.bin7": "unknown language",
        "node_modules/": "skipped folder",
        ".hidden/": "skipped folder",
        "env/": "skipped folder",
        "loop": "symbolic link",
        "b.py": "symbolic link",
        "pipe.py": "not a regular file",
        "\\xff.py": "file name is not UTF-8",
        "huge.py": "too large",
    }


def test_a_file_that_changes_after_the_plan_is_excluded_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {f"{name}.py": name for name in "abcd"})
    plan = plan_source(FolderSource(path=str(folder)), 1_000_000)
    (folder / "a.py").unlink()
    (folder / "b.py").unlink()
    os.symlink("/etc/passwd", folder / "b.py")
    (folder / "c.py").unlink()
    os.mkfifo(folder / "c.py")  # would hang a reader
    items = [item for task in plan.tasks for item in read_items(task)]
    assert [(item.path, item.reason) for item in items if isinstance(item, Excluded)] == [
        ("a.py", "unreadable"),
        ("b.py", "unreadable"),
        ("c.py", "not a regular file"),
    ]
    assert items[3].path == "d.py"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_excluded_with_the_systems_words(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {"a.py": "a", "closed/b.py": "b"})
    (folder / "closed").chmod(0)
    _, excluded, _ = read_source(kind="folder", path=str(folder))
    assert [(entry.path, entry.detail) for entry in excluded] == [("closed/", "Permission denied")]


def test_licence_files_come_from_the_nearest_folder_at_or_above(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "r",
        {
            "LICENSE": "root",
            "a.py": "",
            "sub/deep/b.py": "",
            "vendor/COPYING": "vendor",
            "vendor/LICENSE.txt": "second",
            "vendor/x/y/c.py": "",
        },
    )
    raws, _, _ = read_source(kind="folder", path=str(folder), task_bytes=1)
    found = {raw.path: raw.licence_files for raw in raws}
    assert found["a.py"] == found["sub/deep/b.py"] == (("LICENSE", "root"),)
    assert found["vendor/x/y/c.py"] == (("vendor/COPYING", "vendor"), ("vendor/LICENSE.txt", "second"))


def test_a_licence_file_that_is_a_link_or_unreadable_says_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {"a.py": "", "sub/b.py": ""})
    os.symlink("/etc/hostname", folder / "LICENSE")
    raws, _, _ = read_source(kind="folder", path=str(folder))
    assert [raw.licence_files for raw in raws] == [(), ()]


def test_the_recipes_licence_is_for_files_without_any(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.py": "", "b/LICENSE": "mine", "b/x.py": ""})
    raws, _, _ = read_source(kind="folder", path=str(tmp_path), licence="MIT")
    declared = {raw.repository: (raw.declared_licence, raw.declared_evidence) for raw in raws if raw.path == "x.py"}
    assert declared == {"a": ("MIT", "the recipe"), "b": ("", "")}


def test_the_standard_library_is_read_by_package_without_its_tests() -> None:
    raws, _, plan = read_source(kind="stdlib")
    by_repository = {raw.repository for raw in raws}
    assert {"json", "argparse", "asyncio"} <= by_repository
    assert not any("/test/" in f"/{raw.path}" or "site-packages" in raw.path for raw in raws)
    assert {(raw.declared_licence, raw.revision) for raw in raws} == {("PSF-2.0", plan.facts["revision"])}
    assert plan.facts["revision"].startswith("Python 3.")
    assert len({(raw.repository, raw.path) for raw in raws}) == len(raws) > 500


def test_tasks_are_bounded_and_their_order_is_that_of_one_task(tmp_path: Path) -> None:
    """E2, datatrove: which files a task has changes with the number of tasks asked for."""
    for repository in ("a", "b", "c"):
        write(tmp_path / repository, {f"f{i}.py": "x" * 100 * i for i in range(8)})
    whole, _, one = read_source(kind="folder", path=str(tmp_path))
    parts, _, many = read_source(kind="folder", path=str(tmp_path), task_bytes=1000)
    assert len(one.tasks) == 1
    assert len(many.tasks) > 5
    assert all(task.size <= 2 * 1000 for task in many.tasks)
    assert parts == whole
    assert one.fingerprint == many.fingerprint


@given(st.lists(st.integers(0, 300), max_size=40), st.integers(1, 1000))
@settings(max_examples=50, deadline=None)
def test_fragments_hold_every_file_once_in_the_order_of_paths(sizes: list[int], task_bytes: int) -> None:
    tree = Tree("r", "code")
    for index, size in reversed(list(enumerate(sizes))):
        tree.add(Entry(f"{index:03d}.py"), size)
    fragments = list(fragments_of(Repository("r", "/", "folder"), tree, task_bytes))
    assert [file.path for one in fragments for file in one.files] == [f"{i:03d}.py" for i in range(len(sizes))]
    assert sum(fragment.size for fragment in fragments) == sum(sizes)
    assert all(fragment.size < task_bytes + 300 for fragment in fragments)


def test_the_fingerprint_changes_with_the_files_and_with_nothing_else(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", {"a.py": "a", "LICENSE": "x"})
    path = str(folder)
    seen = {read_source(kind="folder", path=path)[2].fingerprint for _ in range(2)}
    assert len(seen) == 1
    (folder / "a.py").write_text("ab")
    seen.add(read_source(kind="folder", path=path)[2].fingerprint)
    (folder / "b.py").write_text("b")
    seen.add(read_source(kind="folder", path=path)[2].fingerprint)
    assert len(seen) == 3


def test_documentation_and_text_take_only_their_own_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", {"a.md": "# A", "b.rst": "B", "c.html": "<p>C", "d.txt": "D", "e.py": "E"})
    raws, excluded, _ = read_source(kind="folder", path=str(folder), content="documentation")
    assert [(raw.path, raw.data, raw.kind) for raw in raws if raw.path != "c.html"] == [
        ("a.md", b"# A", "documentation"),
        ("b.rst", b"B", "documentation"),
        ("d.txt", b"D", "documentation"),
    ]
    assert [(raw.data, raw.language) for raw in raws if raw.path == "c.html"] == [("C\n", "prose")]
    assert reasons(excluded) == {"e.py": "not documentation"}
    raws, excluded, _ = read_source(kind="folder", path=str(folder), content="text")
    assert [raw.path for raw in raws] == ["a.md", "b.rst", "d.txt"]


@pytest.mark.parametrize("path", ["missing", "file.py"])
def test_what_is_no_folder_is_the_users_mistake(tmp_path: Path, path: str) -> None:
    (tmp_path / "file.py").write_text("x")
    with pytest.raises(UserError, match="is no folder"):
        read_source(kind="folder", path=str(tmp_path / path))


COMMIT = "89abcdef0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"HEAD": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/x\n", "refs/heads/x": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/x\n", "packed-refs": f"# pack-refs\n{COMMIT} refs/heads/x\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/x\n"}, ""),
        ({"HEAD": "ref: ../../secret\n", "packed-refs": ""}, ""),
        ({"HEAD": "nonsense\n"}, ""),
        ({}, ""),
    ],
)
def test_the_revision_of_a_checkout_is_read_without_running_git(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    write(tmp_path, {"secret": COMMIT} | {f"repository/.git/{name}": text for name, text in files.items()})
    assert git_revision(tmp_path / "repository") == expected
