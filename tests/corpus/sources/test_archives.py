"""Zip and tar archives are repositories: the same files whatever packs them, and nothing that leads out or blows up."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from reading_sources import read_source, reasons

from midspan.corpus.sources.archives import archive_stem
from midspan.errors import UserError

FILES = {
    "LICENSE": b"the licence",
    "a.py": b"print('a')\n",
    "sub/b.c": b"int b;\r\n\xff",
    "sub/deep/\xc3\xa9.rs".encode("latin-1").decode(): b"fn e() {}\n",
    "vendor/COPYING": b"theirs",
    "vendor/x/c.js": b"c\n",
    "node_modules/d/e.js": b"not ours",
    "picture.png": b"\x89PNG",
}
EXPECTED = sorted(name for name in FILES if not name.startswith(("node_modules", "picture")))


def tar_bytes(files: dict[str, bytes], top: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def zip_bytes(files: dict[str, bytes], top: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(top + name, data)
    return out.getvalue()


def gem_bytes(files: dict[str, bytes], top: str) -> bytes:
    return tar_bytes({"metadata.gz": gzip.compress(b"name: x"), "data.tar.gz": gzip.compress(tar_bytes(files, top))})


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


PACKERS: dict[str, Callable[[dict[str, bytes], str], bytes]] = {
    ".zip": zip_bytes,
    ".whl": zip_bytes,
    ".tar": tar_bytes,
    ".tar.gz": lambda files, top: gzip.compress(tar_bytes(files, top)),
    ".tgz": lambda files, top: gzip.compress(tar_bytes(files, top)),
    ".crate": lambda files, top: gzip.compress(tar_bytes(files, top)),
    ".tar.xz": lambda files, top: lzma.compress(tar_bytes(files, top)),
    ".tar.bz2": lambda files, top: bz2.compress(tar_bytes(files, top)),
    ".tar.zst": lambda files, top: zstd(tar_bytes(files, top)),
    ".gem": gem_bytes,
}


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("top", ["", "name-1.0/", "./name-1.0/"])
def test_an_archive_is_the_repository_that_it_holds(tmp_path: Path, ending: str, top: str) -> None:
    archive = tmp_path / f"name-1.0{ending}"
    archive.write_bytes(PACKERS[ending](FILES, top))
    raws, excluded, plan = read_source(kind="folder", path=str(archive))
    assert [(raw.repository, raw.path, raw.data) for raw in raws] == [
        ("name-1.0", name, FILES[name]) for name in EXPECTED
    ]
    assert reasons(excluded) == {"node_modules/": "skipped folder", "picture.png": "unknown language"}
    licences = {raw.path: raw.licence_files for raw in raws}
    assert licences["sub/b.c"] == (("LICENSE", "the licence"),)
    assert licences["vendor/x/c.js"] == (("vendor/COPYING", "theirs"),)
    assert plan.facts["revisions"] == [{"name": "name-1.0", "revision": "", "date": ""}]
    again = read_source(kind="folder", path=str(archive), task_bytes=1)
    assert again[0] == raws
    assert again[2].fingerprint == plan.fingerprint
    os.utime(archive, (1, 1))
    assert read_source(kind="folder", path=str(archive))[2].fingerprint != plan.fingerprint


def test_a_folder_of_archives_and_repositories_names_each_by_its_path(tmp_path: Path) -> None:
    one = {"x.py": b"x"}
    for name, data in {
        "pile/a-1.tar.gz": gzip.compress(tar_bytes(one)),
        "pile/a-1.zip": zip_bytes(one),
        "pile/b-2.zip": zip_bytes(one),
        "pile/c.tar": tar_bytes(one),
        "pile/c/y.py": b"y",
        "pile/deep/er/d.zip": zip_bytes(one),
        "pile/own/main.py": b"own",
        "pile/own/data.zip": zip_bytes(one),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    raws, excluded, _ = read_source(kind="folder", path=str(tmp_path / "pile"))
    assert sorted((raw.repository, raw.path) for raw in raws) == [
        ("a-1.tar.gz", "x.py"),
        ("a-1.zip", "x.py"),
        ("b-2", "x.py"),
        ("c", "y.py"),
        ("c.tar", "x.py"),
        ("deep/er/d", "x.py"),
        ("own", "main.py"),
    ]
    assert reasons(excluded) == {"data.zip": "unknown language"}  # inside a repository an archive is a file


def test_hostile_members_are_left_out_by_name(tmp_path: Path) -> None:
    files = dict.fromkeys(("../out.py", "a/../../b.py", "a//c.py", "ok.py", "C:/d.py", "back\\e.py"), b"x = 1\n")
    (tmp_path / "x.zip").write_bytes(zip_bytes(files))
    raws, excluded, _ = read_source(kind="folder", path=str(tmp_path / "x.zip"))
    assert [raw.path for raw in raws] == ["ok.py"]
    assert {one.reason for one in excluded} == {"malformed file name"}
    assert len(excluded) == 5
    out = io.BytesIO(tar_bytes({"/root.py": b"r = 1\n"} | files))
    with tarfile.open(fileobj=out, mode="a") as tar:
        for name, kind, target in (("l.py", tarfile.SYMTYPE, "/etc/passwd"), ("h.py", tarfile.LNKTYPE, "ok.py")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            tar.addfile(link)
        pipe = tarfile.TarInfo("p.py")
        pipe.type = tarfile.FIFOTYPE
        tar.addfile(pipe)
    (tmp_path / "y.tar").write_bytes(out.getvalue())
    raws, excluded, _ = read_source(kind="folder", path=str(tmp_path / "y.tar"))
    assert [raw.path for raw in raws] == ["ok.py"]
    said = reasons(excluded)
    assert (said["l.py"], said["h.py"], said["p.py"]) == ("symbolic link", "symbolic link", "not a regular file")
    assert sum(reason == "malformed file name" for reason in said.values()) == 6


def test_an_encrypted_member_and_an_earlier_one_of_the_same_name_are_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("a.py", "first")
        packed.writestr("secret.py", "s")
        with pytest.warns(UserWarning, match="Duplicate name"):
            packed.writestr("a.py", "second")
    data = bytearray((tmp_path / "x.zip").read_bytes())
    place = data.rindex(b"secret.py") - 46  # its entry in the directory: PKZIP APPNOTE 4.3.12
    data[place + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    raws, excluded, _ = read_source(kind="folder", path=str(tmp_path / "x.zip"))
    assert [(raw.path, raw.data) for raw in raws] == [("a.py", b"second")]
    assert reasons(excluded) == {"a.py": "unpacked over", "secret.py": "encrypted"}


@pytest.mark.parametrize("ending", [".zip", ".tar.gz", ".tar.zst"])
def test_what_unpacks_to_too_much_is_read_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr("midspan.corpus.sources.archives.ANY_FACTOR", 3_000_000)
    bomb = {f"f{number:02d}.py": b"x" * 1_000_000 for number in range(10)} | {"huge.py": b"y" * 9_000_000}
    (tmp_path / f"x{ending}").write_bytes(PACKERS[ending](bomb, ""))
    raws, excluded, _ = read_source(kind="folder", path=str(tmp_path / f"x{ending}"))
    assert 1 <= len(raws) <= 3
    assert {one.reason for one in excluded} <= {"too large", "unreadable"}
    assert "unpacks to more than" in excluded[0].detail


@pytest.mark.parametrize("ending", [".zip", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tar", ".gem"])
@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_a_damaged_archive_costs_only_itself(tmp_path: Path, ending: str, damage: str) -> None:
    many = {f"f{number}.py": os.urandom(5000).hex().encode() for number in range(30)}
    whole = PACKERS[ending](many, "")
    damaged = {"cut": whole[: len(whole) // 2], "garbage": b"garbage" * 300, "empty": b""}[damage]
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / f"bad{ending}").write_bytes(damaged)
    (tmp_path / "all" / "good.zip").write_bytes(zip_bytes({"a.py": b"a"}))
    raws, excluded, _ = read_source(kind="folder", path=str(tmp_path / "all"))
    assert [raw.path for raw in raws if raw.repository == "good"] == ["a.py"]
    for raw in raws:
        assert raw.repository == "good" or raw.data == many[raw.path]
    assert any(one.repository == "bad" for one in excluded)


def test_archives_are_told_by_their_names() -> None:
    assert archive_stem("requests-2.31.0.TAR.GZ") == "requests-2.31.0"
    assert archive_stem("x.whl") == "x"
    assert [archive_stem(name) for name in ("x.gz", "x.py", ".zip", "tar", "x.zip.part")] == [""] * 5


def test_no_folder_and_no_archive_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "x.rar").write_bytes(b"x")
    with pytest.raises(UserError, match="is no folder and no archive"):
        read_source(kind="folder", path=str(tmp_path / "x.rar"))
