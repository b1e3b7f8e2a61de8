"""Git repositories are read from their objects: any kind of repository, any revision, whatever is missing or evil."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading_sources import git, make_repository, object_file, read_source, reasons

from midspan.corpus.licences import licence_of
from midspan.corpus.sources import plan_source, read_items
from midspan.corpus.sources.git import parse_tree
from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.licence_evidence import UNREADABLE
from midspan.corpus.sources.objects import ObjectStore
from midspan.corpus.sources.remote import repository_name, without_password
from midspan.errors import UserError
from midspan.recipe import GitSource

FILES: dict[str, str | bytes] = {
    "LICENSE": "the licence",
    "a.py": "print('a')\n",
    "sub/b.c": b"int b;\r\n\xff",
    "sub/deep/é.rs": "fn e() {}\n",
    "vendor/COPYING": "theirs",
    "vendor/x/c.js": "c\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    make_repository(tmp_path / "project", FILES)
    return tmp_path / "project"


def test_a_clone_gives_what_is_committed_and_not_what_is_checked_out(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "a.py").write_text("changed, not committed")
    (repository / "new.py").write_text("never added")
    raws, excluded, plan = read_source(kind="git", path=str(repository))
    assert {raw.path: raw.data for raw in raws} == {
        name: text.encode() if isinstance(text, str) else text for name, text in FILES.items()
    }
    assert excluded == []
    assert {(raw.repository, raw.revision, raw.date) for raw in raws} == {("project", commit, "2020-02-03T04:05:06Z")}
    assert plan.facts["revisions"] == [{"name": "project", "revision": commit, "date": "2020-02-03T04:05:06Z"}]
    licences = {raw.path: raw.licence_files for raw in raws}
    assert licences["sub/deep/é.rs"] == (("LICENSE", "the licence"),)
    assert licences["vendor/x/c.js"] == (("vendor/COPYING", "theirs"),)


def test_bare_packed_worktree_and_sha256_repositories_give_the_same(repository: Path, tmp_path: Path) -> None:
    expected = [(raw.path, raw.data, raw.licence_files) for raw in read_source(kind="git", path=str(repository))[0]]
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    git(tmp_path / "bare.git", "gc", "-q")
    assert (tmp_path / "bare.git" / "packed-refs").exists()
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"), "HEAD")
    git(tmp_path, "clone", "-q", "--shared", str(repository), "borrowing")  # its objects are another's
    (tmp_path / "long").mkdir()
    git(tmp_path / "long", "init", "-q", "--object-format=sha256")
    make_repository(tmp_path / "long", FILES)
    for place in ("bare.git", "linked", "borrowing", "long", "project/.git"):
        raws, excluded, _ = read_source(kind="git", path=str(tmp_path / place))
        assert [(raw.path, raw.data, raw.licence_files) for raw in raws] == expected, place
        assert excluded == []
    names = [
        read_source(kind="git", path=str(tmp_path / place))[0][0].repository for place in ("bare.git", "project/.git")
    ]
    assert names == ["bare", "project"]


def test_any_revision_can_be_read(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "tag", "-a", "v1", "-m", "annotated")
    make_repository(repository, {"a.py": "second\n"}, "second")
    git(repository, "branch", "side/branch")
    make_repository(repository, {"a.py": "third\n"}, "third")

    def a_at(revision: str | None) -> bytes | str:
        raws, _, _ = read_source(kind="git", path=str(repository), revision=revision)
        return next(raw.data for raw in raws if raw.path == "a.py")

    assert a_at(None) == a_at("main") == b"third\n"
    assert a_at("side/branch") == a_at("HEAD~1") == b"second\n"
    assert a_at("v1") == a_at(first) == a_at(first[:9]) == a_at("HEAD~2") == b"print('a')\n"
    for wrong in ("no-such", "f" * 40, "--help", f"{first}:a.py", "HEAD@{9}"):
        with pytest.raises(UserError, match="has no commit") as caught:
            a_at(wrong)
        assert "\n" not in str(caught.value)


def test_a_folder_of_repositories_is_read_and_an_empty_one_excluded(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_repository(tmp_path / "all" / name, {f"{name}.py": name})
    (tmp_path / "all" / "void").mkdir()
    git(tmp_path / "all" / "void", "init", "-q")
    (tmp_path / "all" / "not-git").mkdir()
    raws, excluded, plan = read_source(kind="git", path=str(tmp_path / "all"))
    assert [(raw.repository, raw.path) for raw in raws] == [("one", "one.py"), ("two", "two.py")]
    assert [(entry.repository, entry.reason) for entry in excluded] == [("void", "no such revision")]
    assert plan.facts["repositories"] == 2
    assert len(plan.tasks) == 1


@pytest.mark.parametrize("what", ["missing", "folder", "file"])
def test_what_is_no_repository_is_the_users_mistake(tmp_path: Path, what: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("gitdir: nowhere")
    with pytest.raises(UserError, match="no git repository at"):
        read_source(kind="git", path=str(tmp_path / what))


def test_a_deleted_blob_and_a_deleted_tree_cost_only_themselves(repository: Path) -> None:
    blob, tree = (git(repository, "rev-parse", f"HEAD:{path}") for path in ("a.py", "vendor"))
    for object_id in (blob, tree):
        object_file(repository / ".git", object_id).unlink()
    raws, excluded, _ = read_source(kind="git", path=str(repository))
    assert [raw.path for raw in raws] == ["LICENSE", "sub/b.c", "sub/deep/é.rs"]
    assert [(entry.path, entry.reason, entry.detail) for entry in excluded] == [
        ("a.py", "missing object", blob),
        ("vendor/", "missing object", tree),
    ]


@pytest.mark.parametrize("damage", ["garbage", "truncated", "another's content", "empty"])
def test_a_damaged_blob_costs_only_itself(repository: Path, damage: str) -> None:
    make_repository(repository, {"m.py": "m = 1\n" * 5000, "n.py": "n\n"}, "more")
    blob = git(repository, "rev-parse", "HEAD:m.py")
    file = object_file(repository / ".git", blob)
    data = file.read_bytes()
    file.chmod(0o644)
    damaged = {
        "garbage": b"garbage",
        "truncated": data[: len(data) // 2],
        "another's content": zlib.compress(b"blob 30000\0" + b"w = 1\n" * 5000),
        "empty": b"",
    }
    file.write_bytes(damaged[damage])
    raws, excluded, _ = read_source(kind="git", path=str(repository))
    assert sorted([*FILES, "n.py"]) == [raw.path for raw in raws]
    assert [(entry.path, entry.reason in ("corrupt object", "missing object")) for entry in excluded] == [
        ("m.py", True)
    ]


def test_objects_that_vanish_after_the_plan_cost_only_themselves(repository: Path) -> None:
    plan = plan_source(GitSource(path=str(repository)), 1_000_000)
    object_file(repository / ".git", git(repository, "rev-parse", "HEAD:a.py")).unlink()
    object_file(repository / ".git", git(repository, "rev-parse", "HEAD:vendor/COPYING")).unlink()
    items = {item.path: item for task in plan.tasks for item in read_items(task)}
    assert len(items) == len(FILES)
    assert getattr(items["a.py"], "reason", None) == "missing object"
    assert getattr(items["vendor/x/c.js"], "licence_files", None) == (("vendor/COPYING", UNREADABLE),)
    assert licence_of("", "", "", [("vendor/COPYING", UNREADABLE), ("vendor/LICENSE", "MIT")]).outcome == "unknown"


def test_links_submodules_large_files_and_odd_names_are_excluded(repository: Path) -> None:
    with (repository / "huge.py").open("wb") as file:
        file.truncate(8_000_001)
    os.symlink("/etc/passwd", repository / "link.py")
    os.symlink("/etc/hostname", repository / "LICENCE")
    commit = make_repository(repository, {"node_modules/x.js": "x", ".github/y.yml": "y"}, "more")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    blob = git(repository, "hash-object", "-w", "--stdin", text=b"x")
    entry = b"100644 blob " + blob.encode() + b"\t\xff.py\0"
    odd = git(repository, "mktree", "-z", text=entry)
    git(repository, "read-tree", "--prefix=odd", odd)
    git(repository, "commit", "-q", "-m", "odd")
    raws, excluded, _ = read_source(kind="git", path=str(repository))
    assert [raw.path for raw in raws] == sorted(FILES)
    assert raws[1].licence_files == (("LICENSE", "the licence"),)
    assert reasons(excluded) == {
        "huge.py": "too large",
        "link.py": "symbolic link",
        "LICENCE": "symbolic link",
        "module": "submodule",
        "node_modules/": "skipped folder",
        ".github/": "skipped folder",
        "odd/\\xff.py": "file name is not UTF-8",
    }


def test_names_that_would_leave_the_repository_are_excluded(repository: Path) -> None:
    blob = bytes.fromhex(git(repository, "rev-parse", "HEAD:a.py"))
    entries = [(b"..", b"100644"), (b"../../x.py", b"100644"), (b"ok.py", b"100644"), (b"pipe.py", b"10644")]
    data = b"".join(mode + b" " + name + b"\0" + blob for name, mode in entries)
    tree = git(repository, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", text=data)
    commit = git(repository, "commit-tree", tree, "-m", "hostile")
    raws, excluded, _ = read_source(kind="git", path=str(repository), revision=commit)
    assert [raw.path for raw in raws] == ["ok.py"]
    assert reasons(excluded) == {
        "..": "malformed file name",
        "../../x.py": "malformed file name",
        "pipe.py": "not a regular file",
    }


def test_a_git_bomb_is_cut_off(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("midspan.corpus.sources.git.MAX_TREE_FILES", 5000)
    blob = git(repository, "rev-parse", "HEAD:a.py")
    tree = git(repository, "mktree", text="".join(f"100644 blob {blob}\tf{i}.py\n" for i in range(10)).encode())
    for _ in range(9):  # 10^10 files
        tree = git(repository, "mktree", text="".join(f"040000 tree {tree}\td{i}\n" for i in range(10)).encode())
    commit = git(repository, "commit-tree", tree, "-m", "bomb")
    started = time.monotonic()
    raws, excluded, _ = read_source(kind="git", path=str(repository), revision=commit)
    assert time.monotonic() - started < 20
    assert 5000 < len(raws) < 5100
    assert reasons(excluded) == {".": "too many files"}


@pytest.mark.parametrize(
    "data", [b"100644 a.py", b"100644a.py\0" + b"x" * 20, b"100644 a.py\0short", b"xyz a\0" + b"x" * 20]
)
def test_a_malformed_tree_is_a_corrupt_object(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        list(parse_tree(data, 20))


def test_a_strangers_settings_and_programs_are_never_run(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {ran}\nexit 1\n')
    program.chmod(0o755)
    make_repository(repository, {".gitattributes": "*.py filter=evil diff=evil\n", "n.py": "n\n"}, "attributes")
    missing = git(repository, "rev-parse", "HEAD:n.py")
    object_file(repository / ".git", missing).unlink()
    evil = {
        "core.fsmonitor": str(program),
        "core.hooksPath": str(tmp_path),
        "core.sshCommand": str(program),
        "core.pager": str(program),
        "core.alternateRefsCommand": str(program),
        "diff.evil.textconv": str(program),
        "filter.evil.smudge": str(program),
        "filter.evil.process": str(program),
        "alias.cat-file": f"!{program}",
        "extensions.partialClone": "origin",  # a missing object would be fetched, which runs what follows
        "remote.origin.promisor": "true",
        "remote.origin.url": "ssh://127.0.0.1/x",  # through core.sshCommand
        "uploadpack.packObjectsHook": str(program),
    }
    with (repository / ".git" / "config").open("a") as config:
        for name, value in evil.items():
            section, _, key = name.rpartition(".")
            first, _, rest = section.partition(".")
            config.write(f'[{first} "{rest}"]\n' if rest else f"[{first}]\n")
            config.write(f'\t{key} = "{value}"\n')
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "fsmonitor-watchman"):
        (repository / ".git" / "hooks").mkdir(exist_ok=True)
        (repository / ".git" / "hooks" / hook).write_text(program.read_text())
        (repository / ".git" / "hooks" / hook).chmod(0o755)
    # That the trap is real: a git that reads these settings does run them.
    subprocess.run(["git", "-C", str(repository), "cat-file", "-p", missing], capture_output=True, timeout=30)
    assert ran.exists()
    ran.unlink()
    raws, excluded, _ = read_source(kind="git", path=str(repository))
    assert {raw.path for raw in raws} == {*FILES, ".gitattributes"}
    assert reasons(excluded) == {"n.py": "missing object"}
    assert not ran.exists()


def test_the_readers_environment_leads_git_nowhere_else(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository(tmp_path / "other", {"other.py": "o"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "other" / ".git" / "objects"))
    monkeypatch.setenv("GIT_EXEC_PATH_NONSENSE", "x")
    raws, _, _ = read_source(kind="git", path=str(repository))
    assert [raw.path for raw in raws] == sorted(FILES)


def test_a_replaced_object_does_not_stand_in_for_the_commits_own(repository: Path) -> None:
    blob = git(repository, "rev-parse", "HEAD:a.py")
    other = git(repository, "hash-object", "-w", "--stdin", text=b"replaced\n")
    git(repository, "replace", blob, other)
    raws, excluded, _ = read_source(kind="git", path=str(repository))
    assert next(raw.data for raw in raws if raw.path == "a.py") == b"print('a')\n"
    assert excluded == []


def test_objects_are_read_up_to_a_limit_and_of_the_kind_asked_for(repository: Path) -> None:
    blob = git(repository, "rev-parse", "HEAD:a.py")
    with ObjectStore(str(repository / ".git" / "objects")) as store:
        assert store.read(blob, "blob", 11) == b"print('a')\n"
        with pytest.raises(UnreadableError, match="too large"):
            store.read(blob, "blob", 10)
        with pytest.raises(UnreadableError, match="is a blob, not a tree"):
            store.read(blob, "tree", 1000)
        with pytest.raises(UnreadableError, match="missing"):
            store.read("0" * 40, "blob", 1000)
        assert store.read(blob, "blob", 11) == b"print('a')\n"
        assert store.sizes([blob, "0" * 40, blob]) == [11, None, 11]


def test_tasks_of_a_repository_are_cut_by_size_alone(repository: Path) -> None:
    make_repository(repository, {f"many/{i:03d}.py": "x" * 100 for i in range(50)}, "many")
    whole, _, one = read_source(kind="git", path=str(repository))
    parts, _, many = read_source(kind="git", path=str(repository), task_bytes=1000)
    assert (len(one.tasks), one.fingerprint, parts) == (1, many.fingerprint, whole)
    assert len(many.tasks) == 6


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A git server on this machine, for the repositories of `served`."""
    (tmp_path / "served").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["git", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen([*command, f"--base-path={tmp_path / 'served'}"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="git daemon is a Linux package's")
def test_a_url_is_fetched_into_the_cache_without_history_and_without_large_files(
    repository: Path, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path / "cache"))
    first = git(repository, "rev-parse", "HEAD")
    (repository / "huge.py").write_bytes(os.urandom(8_000_002))
    make_repository(repository, {"a.py": "second\n"}, "second")
    git(tmp_path / "served", "clone", "-q", "--bare", str(repository), "owner/project.git")
    served = tmp_path / "served" / "owner" / "project.git"
    git(served, "config", "uploadpack.allowFilter", "true")
    url = f"{server}/owner/project.git"
    raws, excluded, plan = read_source(kind="git", url=url)
    assert [raw.path for raw in raws] == sorted(FILES)
    assert {raw.repository for raw in raws} == {"owner/project"}
    assert next(raw.data for raw in raws if raw.path == "a.py") == b"second\n"
    assert reasons(excluded) == {"huge.py": "too large"}
    [cached] = (tmp_path / "cache" / "git").glob("*/*.git")
    assert sum(file.stat().st_size for file in cached.rglob("*") if file.is_file()) < 1_000_000
    assert git(cached, "rev-list", "--count", "--all") == "1"

    make_repository(repository, {"a.py": "third\n"}, "third")
    git(repository, "push", "-q", str(served), "main")
    again, _, later = read_source(kind="git", url=url)
    assert next(raw.data for raw in again if raw.path == "a.py") == b"third\n"
    assert later.fingerprint != plan.fingerprint
    pinned, _, _ = read_source(kind="git", url=url, revision=first)
    assert {raw.revision for raw in pinned} == {first}
    git(served, "tag", "-a", "v1", "-m", "annotated", first)
    tagged, _, _ = read_source(kind="git", url=url, revision="v1")
    assert tagged == pinned
    with pytest.raises(UserError, match="has no branch or tag 'no-such'"):
        read_source(kind="git", url=url, revision="no-such")
    with pytest.raises(UserError, match="check the address, the revision"):
        read_source(kind="git", url=url, revision="f" * 40)
    assert not [file for file in cached.parent.iterdir() if file.name.endswith(".part")]
    served.rename(tmp_path / "gone")  # what was fetched is still there
    offline, _, same = read_source(kind="git", url=url)
    assert (offline, same.fingerprint) == (again, later.fingerprint)
    assert read_source(kind="git", url=url, revision=first)[0] == pinned


@pytest.mark.parametrize("url", ["ext::sh -c touch% ran", "-ufoo", "https://127.0.0.1:1/x.git", "nonsense::x"])
def test_an_address_that_cannot_be_fetched_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MIDSPAN_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="cannot fetch") as caught:
        read_source(kind="git", url=url)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("revision", ["-x", "a:b", "+a", "a b", "../a", "a*", "HEAD~1"])
def test_a_revision_that_cannot_be_fetched_is_the_users_mistake(revision: str) -> None:
    with pytest.raises(UserError, match="name a branch, a tag or a whole commit"):
        read_source(kind="git", url="https://example.invalid/x.git", revision=revision)


def test_a_file_address_is_a_local_repository(repository: Path) -> None:
    raws, _, _ = read_source(kind="git", url=f"file://{repository}")
    assert [raw.path for raw in raws] == sorted(FILES)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/owner/name.git", "owner/name"),
        ("https://token@host:8080/group/sub/name/", "sub/name"),
        ("git@github.com:owner/name.git", "owner/name"),
        ("ssh://git@host/name", "name"),
    ],
)
def test_a_repository_is_named_by_its_address(url: str, name: str) -> None:
    assert repository_name(url) == name


def test_a_token_in_an_address_is_never_shown() -> None:
    assert without_password("fatal: https://me:secret@host/x not found") == "fatal: https://host/x not found"
    with pytest.raises(UserError) as caught:
        read_source(kind="git", url="https://me:secret@127.0.0.1:1/x.git", revision="a b")
    assert "secret" not in str(caught.value)
