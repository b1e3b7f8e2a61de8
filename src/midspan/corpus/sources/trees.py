"""What a folder on disk and a commit in git have in common: which files are read, and their licence files.

A walk fills a `Tree`; `fragments_of` cuts it into runs of files; `read_files` reads such a run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from midspan.corpus.languages import PROSE_AND_SETTINGS, language_of_name
from midspan.corpus.sources.archives import archive_reader
from midspan.corpus.sources.items import (
    MAX_DEPTH,
    MAX_FILE_BYTES,
    Content,
    Entry,
    Excluded,
    Files,
    Raw,
    Repository,
    UnreadableError,
)
from midspan.corpus.sources.licence_evidence import above, add_evidence, evidence_by_path
from midspan.corpus.sources.objects import ObjectStore

# Other people's code and what tools leave behind. Hidden folders (.git among them) are skipped too.
SKIPPED_FOLDERS = frozenset(
    {"node_modules", "bower_components", "site-packages", "dist-packages", "__pycache__", "__pypackages__"}
    | {"venv", "virtualenv"}
)
VIRTUAL_ENVIRONMENT = "pyvenv.cfg"  # a folder with this file is one
DOCUMENTATION = frozenset({".md", ".markdown", ".rst", ".html", ".htm", ".xhtml", ".txt"})
PLAIN_TEXT = frozenset({"", ".txt", ".text", ".md", ".markdown", ".rst", ".tex"})
REUSE_FOLDER = ".reuse"  # hidden, but it tells of licences
MAX_FILES_OF_FRAGMENT = 5_000


@dataclass
class Tree:
    """What a walk found: files with their sizes, licence files by folder, and what was passed over."""

    repository: str
    content: Content
    files: list[tuple[Entry, int]] = field(default_factory=list)
    licences: dict[str, list[Entry]] = field(default_factory=dict)
    excluded: list[Excluded] = field(default_factory=list)

    def add(self, entry: Entry, size: int) -> None:
        """Note a regular file: as a licence file if it is one, and as a file to read or as excluded."""
        add_evidence(self.licences, entry)
        if f"/{entry.path}".rpartition("/")[0].endswith(f"/{REUSE_FOLDER}"):
            self.exclude(entry.path, "skipped folder", "hidden")
        elif why := why_not_read(entry.path, size, self.content):
            self.exclude(entry.path, *why)
        else:
            self.files.append((entry, size))

    def exclude(self, path: str, reason: str, detail: str = "") -> None:
        """Note what is left out."""
        self.excluded.append(Excluded(self.repository, path, reason, detail))


def why_not_read(path: str, size: int, content: Content) -> tuple[str, str] | None:
    """(reason, detail) why a file is not even opened, told by its name and size; None if it is read."""
    suffix = PurePosixPath(path).suffix.lower()
    if content == "documentation":
        known = suffix in DOCUMENTATION
    elif content == "text":
        known = suffix in PLAIN_TEXT
    else:
        known = not suffix or language_of_name(path) is not None
    if not known:
        return ("unknown language", suffix) if content == "code" else (f"not {content}", suffix)
    return ("too large", f"{size} bytes") if size > MAX_FILE_BYTES else None


def why_not_entered(path: str, skipped: frozenset[str] = SKIPPED_FOLDERS) -> str | None:
    """Why the folder `path` of a repository is not entered, None if it is."""
    name = path.rpartition("/")[2]
    if name.startswith(".") and name != REUSE_FOLDER:
        return "hidden"
    if name in skipped:
        return name
    return "too deep" if path.count("/") >= MAX_DEPTH else None


def marks_a_repository(name: str, content: Content) -> bool:
    """Whether a file of this name at the top of a folder shows that the folder is one repository, not many."""
    if content == "code":
        return language_of_name(name) not in PROSE_AND_SETTINGS | {None}
    return why_not_read(name, 0, content) is None


def fragments_of(
    repository: Repository, tree: Tree, task_bytes: int, most_files: int = MAX_FILES_OF_FRAGMENT
) -> Iterator[Files]:
    """Cut the files of a repository, in the order of their paths, into runs of about `task_bytes`."""
    run: list[Entry] = []
    size = 0
    for entry, bytes_ in sorted(tree.files):
        run.append(entry)
        size += bytes_
        if size >= task_bytes or len(run) >= most_files:
            yield Files(repository, tuple(run), above(run, tree.licences), size)
            run, size = [], 0
    if run:
        yield Files(repository, tuple(run), above(run, tree.licences), size)


def read_files(fragment: Files, content: Content) -> Iterator[Raw | Excluded]:
    """Read a run of files; each comes with the files that tell of its licence."""
    repository = fragment.repository
    with _reader(fragment) as read:
        evidence_of = evidence_by_path(read, fragment.licences)
        for entry in fragment.files:
            try:
                data = read(entry)
            except UnreadableError as error:
                yield Excluded(repository.name, entry.path, error.reason, error.detail)
                continue
            yield Raw(
                data=data,
                path=entry.path,
                repository=repository.name,
                revision=repository.revision,
                date=repository.date,
                declared_licence=repository.declared_licence,
                declared_evidence=repository.declared_evidence,
                licence_files=evidence_of(entry.path),
                kind=content,
            )


@contextmanager
def _reader(fragment: Files) -> Iterator[Callable[[Entry], bytes]]:
    """What reads the bytes of a repository's files; raises UnreadableError for one that it cannot."""
    repository = fragment.repository
    if repository.kind == "folder":
        yield lambda entry: read_regular_file(os.path.join(repository.place, entry.object_id or entry.path))
    elif repository.kind == "archive":
        with archive_reader(fragment) as read:
            yield read
    else:
        with ObjectStore(repository.place) as store:
            yield lambda entry: store.read(entry.object_id, "blob", MAX_FILE_BYTES)


def read_regular_file(file: str, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file; UnreadableError for a link, a pipe, one beyond `limit` bytes, or the system's refusal."""
    try:
        # Non-blocking: a pipe that has taken the file's place since it was listed must not hold us up.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableError("not a regular file")
            data = stream.read(limit + 1)
    except OSError as error:
        raise UnreadableError("unreadable", error.strerror or str(error)) from None
    if len(data) > limit:
        raise UnreadableError("too large", f"over {limit} bytes")
    return data
