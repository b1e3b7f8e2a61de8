"""What a source gives: items not yet judged, what was passed over, and a plan of bounded tasks to read it by."""

from __future__ import annotations

from collections.abc import Mapping
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
    licence_files: tuple[tuple[str, str], ...] = ()  # (path, text) of those that tell of the file's licence
    stars: int = 0
    kind: Content = "code"


@dataclass(frozen=True)
class Excluded:
    """An item, file or folder that is left out, and why."""

    repository: str
    path: str
    reason: str
    detail: str = ""
    count: int = 1  # how many alike it stands for: of thousands the first are listed, the others counted


class Entry(NamedTuple):
    """A file of a tree: its path inside the repository, and the git object or the archive's member that holds it.

    On disk that is "", or where a link at the path leads.
    """

    path: str
    object_id: str = ""


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
    """A run of files of one repository, and what tells of their licences."""

    repository: Repository
    files: tuple[Entry, ...]
    licences: dict[str, tuple[Entry, ...]]  # by folder, "" for the root, or by file
    size: int  # bytes

    def __str__(self) -> str:
        return f"{self.repository.name}: {self.files[0].path} to {self.files[-1].path}"


@dataclass(frozen=True)
class ParquetRows:
    """A run of rows of one row group of a Parquet file."""

    file: str
    name: str  # of the file inside the source
    row_group: int
    start: int
    stop: int
    size: int

    def __str__(self) -> str:
        return f"{self.name}, row group {self.row_group}, rows {self.start} to {self.stop - 1}"


@dataclass(frozen=True)
class ArrowRows:
    """All rows of a file of Arrow batches, such as `datasets` saves."""

    file: str
    name: str
    size: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Lines:
    """The lines of a JSONL file that begin at bytes `start` to `stop` - 1; None: to its end, if it cannot be cut."""

    file: str
    name: str
    start: int
    stop: int | None
    size: int

    def __str__(self) -> str:
        return f"{self.name}, {'all' if self.stop is None else f'bytes {self.start} to {self.stop - 1}'}"


@dataclass(frozen=True)
class Values:
    """All values of a JSON file: the elements of its array, or objects that follow one another in any layout."""

    file: str
    name: str
    size: int

    def __str__(self) -> str:
        return self.name


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

    @property
    def name(self) -> str:
        """Of the shard inside the dataset."""
        return f"{self.split}-{self.index:05d}"

    def __str__(self) -> str:
        return f"{self.dataset}, {self.name}"


TableFragment = ParquetRows | ArrowRows | Lines | Values
Fragment = Files | TableFragment | HubShard


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
    given: dict[str, str] = field(default_factory=dict)  # role to value, for rows that have no such column
    overrides: tuple[tuple[str, str], ...] = ()  # (glob of repositories, SPDX expression) that the recipe gives instead

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


class Located(NamedTuple):
    """A row of a table, or why it cannot be read."""

    place: str  # stands for the path of a row that has none
    number: int  # of the line, element or row within its fragment, as people count it
    row: Mapping[str, Any] | UnreadableError


class UnreadableError(Exception):
    """One item cannot be read: the reason and the detail of its Excluded."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail
