"""Rows of a table to items: the layouts of The Stack v1 and v2, StarCoderData, github-code and plain text.

A layout is recognised by its columns: each role takes the first column of its list that the row has.
The Stack: huggingface.co/datasets/bigcode/the-stack, …/the-stack-v2, …/starcoderdata (dataset cards).
"""

from __future__ import annotations

import codecs
import functools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from midspan.corpus.licences import declared_in_row
from midspan.corpus.sources.items import MAX_FILE_BYTES, Content, Excluded, Raw, SourceTask

if TYPE_CHECKING:
    from midspan.recipe import SourceFields

COLUMNS: dict[str, tuple[str, ...]] = {
    "text": ("content", "text", "code", "blob"),
    "path": ("max_stars_repo_path", "path", "file_path", "filename", "url"),
    "repository": ("max_stars_repo_name", "repo_name", "repository", "repo"),
    "language": ("lang", "language", "programming_language"),
    "licences": ("max_stars_repo_licenses", "detected_licenses", "licenses", "license", "gha_license_id"),
    "stars": ("max_stars_count", "star_events_count", "stars"),
    "revision": ("max_stars_repo_head_hexsha", "revision_id", "commit"),
    "date": ("revision_date", "committer_date", "date", "created_at", "timestamp"),
    "encoding": ("src_encoding", "encoding"),
}
LICENCE_COLUMNS = frozenset({"gha_license_id", "license_type"})  # read beside the one of the role
NESTED = "files"  # The Stack v2 by repository: a list of files, whose fields come before the repository's
# StarCoderData puts what is known of a file before its text: "<reponame>a/b<filename>c.py<gh_stars>10-100\n".
_PREFIX = re.compile(
    r"(?=<(?:reponame|filename|gh_stars)>)(?:<reponame>([^<\n]*))?(?:<filename>([^<\n]*))?(?:<gh_stars>([^<\n]*))?\n"
)


@functools.cache
def _roles(names: frozenset[str], overrides: tuple[tuple[str, str], ...]) -> dict[str, str]:
    chosen = dict(overrides)
    for role, candidates in COLUMNS.items():
        if role not in chosen and (column := next((name for name in candidates if name in names), None)):
            chosen[role] = column
    return chosen


def roles_of(names: Mapping[str, Any] | frozenset[str], overrides: Mapping[str, str]) -> dict[str, str]:
    """Which column plays which role; without "text" there is nothing to read."""
    return _roles(frozenset(names), tuple(sorted(overrides.items())))


def columns_of(source: SourceFields) -> dict[str, str]:
    """Role to column, as the recipe has it; only of rows there are any."""
    return {str(role): column for role, column in getattr(source, "columns", {}).items()}


def needed_columns(names: list[str], overrides: Mapping[str, str], content: Content) -> list[str]:
    """The columns of a table that are read, in its order."""
    if content == "issues" or NESTED in names:
        return names
    wanted = {*roles_of(frozenset(names), overrides).values(), *LICENCE_COLUMNS}
    return [name for name in names if name in wanted]


def files_of_row(row: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The row with its place, or where it is a repository with a list of files, each of those with its fields."""
    files = row.get(NESTED)
    if isinstance(files, list) and files and all(isinstance(file, dict) for file in files):
        shared = {name: value for name, value in row.items() if name != NESTED}
        for index, file in enumerate(files):
            yield f"{place}:{index}", {**shared, **file}
    else:
        yield place, row


def item_of_row(row: Mapping[str, Any], place: str, task: SourceTask) -> Raw | Excluded:
    """The item of one row; `place` is its path where it has none, and where it is said to be if it gives no item."""
    roles = roles_of(row, task.columns)

    def value(role: str) -> Any:
        return row.get(roles.get(role, ""))

    def string(role: str) -> str:
        found = value(role)
        return found.isoformat() if isinstance(found, date) else found if isinstance(found, str) else ""

    repository, path = string("repository") or task.source, string("path") or place
    data = value("text")
    if not isinstance(data, str | bytes):
        what = f"column {roles['text']} holds {type(data).__name__}" if "text" in roles else "no column of text"
        return Excluded(repository, path, "no text", what)
    if isinstance(data, bytes):
        data = _decoded(data, string("encoding"))
    if why := unfit(data):
        return Excluded(repository, path, *why)
    licence, evidence = _licence(row, task.columns)
    raw = Raw(
        data=data,
        path=path,
        repository=repository,
        revision=string("revision"),
        date=string("date"),
        language=(string("language") or None) if task.content == "code" else None,  # of other texts it is a human one
        declared_licence=licence,
        declared_evidence=evidence,
        stars=_count(value("stars")),
        kind=task.content,
    )
    return _without_prefix(raw, roles) if isinstance(data, str) and data.startswith("<") else raw


def _decoded(data: bytes, encoding: str) -> bytes | str:
    """The text of bytes whose encoding the source names; the bytes where it names none that fits."""
    try:
        return data.decode(codecs.lookup(encoding).name) if encoding else data
    except (LookupError, UnicodeError, ValueError):
        return data


def unfit(data: bytes | str) -> tuple[str, str] | None:
    """(reason, detail) why no document can be made of `data`, None if one may be."""
    try:
        size = len(data if isinstance(data, bytes) else data.encode())
    except UnicodeEncodeError:
        return "not text", "holds a lone surrogate"
    return ("too large", f"{size} bytes") if size > MAX_FILE_BYTES else None


def _licence(row: Mapping[str, Any], overrides: Mapping[str, str]) -> tuple[str, str]:
    """The SPDX expression that a row declares, and the column."""
    if column := overrides.get("licences"):
        expression, _ = declared_in_row({"license": row.get(column)})
        return expression, f"column {column}" if expression else ""
    return declared_in_row(row)


def _count(value: Any) -> int:
    """Stars as a whole number; The Stack v1 has them as floats with NaN, StarCoderData's prefix as "10-100"."""
    if isinstance(value, str):
        digits = re.match(r"\d{1,9}", value)
        return int(digits.group()) if digits else 0
    if isinstance(value, int | float) and math.isfinite(value):
        return max(int(value), 0)
    return 0


def _without_prefix(raw: Raw, roles: Mapping[str, str]) -> Raw:
    """An item without StarCoderData's prefix, which tells what no column does."""
    assert isinstance(raw.data, str)
    prefix = _PREFIX.match(raw.data)
    if prefix is None:
        return raw
    repository, path, stars = prefix.groups()
    return replace(
        raw,
        data=raw.data[prefix.end() :],
        repository=repository if repository and "repository" not in roles else raw.repository,
        path=path if path and "path" not in roles else raw.path,
        stars=_count(stars) if stars and "stars" not in roles else raw.stars,
    )
