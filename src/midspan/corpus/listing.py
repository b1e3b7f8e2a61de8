"""Which files a source has: the standard library's, or those of a folder of repositories."""

from __future__ import annotations

import os
import platform
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from midspan.corpus.languages import PROSE_AND_SETTINGS, language_of_name
from midspan.errors import UserError
from midspan.files import hash_text

STANDARD_LIBRARY = "stdlib"
MAX_FILE_BYTES = 8_000_000  # OpenCoder's limit; nobody writes such a file by hand
MAX_DEPTH = 64  # StarCoder2

# Other people's code and what tools leave behind. Hidden folders (.git among them) are skipped too.
SKIPPED_FOLDERS = frozenset(
    {"node_modules", "bower_components", "site-packages", "dist-packages", "__pycache__", "__pypackages__"}
    | {"venv", "virtualenv"}
)
STANDARD_LIBRARY_TESTS = frozenset({"test", "tests", "idle_test"})


@dataclass(frozen=True)
class SourceFile:
    """A file that may become a document."""

    file: str  # where it is
    root: str  # its repository's folder
    path: str  # as documents name it, with "/"
    repository: str
    revision: str
    size: int


@dataclass(frozen=True)
class Excluded:
    """A file or folder that is left out, and why."""

    repository: str
    path: str
    reason: str
    detail: str = ""


@dataclass
class Listing:
    """All files of a source, in the order of repository and path, and what was passed over."""

    files: list[SourceFile] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)


def list_source(source: str) -> Listing:
    """List the files of `source`: "stdlib", or a folder; UserError if there is no such folder."""
    listing = Listing()
    if source == STANDARD_LIBRARY:
        root = Path(sysconfig.get_paths()["stdlib"])
        for file in _walk(root, root, "", "stdlib", listing, SKIPPED_FOLDERS | STANDARD_LIBRARY_TESTS):
            path = file.relative_to(root).as_posix()
            repository = path.split("/")[0].removesuffix(".py")
            _add(listing, file, root, path, repository, f"Python {platform.python_version()}")
    else:
        folder = Path(source).expanduser()
        if not folder.is_dir():
            raise UserError(f"corpus.source: {source} is no folder; give one with repositories in it, or 'stdlib'")
        for root in _repositories(folder):
            revision = git_revision(root)
            for file in _walk(root, root, "", root.name, listing, SKIPPED_FOLDERS):
                _add(listing, file, root, file.relative_to(root).as_posix(), root.name, revision)
    listing.files.sort(key=lambda file: (file.repository, file.path))
    listing.excluded.sort(key=lambda entry: (entry.repository, entry.path))
    return listing


def source_fingerprint(source: str) -> str:
    """A hash that changes when a file of `source` is added, removed or written to: names, sizes and times only."""
    lines = [
        f"{entry.path}\0{entry.size}\0{Path(entry.file).stat().st_mtime_ns}" for entry in list_source(source).files
    ]
    return hash_text("\n".join(lines))


def _repositories(folder: Path) -> list[Path]:
    """The repositories of a folder: itself if it is one, otherwise its sub-folders."""
    folder = folder.resolve()
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UserError(f"corpus.source: cannot read {folder}: {error.strerror}") from error
    languages = {language_of_name(entry.name) for entry in entries if entry.is_file()}
    if (folder / ".git").exists() or languages - PROSE_AND_SETTINGS - {None}:
        return [folder]
    return [entry for entry in entries if entry.is_dir() and not entry.is_symlink() and _skip(entry) is None]


def _skip(folder: Path, names: frozenset[str] = SKIPPED_FOLDERS) -> str | None:
    """Why a folder is not entered, None if it is."""
    if folder.name.startswith("."):
        return "hidden"
    if folder.name in names:
        return folder.name
    return "virtual environment" if (folder / "pyvenv.cfg").exists() else None


def _walk(
    root: Path, folder: Path, prefix: str, repository: str, listing: Listing, skipped: frozenset[str]
) -> Iterator[Path]:
    """Yield the regular files below `folder`; links are not followed, so there are no loops and no way out."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        listing.excluded.append(Excluded(repository, prefix or ".", "unreadable", error.strerror or ""))
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        printable = path.encode("utf-8", "backslashreplace").decode()
        if entry.is_symlink():
            listing.excluded.append(Excluded(repository, printable, "symbolic link"))
        elif entry.is_dir(follow_symlinks=False):
            why = _skip(Path(entry.path), skipped) or ("too deep" if path.count("/") >= MAX_DEPTH else None)
            if why is None:
                yield from _walk(root, Path(entry.path), f"{path}/", repository, listing, skipped)
            else:
                listing.excluded.append(Excluded(repository, f"{printable}/", "skipped folder", why))
        elif printable != path:
            listing.excluded.append(Excluded(repository, printable, "file name is not UTF-8"))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        else:
            listing.excluded.append(Excluded(repository, path, "not a regular file"))


def _add(listing: Listing, file: Path, root: Path, path: str, repository: str, revision: str) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        listing.excluded.append(Excluded(repository, path, "unreadable", error.strerror or ""))
        return
    if file.suffix and language_of_name(path) is None:
        listing.excluded.append(Excluded(repository, path, "unknown language", file.suffix))
    elif size > MAX_FILE_BYTES:
        listing.excluded.append(Excluded(repository, path, "too large", f"{size} bytes"))
    else:
        listing.files.append(SourceFile(str(file), str(root), path, repository, revision, size))


def git_revision(repository: Path) -> str:
    """The commit that is checked out, "" if that cannot be told.

    Read from the files: running git in a stranger's repository would run what its configuration says.
    """
    git = repository / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if head.startswith("ref: "):
            reference = head.removeprefix("ref: ")
            loose = git / reference
            if loose.is_file() and loose.resolve().is_relative_to(git.resolve()):
                head = loose.read_text(encoding="ascii").strip()
            else:
                packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
                head = next((line.split()[0] for line in packed if line.endswith(f" {reference}")), "")
    except (OSError, UnicodeError):
        return ""
    return head if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", head) else ""
