"""Where a source's repositories lie: its folders from the top down, as far as the first that is one.

What is inside a repository is not looked at here: listing it finds what is nested in it (`checkouts`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from midspan.corpus.licences import is_licence_file
from midspan.corpus.sources.archives import archive_stem
from midspan.corpus.sources.commits import git_folders, is_bare, is_checkout, origin_name
from midspan.corpus.sources.items import Content
from midspan.corpus.sources.trees import VIRTUAL_ENVIRONMENT, marks_a_repository, why_not_entered, why_not_read
from midspan.errors import UserError

RootKind = Literal["whole", "loose", "beside", "bare", "archive", "git", "all"]

# Files that only the top of a project has, and names of folders that are parts of one.
MANIFESTS = frozenset(
    {"package.json", "pyproject.toml", "setup.py", "setup.cfg", "pkg-info", "cargo.toml", "go.mod", "pom.xml"}
    | {"build.gradle", "build.gradle.kts", "settings.gradle", "build.sbt", "composer.json", "gemfile", "mix.exs"}
    | {"package.swift", "pubspec.yaml", "project.toml", "stack.yaml", "dune-project", "rebar.config", "deno.json"}
    | {
        "project.clj",
        "makefile.pl",
        "build.pl",
        "dist.ini",
        "meson.build",
        "configure.ac",
        "module.bazel",
    }
)
MANIFEST_ENDINGS = (".gemspec", ".cabal", ".sln", ".csproj", ".rockspec", ".nimble", ".opam", ".podspec")
PARTS = frozenset(
    {"src", "lib", "source", "sources", "include", "app", "cmd", "pkg", "internal", "package", "packages", "crates"}
    | {"test", "tests", "spec", "doc", "docs", "examples", "scripts", "bin", "main", "java", "python"}
)
PACKAGE = "__init__.py"  # a folder with this file is a part of what lies around it
LEVELS = 2  # how far below a folder that may be one repository or hold several is looked


@dataclass(frozen=True)
class Root:
    """Where something of a source begins, and its name."""

    kind: RootKind
    place: str = ""
    name: str = ""
    prefix: str = ""  # what stands before paths in it: in the names of nested repositories, or of what is passed over
    alone: bool = False  # it is the source itself
    revision: str | None = None  # of one that was fetched


@dataclass
class Look:
    """What the names of a folder's entries say."""

    checkout: bool = False  # it has .git
    bare: bool = False
    manifest: bool = False
    licence: bool = False
    code: bool = False  # files that show that it is one repository
    readable: bool = False  # any files that would be read
    beside: bool = False  # anything that would have to be passed over, were it no repository
    environment: bool = False
    folders: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)


Decision = Literal["whole", "split", "container"]


def look(folder: str, content: Content, below: bool = False) -> Look:
    """Read a folder's names; OSError if they cannot be read. Its files are not held: there may be millions.

    `below` the top, no further than to what shows that it is one repository.
    """
    found = Look()
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            found.checkout |= name == ".git" and is_checkout(folder)
            found.bare |= name == "HEAD" and is_bare(folder)
            if entry.is_symlink():
                found.beside = True
            elif entry.is_dir(follow_symlinks=False):
                if why_not_entered(name):
                    found.beside = True
                else:
                    found.folders.append(name)
            elif archive_stem(name):
                found.archives.append(name)
            else:
                _note_file(found, name, content)
                if below and (found.code or found.licence or found.manifest):
                    found.bare = is_bare(folder)
                    break
    found.folders.sort()
    found.archives.sort()
    return found


def _note_file(found: Look, name: str, content: Content) -> None:
    found.beside = True
    lower = name.lower()
    known = name == "DESCRIPTION" or lower in MANIFESTS or lower.endswith(MANIFEST_ENDINGS)  # the first of R
    found.manifest |= content == "code" and known
    found.environment |= name == VIRTUAL_ENVIRONMENT
    found.licence = found.licence or is_licence_file(name)
    found.code = found.code or marks_a_repository(name, content)
    found.readable = found.readable or why_not_read(name, 0, content) is None


def folder_roots(path: str, content: Content) -> Iterator[Root]:
    """The repositories of a folder, at any depth; UserError if there is no such folder.

    A folder is one repository if it has .git, a manifest, or source files, or folders that are parts of a project; one
    that has none of these holds repositories. Names are paths below the source.
    """
    place = Path(path).expanduser()
    stem = archive_stem(place.name)
    if stem and place.is_file():
        yield Root("archive", str(place.resolve()), stem, alone=True)
        return
    if not place.is_dir():
        raise UserError(
            f"corpus.source: {path} is no folder and no archive; give one with repositories in it, or 'stdlib'"
        )
    top = str(place.resolve())
    name = printable(os.path.basename(top))
    found = _look_at_the_top(top, content)
    if found.checkout:
        name = origin_name(top) or name
        yield Root("whole", top, name, f"{name}/", alone=True)
        return
    decision = decide(top, found, content, at_the_top=True)
    if decision == "whole":
        yield Root("whole", top, name, alone=True)
    elif decision == "split":
        yield Root("loose", top, name)
    elif found.beside:
        yield Root("beside", top, name)
    if decision != "whole":
        yield from _below(top, found, content, name if decision == "split" else "")


def _below(top: str, found: Look, content: Content, taken: str) -> Iterator[Root]:
    """The repositories below the folder at the top; `taken` is the name that the top's own files have."""
    waiting = list(_inside("", found))
    source = os.path.basename(top)
    while waiting:
        path, name, kind = waiting.pop()
        place = os.path.join(top, path)
        name = unique(printable(name), taken)
        if kind == "archive":
            yield Root("archive", place, name)
            continue
        try:
            found = look(place, content, below=True)
        except OSError:
            yield Root("whole", place, name)  # listing it says why it cannot be read
            continue
        if found.bare and not found.checkout:
            yield Root("bare", place, name)
            continue
        decision = decide(place, found, content)
        if decision == "whole":
            yield Root("whole", place, name, f"{name}/")
            continue
        if decision == "split":
            yield Root("loose", place, name)
        elif found.beside:
            yield Root("beside", place, printable(source), f"{printable(path)}/")
        waiting += _inside(f"{path}/", found)


def _inside(prefix: str, found: Look) -> Iterator[tuple[str, str, str]]:
    """(path, name, kind) of what lies in a folder that holds repositories, the last first.

    An archive loses its ending where nothing else beside it has that name.
    """
    names = Counter([*found.folders, *map(archive_stem, found.archives)])
    for archive in reversed(found.archives):
        stem = archive_stem(archive)
        yield prefix + archive, prefix + (stem if names[stem] == 1 else archive), "archive"
    for folder in reversed(found.folders):
        if why_not_entered(prefix + folder) is None:
            yield prefix + folder, prefix + folder, "folder"


def unique(name: str, taken: str) -> str:
    """A name that is not `taken`, nor what another name becomes here."""
    return f"{taken}/{name}" if taken and (name == taken or name.startswith(f"{taken}/")) else name


def decide(place: str, found: Look, content: Content, at_the_top: bool = False) -> Decision:
    """Whether a folder is one repository, holds some ("container"), or both: loose files beside some ("split")."""
    if found.checkout or found.environment:
        return "whole"
    if content != "code":
        return "whole" if not at_the_top or found.readable else "container"
    if found.manifest or (not at_the_top and (found.licence or found.code)) or _has_parts(place, found, at_the_top):
        return "whole"
    if at_the_top:
        if found.licence and not _any_below(place, found, lambda one: one.checkout):
            return "whole"  # under one licence, so one project
        if found.code:
            several = bool(found.archives) or _any_below(place, found, lambda one: one.checkout or one.manifest)
            return "split" if several else "whole"
        return "container"
    if found.readable:
        several = _any_below(place, found, lambda one: one.checkout or one.manifest or one.licence)
        return "split" if several else "whole"
    return "container"


def _has_parts(place: str, found: Look, at_the_top: bool) -> bool:
    """Whether folders in it are parts of one project; a folder of the user's own may be called docs, too."""
    parts = [name for name in found.folders if name.lower() in PARTS]
    if not at_the_top:
        return bool(parts) or any(os.path.exists(os.path.join(place, name, PACKAGE)) for name in found.folders)
    if len(parts) < max(2, len(found.folders)):
        return False
    return not _any_below(place, found, lambda one: one.checkout or one.manifest or one.licence, levels=1)


def _any_below(place: str, found: Look, holds: Callable[[Look], bool], levels: int = LEVELS) -> bool:
    for name in found.folders:
        folder = os.path.join(place, name)
        try:
            inside = look(folder, "code")
        except OSError:
            continue
        if holds(inside) or (levels > 1 and _any_below(folder, inside, holds, levels - 1)):
            return True
    return False


def git_roots(path: str) -> Iterator[Root]:
    """The git repositories of a folder at any depth, or the one that it is; UserError if there is none."""
    place = Path(path).expanduser()
    if git_folders(place) is not None:
        top = place.resolve()
        named = top.parent if top.name == ".git" else top
        name = origin_name(str(place)) or printable(named.name.removesuffix(".git"))
        yield Root("git", str(top), name, f"{name}/", alone=True)
        return
    none = True
    for root in _git_below(str(place.resolve())) if place.is_dir() else ():
        none &= root.kind != "git"
        yield root
    if none:
        raise UserError(f"corpus.sources: no git repository at {place}; give a clone, a bare one, or a folder of them")


def repositories_in(place: Path) -> list[str]:
    """The names of the git repositories of a folder, of which there may be none."""
    try:
        return [root.name for root in git_roots(str(place)) if root.kind == "git"]
    except UserError:
        return []


def _git_below(top: str) -> Iterator[Root]:
    found = _look_at_the_top(top, "code")
    source = printable(os.path.basename(top))
    if found.beside or found.archives:
        yield Root("beside", top, source)
    waiting = _without_endings("", found.folders)
    while waiting:
        path, name = waiting.pop()
        place = os.path.join(top, path)
        if is_checkout(place) or is_bare(place):
            yield Root("git", place, printable(name), f"{printable(name)}/")
            continue
        try:
            found = look(place, "code")
        except OSError:
            yield Root("beside", place, source, f"{printable(path)}/")
            continue
        if found.beside or found.archives:
            yield Root("beside", place, source, f"{printable(path)}/")
        waiting += _without_endings(f"{path}/", found.folders)


def _without_endings(prefix: str, folders: Sequence[str]) -> list[tuple[str, str]]:
    """(path, name) of folders, the last first: "x.git" is called "x" where no "x" lies beside it."""
    beside = set(folders)
    return [
        (prefix + folder, prefix + (folder if (plain := folder.removesuffix(".git")) in beside else plain))
        for folder in reversed(folders)
        if not why_not_entered(prefix + folder)
    ]


def _look_at_the_top(top: str, content: Content) -> Look:
    try:
        return look(top, content)
    except OSError as error:
        raise UserError(f"corpus.source: cannot read {top}: {error.strerror}") from error


def printable(name: str) -> str:
    """A file name whose bytes are not UTF-8 with those bytes spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
