"""The corpus's fields: where source code comes from, and what of it is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

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


class Source(Share):
    """One place that documents come from."""

    kind: Literal["stdlib", "folder", "git", "jsonl", "parquet", "hub"]
    name: Annotated[str, Field(min_length=1)] | None = None  # None: the last part of its path
    path: str | None = None  # folder, repository, file, folder or glob of files; the hub's "owner/dataset"
    url: str | None = None  # of a git repository, instead of a path
    revision: str | None = None  # of git: branch, tag or commit, None for HEAD; of the hub
    content: Literal["code", "documentation", "issues", "text"] = "code"
    columns: dict[ColumnRole, str] = {}  # of tables whose columns have names of their own
    languages: list[str] | None = None  # None: those of the corpus
    licence: str | None = None  # SPDX expression for items whose source declares none
    subset: str | None = None  # of the hub's dataset
    split: str = "train"  # of the hub's dataset
    by_language: dict[str, Share] = {}  # shares that differ from the source's own

    @model_validator(mode="after")
    def _fields_fit_the_kind(self) -> Source:
        if self.kind == "stdlib":
            if self.path or self.url:
                raise ValueError("kind stdlib takes no path: it is the standard library of this Python")
        elif bool(self.path) == bool(self.url):
            raise ValueError("give path or url" if self.kind == "git" else f"kind {self.kind} needs a path")
        if self.url and self.kind != "git":
            raise ValueError(f"kind {self.kind} takes a path; a url is for kind git")
        if self.revision and self.kind not in ("git", "hub"):
            raise ValueError(f"kind {self.kind} has no revision; use kind git or hub")
        if self.columns and self.kind not in ("jsonl", "parquet", "hub"):
            raise ValueError(f"kind {self.kind} has no columns")
        if self.content == "issues" and self.kind not in ("jsonl", "parquet", "hub"):
            raise ValueError("issues are read from kind jsonl, parquet or hub")
        return self

    @property
    def label(self) -> str:
        """The name in reports: `name`, or the last part of path or url."""
        place = (self.path or self.url or self.kind).rstrip("/")
        return self.name or place.rsplit("/", 1)[-1].removesuffix(".git") or place


class NearDuplicates(Settings):
    """Which near-copies go: files by themselves, or repositories as wholes."""

    level: Literal["file", "repository"] = "file"
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.7  # Jaccard similarity of the words' 5-grams


class Corpus(Settings):
    """Where the source code comes from, what of it is kept, and how much is held out."""

    source: str = "stdlib"  # short for one source: "stdlib", or a folder of repositories
    sources: list[Source] = []  # takes the place of `source`
    languages: list[str] | None = None  # None: every language that is known
    licences: list[Literal["permissive", "unknown", "non-permissive"]] = ["permissive"]  # what may be kept
    quality: dict[str, Threshold | dict[str, Threshold]] = {}  # rules changed: threshold, on or off, or by language
    near_duplicates: NearDuplicates | None = NearDuplicates()  # None: only exact copies go
    decontaminate: list[str] = []  # files of evaluation sets, nothing of which is to be trained on
    secrets: bool = True  # replaced by placeholders
    order: Literal["dependency", "random"] = "dependency"  # of the files of a repository
    heldout_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.03  # of files
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
            return [Source(kind="stdlib")]
        return [Source(kind="folder", path=self.source)]
