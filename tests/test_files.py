"""A file is whole or absent, whenever its writer dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from midspan.files import atomic_directory, atomic_file, hash_path, read_jsonl, remove_leftovers, write_jsonl

KILLED_WRITER = """
import sys, time
from pathlib import Path
from midspan.files import atomic_directory, atomic_file
target = Path(sys.argv[1])
with (atomic_directory if sys.argv[2] == "directory" else atomic_file)(target) as aside:
    (aside / "part" if sys.argv[2] == "directory" else aside).write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as aside:
        aside.write_text("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_directory_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "directory"
    for name in ("first", "second"):
        with atomic_directory(path) as aside:
            (aside / name).write_text(name)
    assert [file.name for file in path.iterdir()] == ["second"]
    with pytest.raises(RuntimeError), atomic_directory(path) as aside:
        raise RuntimeError
    assert [file.name for file in path.iterdir()] == ["second"]


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_a_killed_writer_leaves_nothing_that_could_be_taken_for_whole(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    writer = subprocess.Popen([sys.executable, "-c", KILLED_WRITER, target, kind], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_hash_of_a_directory_is_of_names_and_contents_not_of_times(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("text")
        time.sleep(0.01)
    assert hash_path(tmp_path / "a") == hash_path(tmp_path / "b")
    (tmp_path / "b" / "file").rename(tmp_path / "b" / "other")
    assert hash_path(tmp_path / "a") != hash_path(tmp_path / "b")


def test_jsonl_keeps_line_separators_inside_strings(tmp_path: Path) -> None:
    rows = [{"text": "a\u2028b\nc"}, {"text": "\x1c"}]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    assert read_jsonl(tmp_path / "rows.jsonl") == rows
