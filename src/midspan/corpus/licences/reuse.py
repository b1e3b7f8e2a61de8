"""REUSE: licences given to files from beside them, by sidecars, REUSE.toml and .reuse/dep5.

reuse.software/spec-3.3; dep5 is Debian's machine-readable copyright format 1.0.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from midspan.corpus.licences.canonical_names import canonical
from midspan.corpus.licences.expressions import all_of
from midspan.corpus.licences.files import REUSE_FILE, kind_of_evidence, spoken_for
from midspan.corpus.licences.header import tags_in
from midspan.corpus.licences.recognition import UNRECOGNISED
from midspan.corpus.licences.statements import parsed

MAX_STARS = 3  # of one glob: more could cost any time
LONGEST_PATH = 300  # characters


class Given(NamedTuple):
    """The licence that a file is given from beside it."""

    expression: str
    where: str
    beside_header: bool  # it holds also where the file's own header gives one


class _Annotation(NamedTuple):
    paths: re.Pattern[str]  # that match a path
    expression: str
    precedence: str  # closest, aggregate or override


def given(path: str, files: Iterable[tuple[str, str]]) -> list[Given]:
    """What the sidecar and the REUSE files among (path, text) say of the file at `path`, the nearest of them first.

    A sidecar stands above the others; of REUSE files the nearest, but those further up that override.
    """
    found: list[Given] = []
    for place, text in sorted(files, key=lambda file: -file[0].count("/")):
        kind = kind_of_evidence(place)
        if kind == "sidecar" and path in ("", spoken_for(place)):
            tags = tags_in(text)
            found = [Given(all_of(tags), place, False)] if tags else []
            break
        if kind == "reuse":
            folder = spoken_for(place)
            below = path.removeprefix(f"{folder}/") if folder else path
            if len(below) > LONGEST_PATH:
                return [Given(UNRECOGNISED, place, True)]
            matching = [one for one in _annotations(place, text) if one.paths.fullmatch(below)]
            for one in matching[-1:]:
                given_here = Given(one.expression, place, one.precedence != "closest")
                if not found or one.precedence != "closest":
                    found.append(given_here)
    return found


@functools.lru_cache(maxsize=64)
def _annotations(place: str, text: str) -> list[_Annotation]:
    return _of_toml(text) if PurePosixPath(place).name == REUSE_FILE else _of_dep5(text)


def _of_toml(text: str) -> list[_Annotation]:
    annotations = parsed(tomllib.loads, text).get("annotations")
    found = []
    tables = annotations if isinstance(annotations, list) else []
    for table in (one for one in tables if isinstance(one, dict)):
        paths, tags = _strings(table.get("path")), _strings(table.get("SPDX-License-Identifier"))
        if paths and tags:
            expression = all_of(canonical(tag) or tag for tag in tags)
            found.append(_annotation(paths, "[^/]*", expression, str(table.get("precedence", "closest"))))
    return found


def _of_dep5(text: str) -> list[_Annotation]:
    found = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        fields = re.findall(r"^(Files|License):[ \t]*((?:.*\n?)(?:[ \t]+.*\n?)*)", paragraph, re.MULTILINE)
        values = dict(fields)
        if "Files" in values and "License" in values:
            expression = canonical(values["License"].split("\n")[0])
            found.append(_annotation(values["Files"].split(), ".*", expression, "aggregate"))
    return found


def _annotation(paths: list[str], star: str, expression: str, precedence: str) -> _Annotation:
    """One with globs of which one has too many stars may be for any file: their licence is not known."""
    if any(len(re.findall(r"\*+", path)) > MAX_STARS for path in paths):
        return _Annotation(re.compile(".*", re.DOTALL), UNRECOGNISED, "aggregate")
    return _Annotation(re.compile("|".join(_glob(path, star) for path in paths)), expression, precedence)


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _glob(path: str, star: str) -> str:
    """A pattern: `*` stands for `star`, `**` for anything, a backslash takes the meaning of what follows."""
    parts = re.findall(r"\\.|\*\*|\*|[^\\*]+|\\", path)
    return "".join(
        ".*" if part == "**" else star if part == "*" else re.escape(part.removeprefix("\\") or part) for part in parts
    )
