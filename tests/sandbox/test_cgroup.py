"""Where control groups are looked for, on machines that are described by files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from midspan.sandbox.cgroup import Cgroup, Parents, find_parents, remove_leftovers


def machine(folder: Path, mounts: list[tuple[str, str, str, str]], groups: str) -> Path:
    """A /proc/self with these mounts (root, mount point, kind, options), mount points under `folder`."""
    process = folder / "proc"
    process.mkdir()
    lines = [
        f"30 20 0:26 {root} {folder}{point} rw,nosuid - {kind} cgroup {options}"
        for root, point, kind, options in mounts
    ]
    (process / "mountinfo").write_text("\n".join(["20 1 0:1 / / rw - ext4 /dev/vda rw", *lines]) + "\n")
    (process / "cgroup").write_text(groups)
    return process


VERSION_1 = [("/", "/cg/memory", "cgroup", "rw,memory"), ("/", "/cg/pids", "cgroup", "rw,pids")]


def test_version_1_uses_our_own_group_of_each_controller(tmp_path: Path) -> None:
    for path in ("cg/memory/user/me", "cg/pids/user"):
        (tmp_path / path).mkdir(parents=True)
    process = machine(tmp_path, VERSION_1, "4:memory:/user/me\n3:pids:/user\n0::/\n")
    assert find_parents(process) == Parents(1, (tmp_path / "cg/memory/user/me", tmp_path / "cg/pids/user"))


def test_version_1_in_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    for path in ("cg/memory", "cg/pids"):
        (tmp_path / path).mkdir(parents=True)
    mounts = [("/docker/abc", point, kind, options) for _, point, kind, options in VERSION_1]
    process = machine(tmp_path, mounts, "4:memory:/docker/abc\n3:pids:/docker/abc\n")
    assert find_parents(process) == Parents(1, (tmp_path / "cg/memory", tmp_path / "cg/pids"))


def test_version_2_uses_the_group_above_ours_where_it_hands_its_controllers_down(tmp_path: Path) -> None:
    (tmp_path / "cg/app.slice/shell").mkdir(parents=True)
    (tmp_path / "cg/app.slice/cgroup.subtree_control").write_text("cpu memory pids\n")
    process = machine(tmp_path, [("/", "/cg", "cgroup2", "rw")], "0::/app.slice/shell\n")
    assert find_parents(process) == Parents(2, (tmp_path / "cg/app.slice",))


def test_version_2_falls_back_to_the_root_of_all_groups(tmp_path: Path) -> None:
    (tmp_path / "cg/session/scope").mkdir(parents=True)
    (tmp_path / "cg/session/cgroup.subtree_control").write_text("cpu\n")
    (tmp_path / "cg/cgroup.subtree_control").write_text("memory pids\n")
    process = machine(tmp_path, [("/", "/cg", "cgroup2", "rw")], "0::/session/scope\n")
    assert find_parents(process) == Parents(2, (tmp_path / "cg",))


def test_there_are_no_groups_where_no_group_hands_its_controllers_down(tmp_path: Path) -> None:
    (tmp_path / "cg").mkdir()
    (tmp_path / "cg/cgroup.subtree_control").write_text("\n")
    process = machine(tmp_path, [("/", "/cg", "cgroup2", "rw")], "0::/\n")
    assert find_parents(process) is None


def test_there_are_no_groups_where_none_is_mounted(tmp_path: Path) -> None:
    assert find_parents(machine(tmp_path, [], "0::/\n")) is None


def test_version_2_limits_and_counts(tmp_path: Path) -> None:
    group = Cgroup(Parents(2, (tmp_path,)), 0)
    folder = group.folders[0]
    for name in ("memory.max", "memory.swap.max", "pids.max"):
        (folder / name).write_text("max")
    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    group.limit(256, 20)
    written = [(folder / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max")]
    assert written == ["268435456", "0", "20"]
    assert group.memory_kills() == 2
    assert group.members() == [str(folder / "cgroup.procs")]


def test_groups_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    for name in (f"midspan-{gone.pid}-0", f"midspan-{os.getpid()}-0", "other"):
        (tmp_path / name).mkdir()
    remove_leftovers(Parents(2, (tmp_path,)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"midspan-{os.getpid()}-0", "other"]


def test_looking_for_groups_again_leaves_those_in_use_alone(tmp_path: Path) -> None:
    (tmp_path / "cg").mkdir()
    (tmp_path / "cg/cgroup.subtree_control").write_text("memory pids\n")
    process = machine(tmp_path, [("/", "/cg", "cgroup2", "rw")], "0::/\n")
    parents = find_parents(process)
    assert parents is not None
    groups = [Cgroup(parents, number) for number in range(2)]
    assert find_parents(process) == parents
    assert all(group.folders[0].is_dir() for group in groups)


def test_limits_of_a_real_group_go_up_and_down() -> None:
    parents = find_parents()
    if parents is None:
        pytest.skip("no control group may be created here")
    group = Cgroup(parents, 999)
    try:
        for megabytes in (512, 64, 1024, 128):
            group.limit(megabytes, 10)
            file = "memory.limit_in_bytes" if group.version == 1 else "memory.max"
            assert int((group.folders[0] / file).read_text()) == megabytes << 20
        assert group.memory_kills() == 0
    finally:
        group.remove()
    assert not any(folder.exists() for folder in group.folders)
