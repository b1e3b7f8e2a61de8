"""The corpus's fields: where source code comes from, and what of it is kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from midspan.recipe.fields import Count, Settings

Threshold = bool | float | None
ColumnRole = Literal["text", "path", "repository", "language", "licences", "stars", "revision", "date", "encoding"]


class Share(Settings):
    """How much of something a mixture takes: by a weight beside the others', or by passes over all of it."""

    weight: Annotated[float, Field(gt=0)] | None = None
    epochs: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Share:
        if self.weight is not None and self.epochs is not None:
            raise ValueError("give weight or epochs, not both")
        return self


# A date, after which commits are later ones; or the share of a repository's commits that are its latest.
Moment = Annotated[float, Field(gt=0, lt=1)] | date | AwareDatetime


class Heldout(Settings):
    """What is never trained on: all that was written later, of git sources; of others, or without `after`, files."""

    files: Annotated[float, Field(ge=0, lt=1)] = 0.03  # share of them
    after: Moment | None = None


class SourceFields(Share):
    """What every kind of source may say."""

    name: Annotated[str, Field(min_length=1)] | None = None  # None: the last part of its place
    content: Literal["code", "documentation", "text"] = "code"
    languages: list[str] | None = None  # None: those of the corpus
    licence: str | None = None  # SPDX expression for items whose source declares none
    licence_override: dict[str, str] = {}  # name or glob of repositories → SPDX expression, whatever theirs say
    by_language: dict[str, Share] = {}  # shares that differ from the source's own

    @property
    def place(self) -> str:
        """The path or address, "" where there is none."""
        return str(getattr(self, "path", None) or getattr(self, "url", None) or "")

    @property
    def label(self) -> str:
        """The name in reports: `name`, or the last part of its place, or its kind."""
        place = self.place.rstrip("/")
        if place.startswith(("http:", "https:")):
            place = place.split("?")[0]  # which may be a signature
        return self.name or place.rsplit("/", 1)[-1].removesuffix(".git") or place or str(getattr(self, "kind", ""))


class StdlibSource(SourceFields):
    """The standard library of this Python."""

    kind: Literal["stdlib"] = "stdlib"


class FolderSource(SourceFields):
    """A folder of repositories, or one repository, as files."""

    kind: Literal["folder"] = "folder"
    path: Annotated[str, Field(min_length=1)]


class GitSource(SourceFields):
    """A git repository, or a folder of them, by its objects."""

    kind: Literal["git"] = "git"
    path: str | None = None
    url: str | None = None  # instead of a path
    revision: str | None = None  # branch, tag or commit; None: HEAD
    heldout_after: Moment | None = None  # None: the corpus's

    @model_validator(mode="after")
    def _one_place(self) -> GitSource:
        if bool(self.path) == bool(self.url):
            raise ValueError("give path or url")
        return self


class RowFields(SourceFields):
    """Rows of a table, which may be issues too."""

    content: Literal["code", "documentation", "issues", "text"] = "code"  # type: ignore[assignment]
    columns: dict[ColumnRole, str] = {}  # where columns have names of their own
    language: str | None = None  # of rows that have no such column, as are the next two
    encoding: str | None = None  # of texts stored as bytes
    repository: Annotated[str, Field(min_length=1)] | None = None  # None: the source's name


class TableSource(RowFields):
    """Files of rows: one file, a folder or a glob, here or at an address such as s3://bucket/data/*.parquet."""

    kind: Literal["jsonl", "parquet"]
    path: Annotated[str, Field(min_length=1)]


class HubSource(RowFields):
    """A dataset of the Hugging Face hub."""

    kind: Literal["hub"] = "hub"
    path: Annotated[str, Field(min_length=1)]  # "owner/dataset"
    revision: str | None = None
    subset: str | None = None
    split: str = "train"


Source = Annotated[StdlibSource | FolderSource | GitSource | TableSource | HubSource, Field(discriminator="kind")]


class NearDuplicates(Settings):
    """Which near-copies go: files by themselves, or repositories as wholes."""

    level: Literal["file", "repository"] = "file"
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.7  # Jaccard similarity of the words' 5-grams


class OwnScorer(Settings):
    """A scorer of `midspan corpus learn-scorer`; what it scores below the threshold is left out."""

    path: Annotated[str, Field(min_length=1)]
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5


class Corpus(Settings):
    """Where the source code comes from, what of it is kept, and how much is held out."""

    source: str = "stdlib"  # short for one source: "stdlib", or a folder of repositories
    sources: list[Source] = []  # takes the place of `source`
    languages: list[str] | None = None  # None: every language that is known
    licences: list[Literal["permissive", "unknown", "non-permissive"]] = ["permissive"]  # what may be kept
    encodings: Literal["declared", "detected"] = "declared"  # of files that are not UTF-8: what they say, or what fits
    quality: dict[str, Threshold | dict[str, Threshold]] = {}  # rules changed: threshold, on or off, or by language
    scorer: OwnScorer | None = None  # by which quality is judged beside the rules
    near_duplicates: NearDuplicates | None = NearDuplicates()  # None: only exact copies go
    decontaminate: list[str] = []  # files of evaluation sets, nothing of which is to be trained on
    secrets: bool = True  # replaced by placeholders
    order: Literal["dependency", "random"] = "dependency"  # of the files of a repository
    heldout: Heldout = Heldout()
    max_bytes: Count | None = None
    shard_bytes: Annotated[int, Field(ge=0)] = 0  # of one task; 0: as the sources' size asks for, 2 to 256 MB

    @model_validator(mode="after")
    def _names_differ(self) -> Corpus:
        labels = [source.label for source in self.sources]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"two sources are called {twice[0]!r}; give each a name")
        return self

    @property
    def all_sources(self) -> list[Source]:
        """The sources, with `source` written out where there are no others."""
        if self.sources:
            return self.sources
        if self.source == "stdlib":
            return [StdlibSource()]
        return [FolderSource(path=self.source)]
