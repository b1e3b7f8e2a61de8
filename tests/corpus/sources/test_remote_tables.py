"""Tables at addresses are read as files are; what breaks is a UserError, and nothing shows a password."""

from __future__ import annotations

import gzip
import http.server
import importlib
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_sources import read_source

from midspan.corpus.sources import plan_source, read_items
from midspan.corpus.sources.locations import one_line, shown
from midspan.errors import UserError
from midspan.recipe import TableSource

fsspec = pytest.importorskip("fsspec", reason="the extra remote is not installed")
ROWS = [{"content": f"x = {n}  # {'long ' * n}", "path": f"{n}.py"} for n in range(200)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def put(files: dict[str, bytes]) -> None:
    system = fsspec.filesystem("memory")
    system.store.clear()
    for name, data in files.items():
        with system.open(f"/bucket/{name}", "wb") as file:
            file.write(data)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder at http://…: files below /ranges/ are given in stretches, others only whole, of /broken/ the half."""
    pytest.importorskip("aiohttp", reason="the extra remote is not installed")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("?")[0]
            file = tmp_path / name.rsplit("/", 1)[-1]
            if not file.is_file():
                self.send_error(404)
                return
            data, code, total = file.read_bytes(), 200, 0
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if wanted and name.startswith("/ranges/"):
                total, code = len(data), 206
                first, last = int(wanted[1]), int(wanted[2] or total - 1)
                data = data[first : last + 1]
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            if total:
                self.send_header("Content-Range", f"bytes {first}-{first + len(data) - 1}/{total}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data[: len(data) // 2] if name.startswith("/broken/") else data)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *words: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("task_bytes", [10**7, 3000])
def test_a_folder_a_file_and_a_glob_at_an_address_are_read_as_on_disk(tmp_path: Path, task_bytes: int) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=50)
    parquet = (tmp_path / "a.parquet").read_bytes()
    put(
        {
            "a.jsonl": LINES,
            "sub/b.jsonl.gz": gzip.compress(LINES),
            "README": b"",
            "a.parquet": parquet,
            ".x.jsonl": b"x",
        }
    )
    texts = [row["content"] for row in ROWS]
    for kind, place, names in (
        ("jsonl", "memory://bucket", ["a.jsonl", "sub/b.jsonl.gz"]),
        ("jsonl", "memory://bucket/a.jsonl", ["a.jsonl"]),
        ("jsonl", "memory://bucket/**/*.jsonl*", ["a.jsonl", "sub/b.jsonl.gz"]),
        ("parquet", "memory://bucket/*.parquet", ["a.parquet"]),
    ):
        raws, _, plan = read_source(task_bytes, kind=kind, path=place)
        assert [raw.data for raw in raws] == texts * len(names)
        found = {fragment.name for task in plan.tasks for fragment in task.fragments}  # type: ignore[union-attr]
        assert found == set(names)


def test_the_fingerprint_changes_with_a_file_at_an_address() -> None:
    prints = set()
    for data in (LINES, LINES, LINES + b"\n"):
        put({"a.jsonl": data})
        prints.add(plan_source(TableSource(kind="jsonl", path="memory://bucket"), 1000).fingerprint)
    assert len(prints) >= 2


@pytest.mark.parametrize("folder", ["ranges", "whole"])
def test_a_web_server_is_read_in_stretches_where_it_gives_them(served: tuple[Path, str], folder: str) -> None:
    place, address = served
    (place / "a.jsonl").write_bytes(LINES)
    raws, excluded, plan = read_source(3000, kind="jsonl", path=f"{address}/{folder}/a.jsonl?signature=abc")
    assert [raw.data for raw in raws] == [row["content"] for row in ROWS]
    assert excluded == []
    assert (len(plan.tasks) > 5) == (folder == "ranges")
    assert plan.facts["name"] == "a.jsonl"
    pq.write_table(pa.Table.from_pylist(ROWS), place / "a.parquet")
    if folder == "ranges":
        raws, _, _ = read_source(kind="parquet", path=f"{address}/{folder}/a.parquet")
        assert [raw.data for raw in raws] == [row["content"] for row in ROWS]


def test_a_connection_that_breaks_ends_the_build_with_a_remedy_and_is_no_property_of_the_data(
    served: tuple[Path, str],
) -> None:
    place, address = served
    (place / "a.jsonl.gz").write_bytes(gzip.compress(LINES, 0))
    task, *_ = plan_source(TableSource(kind="jsonl", path=f"{address}/whole/a.jsonl.gz?key=s3cr3t"), 10**7).tasks
    (place / "a.jsonl.gz").unlink()
    with pytest.raises(UserError, match=r"there is no http://127.0.0.1:\d+/whole/a.jsonl.gz;"):
        list(read_items(task))
    (place / "a.jsonl.gz").write_bytes(gzip.compress(LINES, 0))
    with pytest.raises(UserError, match=r"broke off .* run again to go on"):
        read_source(kind="jsonl", path=f"{address}/broken/a.jsonl.gz?key=s3cr3t")
    for path in (f"{address}/none.jsonl?key=s3cr3t", "http://user:s3cr3t@127.0.0.1:9/a.jsonl"):
        with pytest.raises(UserError) as caught:
            read_source(kind="jsonl", path=path)
        assert "s3cr3t" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_not_there_at_an_address_is_the_users_mistake() -> None:
    put({})
    with pytest.raises(UserError, match="no jsonl file at memory://bucket/none"):
        read_source(kind="jsonl", path="memory://bucket/none")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name.startswith("fsspec"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(UserError, match=r"s3:// needs the extra `remote`: pip install 'midspan\[remote\]'"):
        read_source(kind="jsonl", path="s3://bucket/data")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://user:token@host/a/b.jsonl?X-Amz-Signature=1#x", "https://host/a/b.jsonl"),
        ("s3://key:secret@bucket/part-?.jsonl", "s3://bucket/part-?.jsonl"),
        ("data/part-?.jsonl", "data/part-?.jsonl"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(address: str, said: str) -> None:
    assert shown(address) == said
    if address.startswith("http"):
        assert one_line(OSError(f"403, url='{address}' {address}")).count("token") == 0
        assert "Signature" not in one_line(OSError(f"403, url='{address}' {address}"))
