"""Public reports on git repositories and trees, replayed: GitPython, dulwich, pygit2 and libgit2, git-lfs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from field_builds import build, write_files
from reading_sources import git, make_repository, object_file, read_source, reasons
from small_corpus import module_text

from midspan.errors import UserError

FILES: dict[str, str | bytes] = {"a.py": "a = 1\n", "sub/b.py": "b = 2\n"}


def paths(place: Path, **more: str) -> list[str]:
    raws, _, _ = read_source(kind="git", path=str(place), **more)
    return [raw.path for raw in raws]


def as_packed(root: Path) -> Path:
    git(root / "project", "pack-refs", "--all")
    return root / "project"


def as_shallow(root: Path) -> Path:
    make_repository(root / "project", {"a.py": "a = 0\n"}, "second")
    make_repository(root / "project", FILES, "third")
    git(root, "clone", "-q", "--depth", "1", f"file://{root / 'project'}", "shallow")
    return root / "shallow"


def as_worktree(root: Path) -> Path:
    git(root / "project", "worktree", "add", "-q", str(root / "tree"), "-b", "other")
    make_repository(root / "project", {"later.py": "c = 3\n"}, "on main alone")
    return root / "tree"


def as_sha256(root: Path) -> Path:
    (root / "sha256").mkdir()
    git(root / "sha256", "init", "-q", "-b", "main", "--object-format=sha256")
    make_repository(root / "sha256", FILES)
    return root / "sha256"


def as_bare(root: Path) -> Path:
    git(root, "clone", "-q", "--bare", str(root / "project"), "bare.git")
    git(root / "bare.git", "branch", "-m", "trunk/main")
    return root / "bare.git"


SHAPES: dict[str, Callable[[Path], Path]] = {
    "jelmer/dulwich#2": as_packed,  # HEAD leads to a branch that packed-refs alone knows
    "libgit2/libgit2#3058": as_shallow,
    "gitpython-developers/GitPython#344": as_worktree,
    "gitpython-developers/GitPython#1475": as_sha256,
    "gitpython-developers/GitPython#111": as_bare,  # whose HEAD is "ref: refs/heads/…"
}


@pytest.mark.parametrize("report", SHAPES)
def test_a_repository_of_an_unusual_shape_gives_its_commit(report: str, tmp_path: Path) -> None:
    make_repository(tmp_path / "project", FILES)
    assert paths(SHAPES[report](tmp_path)) == ["a.py", "sub/b.py"]


def test_an_annotated_tag_stands_for_its_commit(tmp_path: Path) -> None:
    """jelmer/dulwich#1443: the tag object came back where its commit was meant, loose and packed."""
    commit = make_repository(tmp_path / "project", FILES)
    git(tmp_path / "project", "tag", "-a", "v1", "-m", "one")
    git(tmp_path / "project", "tag", "-a", "v1-again", "-m", "a tag of a tag", "v1")
    make_repository(tmp_path / "project", {"later.py": "c = 3\n"}, "second")
    for revision in ("v1", "v1-again"):
        raws, _, _ = read_source(kind="git", path=str(tmp_path / "project"), revision=revision)
        assert {raw.revision for raw in raws} == {commit}
    git(tmp_path / "project", "pack-refs", "--all")
    assert paths(tmp_path / "project", revision="v1-again") == ["a.py", "sub/b.py"]


def test_an_empty_repository_among_others_costs_itself(tmp_path: Path) -> None:
    """gitpython-developers/GitPython#55: HEAD names a branch that has no commit yet, in a bare repository."""
    make_repository(tmp_path / "all" / "good", FILES)
    git(tmp_path / "all", "init", "-q", "--bare", "empty.git")
    raws, excluded, _ = read_source(kind="git", path=str(tmp_path / "all"))
    assert [(raw.repository, raw.path) for raw in raws] == [("good", "a.py"), ("good", "sub/b.py")]
    assert [one.repository for one in excluded] == ["empty"]


def test_head_on_a_branch_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    """libgit2/pygit2#669: master never had a commit, and ubuntu/devel is there."""
    make_repository(tmp_path / "project", FILES)
    git(tmp_path / "project", "branch", "-m", "ubuntu/devel")
    git(tmp_path / "project", "symbolic-ref", "HEAD", "refs/heads/master")
    with pytest.raises(UserError) as refusal:
        read_source(kind="git", path=str(tmp_path / "project"))
    assert "ubuntu/devel" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert paths(tmp_path / "project", revision="ubuntu/devel") == ["a.py", "sub/b.py"]


def test_names_that_are_not_utf8_cost_their_files(tmp_path: Path) -> None:
    """gitpython-developers/GitPython#1631, gitpython-developers/GitPython#532: b"bokm\\xe5l.alias"."""
    folder = tmp_path / "project"
    make_repository(folder, {os.fsdecode(b"bokm\xe5l.py"): "x = 1\n", os.fsdecode(b"v\xbb/y.py"): "y = 1\n", **FILES})
    for kind in ("git", "folder"):
        raws, excluded, _ = read_source(kind=kind, path=str(folder))
        assert [raw.path for raw in raws] == ["a.py", "sub/b.py"]
        assert {"bokm\\xe5l.py", "v\\xbb"} == {path.rstrip("/") for path in reasons(excluded) if ".git" not in path}


def test_a_submodule_belongs_to_one_repository_and_only_one(tmp_path: Path) -> None:
    """gitpython-developers/GitPython#155: b inside a was taken for a, whose branches it then had."""
    theirs = make_repository(tmp_path / "b", {"inside.py": "theirs = 1\n"})
    make_repository(tmp_path / "all" / "a", {"outside.py": "ours = 1\n"})
    protocol = ("-c", "protocol.file.allow=always")
    git(tmp_path / "all" / "a", *protocol, "submodule", "--quiet", "add", str(tmp_path / "b"), "b")
    make_repository(tmp_path / "all" / "a", {}, "with b")
    alone, _, _ = read_source(kind="git", path=str(tmp_path / "all" / "a" / "b"))
    assert [(raw.path, raw.revision) for raw in alone] == [("inside.py", theirs)]
    for kind in ("git", "folder"):
        raws, excluded, _ = read_source(kind=kind, path=str(tmp_path / "all"))
        found = [(raw.repository, raw.path) for raw in raws if raw.path.endswith(".py")]
        assert len(found) == len(set(found))
        assert [path for _, path in found].count("outside.py") == 1
        inside = [path for _, path in found if path.endswith("inside.py")]
        assert len(inside) == 1 or "b" in {path.rstrip("/") for path in reasons(excluded)}  # or it is said


def test_a_partial_clone_names_what_it_lacks(tmp_path: Path) -> None:
    """jelmer/dulwich#1791 and libgit2/libgit2#5564: `git clone --filter=blob:none --no-checkout`."""
    make_repository(tmp_path / "project", FILES)
    git(tmp_path / "project", "config", "uploadpack.allowFilter", "true")
    origin = f"file://{tmp_path / 'project'}"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", origin, "partial")
    try:
        raws, excluded, _ = read_source(kind="git", path=str(tmp_path / "partial"))
        said = [f"{one.reason} {one.detail}" for one in excluded]
    except UserError as refusal:  # as good: before the work
        raws, said = [], [str(refusal)]
    assert raws == []
    assert any("blob:none" in words for words in said)


def test_names_that_differ_in_case_are_two_files_and_a_name_that_stands_twice_is_one(tmp_path: Path) -> None:
    """libgit2/libgit2#4679: renaming to a capital on Windows left a tree with the same entry twice."""
    folder = tmp_path / "project"
    make_repository(folder, {"Module.py": "upper = 1\n", "module.py": "lower = 1\n"})
    assert paths(folder) == ["Module.py", "module.py"]
    entry = git(folder, "ls-tree", "HEAD", "module.py").split()[2]
    record = b"100644 module.py\0" + bytes.fromhex(entry)
    tree = git(folder, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", text=2 * record)
    commit = git(folder, "commit-tree", tree, "-m", "twice")
    assert paths(folder, revision=commit) == ["module.py"]


def test_links_that_lead_in_circles_or_over_a_folder_are_not_followed(tmp_path: Path) -> None:
    """oss-review-toolkit/ort#2747: links to folders above; GitGuardian/ggshield#1144: a broken link."""
    folder = tmp_path / "project"
    write_files(folder, {"a.py": "a = 1\n", "real/b.py": "b = 2\n"})
    (folder / "loop").symlink_to(".")
    (folder / "again").symlink_to("real")
    (folder / "gone.py").symlink_to("nowhere.py")
    (folder / "out.py").symlink_to("/etc/hostname")
    make_repository(folder, {})
    for kind in ("git", "folder"):
        raws, excluded, _ = read_source(kind=kind, path=str(folder))
        assert [raw.path for raw in raws] == ["a.py", "real/b.py"]
        assert {path: why for path, why in reasons(excluded).items() if path != ".git/"} == dict.fromkeys(
            ("loop", "again", "gone.py", "out.py"), "symbolic link"
        )


@pytest.mark.parametrize("kind", ["git", "folder"])
def test_a_link_to_itself_does_not_end_the_reading(kind: str, tmp_path: Path) -> None:
    """wordfence/wordfence-cli#25: OSError: [Errno 40] Too many levels of symbolic links, at the top and below it."""
    folder = write_files(tmp_path / "project", {"a.py": "a = 1\n", "sub/b.py": "b = 2\n"})
    (folder / "sub" / "self.py").symlink_to("self.py")
    (folder / "self.py").symlink_to("self.py")
    make_repository(folder, {})
    assert [raw.path for raw in read_source(kind=kind, path=str(folder))[0]] == ["a.py", "sub/b.py"]


def test_an_object_that_is_missing_costs_its_file(tmp_path: Path) -> None:
    """jelmer/dulwich#135: one object that is not there ended the walk with a KeyError."""
    folder = tmp_path / "project"
    make_repository(folder, {**FILES, "c.py": "c = 3\n"})
    object_file(folder / ".git", git(folder, "rev-parse", "HEAD:sub/b.py")).unlink()
    raws, excluded, _ = read_source(kind="git", path=str(folder))
    assert [raw.path for raw in raws] == ["a.py", "c.py"]
    assert reasons(excluded) == {"sub/b.py": "missing object"}


POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452\nsize 90405214\n"
)


def test_pointers_of_lfs_are_no_code_and_line_ends_are_one(tmp_path: Path) -> None:
    """aboutcode-org/scancode-toolkit#4158: a pointer under the file's own name; jelmer/dulwich#1773: CRLF in blobs;
    gitpython-developers/GitPython#470: a byte of Latin-1 in a file from 2003."""
    files: dict[str, str | bytes] = {
        "model.py": POINTER,
        "table.json": POINTER,
        "windows.py": module_text(1).replace("\n", "\r\n"),
        "old.py": ("# Martin K\xf6gler\n" + module_text(2)).encode("latin-1"),
    }
    make_repository(tmp_path / "project", files)
    built = build(tmp_path / "corpus", [{"kind": "git", "path": str(tmp_path / "project")}])
    assert {one.path: one.text for one in built.documents} == {
        "windows.py": module_text(1),
        "old.py": "# Martin K\xf6gler\n" + module_text(2),
    }
    assert sorted(path for path in built.reasons if path in files) == ["model.py", "table.json"]
