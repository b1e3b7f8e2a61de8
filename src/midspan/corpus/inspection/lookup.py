"""Finds one file: among the documents, among what was left out, and in the source that it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from midspan.corpus.documents import Document
from midspan.corpus.inspection.records import SIDES, read_exclusions
from midspan.corpus.sources import Excluded, Raw, SourceTask, read_items
from midspan.corpus.sources.items import Files, Fragment, Listed
from midspan.corpus.sources.listings import Listing
from midspan.corpus.sources.plan import Summary, list_roots, portions, roots_of, task_of
from midspan.errors import UserError

if TYPE_CHECKING:
    from midspan.recipe import Corpus

MOST_CANDIDATES = 5


@dataclass(frozen=True)
class Found:
    """One file of a source, by what a build made of it: documents (one per pass), or a line of what it left out."""

    source: str
    repository: str
    path: str
    documents: tuple[tuple[str, Document], ...] = ()  # with the file of the corpus that holds it
    excluded: tuple[dict[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.repository}: {self.path}"


@dataclass(frozen=True)
class Original:
    """The file as its source holds it today; `why_not` where it cannot be had."""

    raw: Raw | None
    why_not: str = ""
    changed: bool = False  # is the source another one than that of the build?


def find_file(folder: Path, wanted: str) -> Found:
    """The file that `wanted` names: the end of its path, "repository/path", or "source:repository/path".

    UserError if none or several are called so; it names the candidates as they can be asked for.
    """
    wanted = wanted.strip("/")
    found: dict[tuple[str, str, str], Found] = {}
    for file, place in _document_places(folder, wanted):
        one = found.setdefault(place, Found(*place))
        documents = ((str(file.relative_to(folder)), _read(file, place)), *one.documents)
        found[place] = replace(one, documents=documents)
    for row in read_exclusions(folder, wanted.rsplit("/", 1)[-1].rsplit(":", 1)[-1].strip()):
        place = (row["source"], row["repository"], row["path"])
        if _distance(wanted, *place) is not None:
            one = found.setdefault(place, Found(*place))
            found[place] = replace(one, excluded=(*one.excluded, row))
    closest = min((_distance(wanted, *place) or 0 for place in found), default=0)
    best = [one for place, one in found.items() if (_distance(wanted, *place) or 0) == closest]
    if not best:
        raise UserError(f"{folder} knows no file {wanted!r}: give the end of its path, such as package/module.py")
    if len(best) > 1:
        shown = Counter(f"{one.repository}/{one.path}" for one in best)
        asked = (
            f"{one.source}:" * (shown[f"{one.repository}/{one.path}"] > 1) + f"{one.repository}/{one.path}"
            for one in best
        )
        names = ", ".join(islice(asked, MOST_CANDIDATES))
        more = f" and {len(best) - MOST_CANDIDATES} more" if len(best) > MOST_CANDIDATES else ""
        raise UserError(f"{len(best)} files are called {wanted!r}: {names}{more}; give more of the path")
    return best[0]


def _distance(wanted: str, source: str, repository: str, path: str) -> int | None:
    """How exactly a file is meant: 0 by source, repository and path, 1 without the source, 2 by its path, 3 by the end.

    None: not at all.
    """
    names = (f"{repository}/{path}", f"{repository}: {path}")
    if wanted in [f"{source}:{name}" for name in names]:
        return 0
    if wanted in names:
        return 1
    if wanted == path:
        return 2
    return 3 if any(name.endswith(f"/{wanted}") for name in names) else None


def _document_places(folder: Path, wanted: str) -> Iterator[tuple[Path, tuple[str, str, str]]]:
    columns = ["source", "repository", "path"]
    for file in (file for side in SIDES for file in sorted((folder / side).glob("*.parquet"))):
        try:
            rows = pq.read_table(file, columns=columns).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"cannot read {file} ({error}): build the corpus again") from error
        for row in rows:
            if _distance(wanted, row["source"], row["repository"], row["path"]) is not None:
                yield file, (row["source"], row["repository"], row["path"])


def _read(file: Path, place: tuple[str, str, str]) -> Document:
    names = ("source", "repository", "path")
    filters = [(name, "=", value) for name, value in zip(names, place, strict=True)]
    row: dict[str, Any] = pq.read_table(file, filters=filters).to_pylist()[0]
    return Document(**row)


def read_original(found: Found, settings: Corpus, facts: list[dict[str, Any]]) -> Original:
    """The file anew from its source, as the settings name it; `facts` are those that the build noted of each source."""
    source = next((one for one in settings.all_sources if one.label == found.source), None)
    if source is None:
        return Original(None, f"the settings name no source {found.source!r}")
    if source.kind == "hub":
        return Original(None, f"{found.source} is streamed from the hub")
    original, summary = None, Summary()
    try:
        for portion in portions(roots_of(source)):
            part = Summary()
            for listing in list_roots(source, portion, settings.shard_bytes):
                part.add(listing)
                original = original or _among(listing, task_of(source), found)
            summary.join(part)
    except UserError as error:
        return Original(None, str(error))
    changed = all(one.get("fingerprint") != summary.stamp for one in facts if one["name"] == found.source)
    return replace(original or Original(None, "it is not among what the source would have read"), changed=changed)


def _among(listing: Listing, task: SourceTask, found: Found) -> Original | None:
    """The file, if it is among what is listed."""
    for item in _items(replace(task, fragments=tuple(listing.fragments)), found):
        if (item.repository, item.path) == (found.repository, found.path):
            if isinstance(item, Excluded):
                return Original(None, f"{item.reason} {item.detail}".strip())
            return Original(item)
    return None


def _items(task: SourceTask, found: Found) -> Iterator[Raw | Excluded]:
    """The items of a task that may be the one; of trees of files no other is read."""
    fragments: list[Fragment | Listed] = []
    for fragment in task.fragments:
        if isinstance(fragment, Files):
            chosen = tuple(entry for entry in fragment.files if entry.path == found.path)
            if fragment.repository.name == found.repository and chosen:
                fragments.append(replace(fragment, files=chosen))
        else:
            fragments.append(fragment)
    return read_items(replace(task, fragments=tuple(fragments))) if fragments else iter(())
