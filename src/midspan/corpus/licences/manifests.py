"""What the manifest of a package states of its licence: package.json, Cargo.toml, pom.xml and some fifty more.

A statement is an SPDX expression, or SEE and the name of the file that holds the licence. Nothing is executed, and what
cannot be parsed states nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import Any

from midspan.corpus.licences import python_manifests
from midspan.corpus.licences.canonical_names import canonical, canonical_of
from midspan.corpus.licences.expressions import licence_class
from midspan.corpus.licences.statements import SEE, named, parsed

Reader = Callable[[str], Iterable[str]]


def _json(text: str) -> Iterator[str]:
    """npm's `license` and its old `licenses`; Bower, Deno, JSR, Elm, CPAN, CodeMeta and others have the same."""
    found = parsed(json.loads, text)
    for field in ("license", "licence", "licenses"):
        yield from named(found.get(field))


def _composer(text: str) -> Iterator[str]:
    """A list is a choice (getcomposer.org/doc/04-schema.md#license)."""
    value = parsed(json.loads, text).get("license")
    choice = [canonical_of(one) for one in value] if isinstance(value, list) else []
    if choice and all(choice):
        yield " OR ".join(f"({one})" if " " in one else one for one in choice)
    else:
        yield from named(value)


def _citation(text: str) -> Iterator[str]:
    """Several licences are a choice (Citation File Format 1.2.0, `license`)."""
    found = list(_lines(text))
    yield from [" OR ".join(found)] if len(found) > 1 and not any(" " in one for one in found) else found


def _toml(*tables: str) -> Reader:
    """`license` and `license-file` of one of these tables; "" is the top."""

    def read(text: str) -> Iterator[str]:
        document = parsed(tomllib.loads, text)
        for name in tables:
            table: Any = document
            for part in filter(None, name.split(".")):
                table = table.get(part, {}) if isinstance(table, dict) else {}
            if isinstance(table, dict):
                for field in ("license", "licences", "licenses"):
                    yield from named(table.get(field) if not isinstance(table.get(field), dict) else None)
                if isinstance(file := table.get("license-file"), str):
                    yield f"{SEE}{file}"

    return read


def _found(pattern: str) -> Reader:
    """What the groups of a pattern hold, wherever it stands: quoted names, or one name alone."""
    compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE | re.DOTALL)

    def read(text: str) -> Iterator[str]:
        for match in compiled.finditer(text):
            value = next(group for group in match.groups() if group is not None)
            quoted = re.findall(r"([\"'])(.*?)\1", value)
            words = value[3:-1].split() if value.startswith("%w") else value
            yield from named([one for _, one in quoted] or words)

    return read


_LINE = re.compile(
    r"^[ \t]*[\"']?licen[cs]es?[\"']?[ \t]*[:=][ \t]*(.*(?:\n[ \t]*-[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)


def _lines(text: str) -> Iterator[str]:
    """`license: MIT`, with its list on the same line or below, as in YAML, Cabal, opam, Lua."""
    for match in _LINE.finditer(text):
        listed = re.findall(r"^[ \t]*-[ \t]+(.+)$", match.group(1), re.MULTILINE)
        quoted = [one for _, one in re.findall(r"([\"'])(.*?)\1", match.group(1))]
        values = listed or quoted or [match.group(1).split(" #")[0]]
        yield from named([value.strip(" \t\"'[](){};,") for value in values])


def _r_description(text: str) -> Iterator[str]:
    """`MIT + file LICENSE`, `GPL-2 | GPL-3` (cran.r-project.org/doc/manuals/R-exts.html#Licensing)."""
    if field := re.search(r"^License:[ \t]*(.+(?:\n[ \t]+.+)*)", text, re.MULTILINE):
        choices = [re.split(r"\s*\+?\s*\bfile\s+LICEN[CS]E\b", one)[0].strip() for one in field.group(1).split("|")]
        found = [canonical(one) for one in choices if one]
        yield from [" OR ".join(f"({one})" if " " in one else one for one in found)] if found and all(found) else []
        if re.search(r"\bfile\s+LICEN[CS]E\b", field.group(1)):
            yield f"{SEE}LICENSE"


_XML_LICENCE = re.compile(
    r"<license\b([^>]{0,200})>(.{0,2000}?)</license>|<PackageLicense(Expression|File|Url)>(.{0,500}?)</PackageLicense\w{1,10}>"
    r"|<licenseUrl>(.{0,500}?)</licenseUrl>",
    re.DOTALL,
)


def _xml(text: str) -> Iterator[str]:
    """Maven's licenses, which all hold; NuGet's and ROS's; the address counts where there is no name."""
    for match in _XML_LICENCE.finditer(_without_comments(text)):
        attributes, inner, kind, value, address = match.groups()
        if inner is not None:
            fields = [re.search(rf"<{name}>(.*?)</{name}>", inner, re.DOTALL) for name in ("name", "url")]
            value = next((field.group(1) for field in fields if field), inner)
        value = unescape((value or address or "").strip())
        is_file = kind == "File" or 'type="file"' in (attributes or "")
        if not re.search(r"aka\.ms/deprecateLicenseUrl|^\$\(", value):
            yield from [f"{SEE}{value}"] if is_file else named(value)


def _without_comments(text: str) -> str:
    first, *others = text.split("<!--")
    return first + "".join(other.partition("-->")[2] for other in others)


_QUOTED = r"(?:\[[^\]]{0,2000}\]|\([^)]{0,2000}\)|[\"'][^\"'\n]*[\"'])"
# The names of the files, and how each is read.
_TABLE: tuple[tuple[str, Reader], ...] = (
    (r"(?:package|bower|deno|jsr|elm|dub|haxelib|vcpkg|META|codemeta|metadata|manifest|component)\.jsonc?", _json),
    (r"composer\.json", _composer),
    (r"Cargo\.toml", _toml("package", "workspace.package")),
    (r"(?:gleam|fpm|typst|galaxy|nimble)\.toml", _toml("", "package")),
    (r"pyproject\.toml", python_manifests.pyproject),
    (r"setup\.cfg", python_manifests.setup_cfg),
    (r"setup\.py", python_manifests.setup_py),
    (r"PKG-INFO", python_manifests.metadata),
    (r"(?:pom|package)\.xml|.+\.pom|.+\.nuspec|.+\.(?:cs|fs|vb)proj|Directory\.Build\.props", _xml),
    (r".+\.gemspec", _found(rf"\.licenses?\s*=\s*({_QUOTED}|%w[\[(][^\])]*[\])])")),
    (r".+\.podspec", _found(r"\.license\s*=\s*(?:[{]?\s*:type\s*=>\s*|[{]?\s*type:\s*)?([\"'][^\"'\n]*[\"'])")),
    (r"mix\.exs", _found(rf"\blicenses:\s*({_QUOTED})")),
    (r".+\.app\.src", _found(rf"\{{licenses,\s*({_QUOTED})\}}")),
    (r"build\.gradle(?:\.kts)?", _found(r"\blicense\s*\{\s*name(?:\s*=\s*|\.set\(|\s+)\s*([\"'][^\"'\n]*[\"'])")),
    (r"build\.sbt", _found(r"\blicenses\s*(?:\+=|:=)\s*(?:Seq|List)?\(?\s*\(?([\"'][^\"'\n]*[\"'])")),
    (r"project\.clj", _found(r":license\s*\{\s*:name\s*(\"[^\"\n]*\")")),
    (r"meson\.build", _found(rf"\blicense\s*:\s*({_QUOTED})")),
    (r"Makefile\.PL|Build\.PL", _found(r"\blicense[\"']?\s*(?:=>|,)?\s*([\"'][^\"'\n]*[\"'])")),
    (r"conanfile\.py", _found(rf"^\s+license\s*=\s*({_QUOTED})")),
    (r"dune-project", _found(r"\(license\s+([^()\n]+)\)")),
    (r"dub\.sdl", _found(r"^license\s+(\"[^\"\n]*\")")),
    (r"PKGBUILD", _found(r"^license=(\([^)]{0,2000}\))")),
    (r"DESCRIPTION", _r_description),
    (r"CITATION\.cff", _citation),
    (
        r".+\.cabal|package\.yaml|META\.yml|shard\.yml|galaxy\.yml|.+\.rockspec|.+\.nimble|.+\.opam|dist\.ini|.+\.spec",
        _lines,
    ),
)
_READERS = [(re.compile(name), reader) for name, reader in _TABLE]
_NAMES = re.compile("|".join(f"(?:{name})" for name, _ in _TABLE))


def is_manifest(name: str) -> bool:
    """Whether a file of this name is the manifest of a package."""
    return bool(_NAMES.fullmatch(name))


def stated_in(name: str, text: str) -> list[str]:
    """What a manifest states, all of which holds.

    Where the first statement is permissive, others that are so too are left out: classifiers and short names repeat
    less exactly what a field has said.
    """
    reader = next(reader for pattern, reader in _READERS if pattern.fullmatch(name))
    found = list(dict.fromkeys(filter(None, reader(text.removeprefix("\ufeff")))))
    more = [one for one in found[1:] if licence_class(one) != "permissive"]
    return [*found[:1], *more] if found and licence_class(found[0]) == "permissive" else found
