"""What a source gives: items not yet judged, what was passed over, and a plan of bounded tasks to read it by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Content = Literal["code", "documentation", "issues", "text"]

MAX_FILE_BYTES = 8_000_000  # OpenCoder's limit; nobody writes such a file by hand
MAX_DEPTH = 64  # StarCoder2


@dataclass(frozen=True)
class Raw:
    """One item of a source, not yet judged. What is not known is "", 0 or None."""

    data: bytes | str  # the bytes of a file, or text where the source holds text
    path: str  # inside the repository, with "/"
    repository: str
    revision: str = ""
    date: str = ""  # ISO 8601
    language: str | None = None  # what the source says: a dataset's column; "prose" of what is no code
    declared_licence: str = ""  # SPDX expression that the source declares
    declared_evidence: str = ""  # where it declares it, such as "column detected_licenses"
    licence_files: tuple[tuple[str, str], ...] = ()  # (path, text) of those in the nearest folder at or above the file
    stars: int = 0
    kind: Content = "code"


@dataclass(frozen=True)
class Excluded:
    """An item, file or folder that is left out, and why."""

    repository: str
    path: str
    reason: str
    detail: str = ""


class Entry(NamedTuple):
    """A file of a tree: its path inside the repository, and the git object or the archive's member that holds it."""

    path: str
    object_id: str = ""  # "" on disk


@dataclass(frozen=True)
class Repository:
    """A tree of files: a folder on disk, a commit in a git repository's object store, or an archive."""

    name: str
    place: str  # the folder, the folder of the git objects, or the archive
    kind: Literal["folder", "git", "archive"]
    revision: str = ""
    date: str = ""
    declared_licence: str = ""
    declared_evidence: str = ""


@dataclass(frozen=True)
class Files:
    """A run of files of one repository, and the licence files of the folders at or above them."""

    repository: Repository
    files: tuple[Entry, ...]
    licences: dict[str, tuple[Entry, ...]]  # by folder, "" for the root
    size: int  # bytes


@dataclass(frozen=True)
class ParquetRows:
    """A run of rows of one row group of a Parquet file."""

    file: str
    name: str  # of the file inside the source
    row_group: int
    start: int
    stop: int
    size: int


@dataclass(frozen=True)
class Lines:
    """The lines of a JSONL file that begin at bytes `start` to `stop` - 1; None: to its end, if it is compressed."""

    file: str
    name: str
    start: int
    stop: int | None
    size: int


@dataclass(frozen=True)
class HubShard:
    """One shard of a Hugging Face dataset, streamed."""

    dataset: str
    subset: str | None
    split: str
    revision: str | None
    index: int
    shards: int
    size: int = 0  # not known


Fragment = Files | ParquetRows | Lines | HubShard


@dataclass(frozen=True)
class Listed:
    """A run of fragments that a listing on disk holds: its bytes `start` to `stop` - 1."""

    file: str
    start: int
    stop: int
    size: int  # bytes of input


@dataclass(frozen=True)
class SourceTask:
    """A bounded part of a source. Picklable; its items and their order depend on the source's content alone."""

    source: str  # the source's name
    content: Content
    fragments: tuple[Fragment | Listed, ...]
    columns: dict[str, str] = field(default_factory=dict)  # role to column, what the recipe overrides
    declared_licence: str = ""  # what the recipe declares where the source itself declares nothing

    @property
    def size(self) -> int:
        """Bytes of input, 0 where they are not known."""
        return sum(fragment.size for fragment in self.fragments)


@dataclass(frozen=True)
class SourcePlan:
    """How a source is read, what of it is not, and what the data card says about it."""

    tasks: list[SourceTask]
    excluded: list[Excluded]
    fingerprint: str  # changes when the source does
    facts: dict[str, Any] = field(default_factory=dict)
    later: list[SourceTask] = field(default_factory=list)  # what is held out because it was written later


class UnreadableError(Exception):
    """One item cannot be read: the reason and the detail of its Excluded."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail
