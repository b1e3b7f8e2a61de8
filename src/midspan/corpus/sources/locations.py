"""Where tables lie: files of this machine, or addresses (s3://, gs://, hf://, https://) through fsspec: extra `remote`.

An address shows neither a password nor a signature where it is named, and a connection that breaks is no property of
the data: it ends the build with a UserError, and the same command goes on.
"""

from __future__ import annotations

import glob
import importlib
import io
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.remote import without_password
from midspan.errors import UserError

BUFFER_BYTES = 1 << 20
STAMPS = ("ETag", "etag", "sha256", "blob_id", "crc32c", "md5Hash", "LastModified", "last_modified", "mtime", "created")


def is_remote(path: str) -> bool:
    """Whether `path` is an address and not a file of this machine."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", path) is not None


def shown(path: str) -> str:
    """A path or address as it may be shown: without a password, and without a query, which may be a signature."""
    return re.sub(r"[?#].*", "", without_password(path)) if re.match(r"https?://", path) else without_password(path)


def one_line(error: BaseException) -> str:
    """What an error says, in one line of bounded length and without secrets."""
    text = re.sub(r"(https?://[^\s?'\"]*)\?[^\s'\"]*", r"\1", without_password(str(error)[:4000]))
    return " ".join(text.split())[:300] or type(error).__name__


def files_of(path: str) -> list[tuple[str, str]]:
    """(name inside the source, file) of what a file, folder or glob stands for, in the order of their names.

    Hidden files of a folder are not among them. UserError if an address cannot be listed.
    """
    if is_remote(path):
        return _listed(path)
    path = os.path.expanduser(path)
    if os.path.isfile(path):
        return [(os.path.basename(path), path)]
    if os.path.isdir(path):
        found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
        return _visible((os.path.relpath(file, path), file) for file in found)
    fixed = os.path.dirname(re.split(r"[*?\[]", path)[0]) or "."  # folder above the first wildcard
    return [(os.path.relpath(file, fixed), file) for file in sorted(glob.glob(path, recursive=True))]


def size_and_stamp(file: str) -> tuple[int, str]:
    """The size of a file in bytes, 0 where a server does not say, and what changes when the file does.

    UnreadableError for what is no regular file, nor a link to one, as the hub's cache has them.
    """
    if is_remote(file):
        with _connected(file):
            system, place = _system(file)
            facts = system.info(place)
        size = int(facts.get("size") or 0)
        return size, f"{size}\0{next((facts[name] for name in STAMPS if facts.get(name)), '')}"
    if not os.path.isfile(file):
        raise UnreadableError("not a regular file")
    try:
        status = os.stat(file)
    except OSError as error:
        raise UnreadableError("unreadable", error.strerror or "") from None
    return status.st_size, f"{status.st_size}\0{status.st_mtime_ns}"


def open_file(file: str, in_order: bool = False) -> io.BufferedReader:
    """Open a file for its bytes; `in_order`, it is only read from its beginning on, which every server can do.

    UserError, here or in reading, where the connection breaks.
    """
    if not is_remote(file):
        return open(file, "rb")
    with _connected(file):
        system, place = _system(file)
        options = {"block_size": 0} if in_order and file.startswith("http") else {}
        return io.BufferedReader(_Remote(system.open(place, "rb", **options), file), BUFFER_BYTES)


def gives_stretches(file: str, size: int) -> bool:
    """Whether reading may begin anywhere in a file, which some servers do not allow."""
    if not is_remote(file):
        return True
    if not size:
        return False
    try:
        with open_file(file) as stream:
            return stream.seek(size - 1) == size - 1 and len(stream.read(1)) == 1
    except UserError:
        return False


@contextmanager
def without_deadline() -> Iterator[None]:
    """Stop the clock of the document in hand (an alarm that ends the process) while a network is waited for."""
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)


class _Remote(io.RawIOBase):
    """A file at an address; what goes wrong in reading it is a UserError."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream, self._file = stream, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with _connected(self._file):
            return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        with _connected(self._file), without_deadline():
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _listed(address: str) -> list[tuple[str, str]]:
    with _connected(address):
        system, root = _system(address)
        web = address.startswith("http")
        wildcard = re.search(r"[*\[]" if web else r"[*?\[]", root)  # in an address of the web ? begins the query
        if wildcard is None and system.isfile(root):
            return [(os.path.basename(shown(address)), address)]
        found = sorted(system.glob(root) if wildcard else system.find(root))
        fixed = re.sub(r"[^/]*$", "", root[: wildcard.start()]) if wildcard else f"{root.rstrip('/')}/"
        files = [str(file) for file in found if web or wildcard is None or system.isfile(file)]
        return _visible((shown(file).removeprefix(shown(fixed)), system.unstrip_protocol(file)) for file in files)


def _visible(found: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name, file) for name, file in found if not name.startswith(".") and "/." not in name)


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address, and the place in it."""
    try:
        place: tuple[Any, str] = importlib.import_module("fsspec.core").url_to_fs(address)
        return place
    except ImportError:
        kind = address.split(":")[0]
        raise UserError(
            f"corpus.sources: {kind}:// needs the extra `remote`: pip install 'midspan[remote]'"
            " (for kinds beside s3, hf and https also what fsspec names for them, such as gcsfs)"
        ) from None


@contextmanager
def _connected(file: str) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"corpus.sources: there is no {shown(file)}; check the address and your access") from None
    except Exception as error:  # of whichever library speaks the protocol
        raise UserError(
            f"corpus.sources: reading {shown(file)} broke off ({type(error).__name__}: {one_line(error)});"
            " check your access, and run again to go on from here"
        ) from error
