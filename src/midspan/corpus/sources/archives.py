"""Zip and tar archives, each a repository: listed and read where they lie, nothing is extracted to disk.

Nothing in an archive is trusted: names that lead out of it are left out, links are not followed, and what unpacks to
far more than its size is read up to a limit. A tar that is compressed can only be read from its beginning: it is cut
into MOST_PASSES runs of files at most, each of which holds its own files in memory.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, NamedTuple

import pyarrow as pa

from midspan.corpus.sources.items import MAX_FILE_BYTES, Entry, Files, UnreadableError

ZIPS = (".zip", ".whl")
STREAMS: dict[str, Callable[[str], Any]] = {  # the last ending of a tar to what opens it for reading
    **dict.fromkeys((".tar.gz", ".tgz", ".crate"), gzip.open),
    **dict.fromkeys((".tar.xz", ".txz"), lzma.open),
    **dict.fromkeys((".tar.bz2", ".tbz2"), bz2.open),
    ".tar.zst": lambda archive: pa.CompressedInputStream(pa.OSFile(archive), "zstd"),
    ".tar": io.FileIO,
    ".gem": lambda archive: gzip.GzipFile(fileobj=_files_of_gem(archive)),
}
ENDINGS = sorted([*ZIPS, *STREAMS], key=len, reverse=True)
MAX_FACTOR, ANY_FACTOR = 100, 1_000_000_000  # an archive may unpack to so many times its size, or to so many bytes
MAX_MEMBERS = 2_000_000
MOST_PASSES = 16
GEM_FILES = "data.tar.gz"  # what a gem, a tar, holds its files in
BROKEN = (  # what the libraries raise for archives that are broken, encrypted or packed in ways they do not know
    *(OSError, EOFError, ValueError, RuntimeError, NotImplementedError, tarfile.TarError, zipfile.BadZipFile),
    *(zlib.error, lzma.LZMAError, pa.ArrowException),
)


class Member(NamedTuple):
    """An entry of an archive that is no folder; `why` where it cannot be read as a file."""

    name: str  # as the archive spells it
    size: int
    why: str = ""


def archive_stem(name: str) -> str:
    """The name of an archive without its ending, "" for what is none by its name."""
    ending = next((one for one in ENDINGS if name.lower().endswith(one)), "")
    return name[: -len(ending)] if ending and not name.startswith(".") else ""


def list_members(archive: str) -> Iterator[Member]:
    """The entries of an archive; UnreadableError where it cannot be read (on), and for one that unpacks to too much."""
    try:
        with ExitStack() as closing:
            yield from _zip_members(archive, closing) if _is_zip(archive) else _tar_members(archive, closing)
    except BROKEN as error:
        raise UnreadableError(
            "corrupt archive", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        ) from None


@contextmanager
def archive_reader(fragment: Files) -> Iterator[Callable[[Entry], bytes]]:
    """What reads the files of a fragment, whose object ids are their names in the archive; raises UnreadableError."""
    archive = fragment.repository.place
    with ExitStack() as closing:
        if _is_zip(archive):
            try:
                opened = closing.enter_context(zipfile.ZipFile(archive))
            except BROKEN as error:
                raise UnreadableError("corrupt archive", _one_line(error)) from None
            yield lambda entry: _read_zipped(opened, entry)
            return
        wanted = {entry.object_id for entry in fragment.files}
        wanted |= {entry.object_id for entries in fragment.licences.values() for entry in entries}
        contents = _read_tarred(archive, wanted)

        def read(entry: Entry) -> bytes:
            if (data := contents.get(entry.object_id)) is None:
                raise UnreadableError("unreadable", "the archive breaks off before it")
            return data

        yield read


def _is_zip(archive: str) -> bool:
    return archive.lower().endswith(ZIPS)


def _zip_members(archive: str, closing: ExitStack) -> Iterator[Member]:
    opened = closing.enter_context(zipfile.ZipFile(archive))
    limit, size = _limit(archive), 0
    for one in opened.infolist():
        if one.is_dir():
            continue
        why = "encrypted" if one.flag_bits & 1 else ""
        if (one.create_system == 3 and stat.S_ISLNK(one.external_attr >> 16)) or one.file_size < 0:
            why = "symbolic link"
        size += one.file_size if one.file_size <= MAX_FILE_BYTES else 0
        if size > limit:
            raise UnreadableError("too large", f"the archive unpacks to more than {limit} bytes")
        yield Member(one.filename, one.file_size, why)


def _read_zipped(opened: zipfile.ZipFile, entry: Entry) -> bytes:
    try:
        with opened.open(entry.object_id) as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except (*BROKEN, KeyError) as error:
        raise UnreadableError("unreadable", _one_line(error)) from None
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableError("too large", f"over {MAX_FILE_BYTES} bytes")
    return data


def _tar_members(archive: str, closing: ExitStack) -> Iterator[Member]:
    for one in _each(_open_tar(archive, closing)):
        if one.isdir():
            continue
        why = "" if one.isreg() else "symbolic link" if one.issym() or one.islnk() else "not a regular file"
        yield Member(one.name, one.size, why)


def _read_tarred(archive: str, wanted: set[str]) -> dict[str, bytes]:
    """The contents of some members of a tar: of several of one name the last, as tar itself unpacks them."""
    contents: dict[str, bytes] = {}
    try:
        with ExitStack() as closing:
            opened = _open_tar(archive, closing)
            for one in _each(opened):
                if one.isreg() and one.name in wanted and one.size <= MAX_FILE_BYTES:
                    stream = opened.extractfile(one)
                    contents[one.name] = stream.read(MAX_FILE_BYTES) if stream else b""
    except (*BROKEN, UnreadableError):
        pass  # what was read until then is whole: the rest is missed by name
    return contents


def _each(opened: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members of a tar, none of which is kept: there may be millions."""
    while (one := opened.next()) is not None:
        opened.members = []  # type: ignore[attr-defined, unused-ignore] # tarfile would keep them all
        yield one


def _open_tar(archive: str, closing: ExitStack) -> tarfile.TarFile:
    """A tar as a stream that is read once from its beginning, and ends with an error beyond the archive's limit."""
    ending = next(one for one in ENDINGS if archive.lower().endswith(one))
    stream = closing.enter_context(STREAMS[ending](archive))
    return closing.enter_context(tarfile.open(fileobj=_Bounded(stream, _limit(archive)), mode="r|"))


def _files_of_gem(archive: str) -> IO[bytes]:
    """The archive within a gem that holds its files."""
    with tarfile.open(archive, "r:") as outer:
        inner = outer.extractfile(GEM_FILES) if GEM_FILES in outer.getnames() else None
        if inner is None:
            raise UnreadableError("corrupt archive", f"no {GEM_FILES} in it")
        return io.BytesIO(inner.read(_limit(archive)))


class _Bounded(io.RawIOBase):
    """A stream of which only so many bytes can be read."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        super().__init__()
        self._stream, self._left, self._limit = stream, limit, limit

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; UnreadableError beyond the limit."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableError("too large", f"the archive unpacks to more than {self._limit} bytes")
        return data


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _limit(archive: str) -> int:
    return max(MAX_FACTOR * os.stat(archive).st_size, ANY_FACTOR)


def without_top(names: list[str]) -> str:
    """The folder, with "/" at its end, in which all files of an archive lie, as GitHub's and sdists have it; or ""."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names if not name.startswith("__MACOSX/")}
    top = tops.pop() if len(tops) == 1 else ""
    return f"{top}/" if top and top not in (".", "..") else ""


def malformed(path: str) -> bool:
    """Whether a name in an archive leads out of it, or nowhere."""
    parts = path.split("/")
    return "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts) or ":" in parts[0]
