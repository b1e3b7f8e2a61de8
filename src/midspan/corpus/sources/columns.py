"""Rows of a table to items: the layouts of The Stack v1 and v2, StarCoderData, github-code and plain text.

A layout is recognised by its columns: each role takes the first column of its list that the row has.
The Stack: huggingface.co/datasets/bigcode/the-stack, …/the-stack-v2, …/starcoderdata (dataset cards).
"""

from __future__ import annotations

import codecs
import functools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from midspan.corpus.languages import canonical_language
from midspan.corpus.licences import declared_in_row
from midspan.corpus.sources.items import MAX_FILE_BYTES, Content, Excluded, Raw, SourceTask
from midspan.corpus.sources.trees import why_not_entered
from midspan.corpus.writable import END_OF_INTEGERS, printable, why_unwritable
from midspan.errors import UserError

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
STRINGS = ("path", "repository", "language", "revision", "date", "encoding")
CHECKED = ("path", "repository", "revision", "date", "language", "declared_licence", "declared_evidence", "stars")
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


def given_of(source: SourceFields) -> dict[str, str]:
    """What the recipe says of all rows that have no column for it; UserError for an unknown language or encoding."""
    given = {role: getattr(source, role, None) for role in ("language", "encoding", "repository")}
    language = given["language"]
    if language and canonical_language(language) is None:
        raise UserError(
            f"corpus.sources: {source.label}: unknown language {language!r}; give one that `languages` takes"
        )
    if encoding := given["encoding"]:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise UserError(
                f"corpus.sources: {source.label}: there is no encoding {encoding!r}; give one such as utf-8 or latin-1"
            ) from None
    return {role: value for role, value in given.items() if value}


def why_without_text(names: Iterable[str], overrides: Mapping[str, str]) -> str | None:
    """Why a table of these columns gives no texts, None if it does."""
    names = list(names)
    if NESTED in names or "text" in roles_of(frozenset(names), overrides):
        return None
    return why_only_ids(dict.fromkeys(names)) or f"no column of text among {', '.join(names)[:300]}"


def why_only_ids(row: Mapping[str, Any]) -> str | None:
    """Where the texts are of a row that names them only, as The Stack v2 does; None if it is no such row.

    The dataset card of bigcode/the-stack-v2: contents are gzipped objects of Software Heritage's bucket.
    """
    if "blob_id" not in row or NESTED in row or any(name in row for name in COLUMNS["text"]):
        return None
    return (
        "the rows hold ids alone (blob_id): the contents of The Stack v2 lie at s3://softwareheritage/content/<blob_id>"
        " (gzip, in src_encoding), in bulk by agreement with Software Heritage (see the card of bigcode/the-stack-v2);"
        " fetch them into a column `content`"
    )


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
    fields = {role: _string(row.get(roles.get(role, "")), role) for role in STRINGS}
    repository = fields["repository"] or task.given.get("repository") or task.source
    path = fields["path"] or place
    data = row.get(roles.get("text", ""))
    if not isinstance(data, str | bytes):
        what = f"column {roles['text']} holds {type(data).__name__}" if "text" in roles else "no column of text"
        return _excluded(repository, path, "no text", why_only_ids(row) or what)
    if isinstance(data, bytes):
        data = _decoded(data, fields["encoding"] or task.given.get("encoding", ""))
    if why := unfit(data):
        return _excluded(repository, path, *why)
    facts = {name: plain(value) for name, value in row.items() if name != roles["text"]}
    licence, evidence = _licence(facts, task.columns)
    language = fields["language"] or task.given.get("language") or None
    raw = Raw(
        data=data,
        path=path,
        repository=repository,
        revision=fields["revision"],
        date=fields["date"],
        language=language if task.content == "code" else None,  # of other texts it is a human one
        declared_licence=licence,
        declared_evidence=evidence,
        stars=_count(row.get(roles.get("stars", ""))),
        kind=task.content,
    )
    if isinstance(data, str) and data.startswith("<"):
        raw = _without_prefix(raw, roles)
    return _checked(raw, place)


def _string(value: Any, role: str) -> str:
    """What a field says, "" where it holds no string; bytes that are none get U+DC80 and so on, which are refused."""
    if isinstance(value, bytes):
        if role == "revision" and len(value) in (20, 32):
            return value.hex()  # git's own form of an object's name
        return value.decode("utf-8", "surrogateescape")
    return value.isoformat() if isinstance(value, date) else value if isinstance(value, str) else ""


def plain(value: Any, depth: int = 8) -> Any:
    """A value of a row in which strings stored as bytes are strings."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list) and depth:
        return [plain(one, depth - 1) for one in value]
    if isinstance(value, dict) and depth:
        return {name: plain(one, depth - 1) for name, one in value.items()}
    return value


def _excluded(repository: str, path: str, reason: str, detail: str) -> Excluded:
    return Excluded(printable(repository), printable(path), reason, detail)


def _checked(raw: Raw, place: str) -> Raw | Excluded:
    """An item whose fields can be written and which is nobody else's code, otherwise why it is none."""
    fields = {name: getattr(raw, name) for name in CHECKED}
    if why := why_unwritable(fields):
        return _excluded(raw.repository, raw.path, "bad field", why)
    if raw.path != place and raw.kind in ("code", "documentation") and (why := _why_vendored(raw.path)):
        return Excluded(raw.repository, raw.path, "skipped folder", why)
    return raw


def _why_vendored(path: str) -> str | None:
    """Which folder of a path is not entered where repositories lie on disk, None if all are."""
    if "://" in path:
        return None
    folders = [name for name in path.replace("\\", "/").split("/")[:-1] if name not in ("", ".", "..")]
    return _why_not_entered("/".join(folders)) if folders else None


@functools.lru_cache(maxsize=4096)
def _why_not_entered(folder: str) -> str | None:
    above = folder.rpartition("/")[0]
    return (_why_not_entered(above) if above else None) or why_not_entered(folder)


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
        digits = re.match(r"[0-9]{1,9}", value)
        return int(digits.group()) if digits else 0
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return max(int(value), 0)
    if isinstance(value, Decimal) and value.is_finite():
        return int(max(min(value, Decimal(END_OF_INTEGERS)), Decimal(0)))  # its exponent may be a billion
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
