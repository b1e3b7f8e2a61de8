"""Finds the file of a repository that a name means: an index, so that no file is compared with all others."""

from __future__ import annotations

import bisect
import itertools
import posixpath
from collections.abc import Iterator, Sequence

from midspan.corpus.repositories.declared import Declared, declared_names
from midspan.corpus.repositories.imports import file_imports

# Languages whose files import each other; any other language is a family of its own.
_FAMILIES = (
    "c c++ objective-c objective-c++ cuda",
    "javascript typescript vue svelte css scss sass less html",
    "java kotlin scala groovy",
)
_FAMILY = {language: names.split()[0] for names in _FAMILIES for language in names.split()}
# The file that stands for its folder.
_FOLDER_FILES = {"python": ("__init__",), "javascript": ("index",), "rust": ("mod", "lib"), "lua": ("init",)}


class ModuleIndex:
    """The names that the files of one repository answer to.

    `files` are (path, text, language), sorted by the parts of their paths: those that share most folders with a file
    are then its neighbours in any sorted list of places.
    """

    def __init__(self, files: Sequence[tuple[str, str, str]]) -> None:
        self._files = files
        self._parts = [path.split("/") for path, _, _ in files]
        self._families = [_FAMILY.get(language, language) for _, _, language in files]
        self._packages = {posixpath.dirname(path) for path, _, _ in files if posixpath.basename(path) == "__init__.py"}
        self._exact: dict[tuple[str, str], list[int]] = {}  # (family, path with or without extension)
        self._endings: dict[tuple[str, str], list[int]] = {}  # (family, last parts of such a path)
        self._modules: dict[str, list[int]] = {}  # Python: the path from the first folder that is no package
        self._names: dict[tuple[str, str, str], list[int]] = {}  # (family, space, declared name)
        self._words: dict[str, set[str]] = {}  # family → all its declared names
        self._folders: dict[str, str] = {}  # Go: last parts of a folder's path → that path
        self._declared = [declared_names(*file) for file in files]
        for place in range(len(files)):
            self._add_paths(place)
            self._add_names(place)

    def imported_by(self, place: int) -> dict[int, bool]:
        """The places of the files that the file at `place` imports, without itself, and whether at once."""
        found: dict[int, bool] = {}
        for names, deferred in file_imports(*self._files[place]):
            other = self._first(names, place)
            if other is not None:
                found[other] = found.get(other, False) or not deferred
        declared = self._declared[place]
        if declared is not None:
            found |= {other: True for other in self._declaring(declared, place) if other is not None}
        found.pop(place, None)
        return found

    def _add_paths(self, place: int) -> None:
        path, family = self._files[place][0], self._families[place]
        for answer in _answers(path, family):
            self._exact.setdefault((family, answer), []).append(place)
            parts = answer.split("/")
            for start in range(len(parts)):
                self._endings.setdefault((family, "/".join(parts[start:])), []).append(place)
        if family == "python":
            *folders, file = self._parts[place]
            start = len(folders)
            while start and "/".join(folders[:start]) in self._packages:
                start -= 1
            stem = posixpath.splitext(file)[0]
            module = "/".join([*folders[start:], *([] if stem == "__init__" else [stem])])
            self._modules.setdefault(module, []).append(place)

    def _add_names(self, place: int) -> None:
        declared, family = self._declared[place], self._families[place]
        if declared is None:
            return
        self._words.setdefault(family, set()).update(declared.names)
        for space, name in itertools.product(declared.spaces, declared.names):
            self._names.setdefault((family, space, name), []).append(place)
        if family == "go":
            folders = self._parts[place][:-1]
            for start in range(len(folders)):
                self._folders.setdefault("/".join(folders[start:]), "/".join(folders))

    def _first(self, names: tuple[str, ...], place: int) -> int | None:
        """The file that the first answered of `names` means."""
        found = (self._named(name, place) for name in names)
        return next((other for other in found if other is not None), None)

    def _named(self, name: str, place: int) -> int | None:
        family = self._families[place]
        if name.startswith(("./", "../", "/")) or name == ".":
            folder = "/".join(self._parts[place][:-1])
            path = posixpath.normpath(name.lstrip("/") if name.startswith("/") else posixpath.join(folder, name))
            language = self._files[place][2]
            same = self._exact.get((family, path), ())
            return min(same, key=lambda other: (self._files[other][2] != language, other), default=None)
        if family == "python" and name in self._modules:
            return self._nearest(self._modules[name], place)
        if "/" not in name and "." not in name:
            return None  # "utils" alone would mean some file of nearly every repository
        ending = self._endings.get((family, name), ())
        if not ending and family == "python" and "" in self._packages:  # the repository is itself the package
            ending = self._exact.get((family, name.partition("/")[2]), ())
        return self._nearest(ending, place)

    def _nearest(self, places: Sequence[int], place: int) -> int | None:
        """Of the sorted `places` the one that shares most folders with `place`; it is never `place` itself."""
        after = bisect.bisect_right(places, place)
        before = after - 1
        if before >= 0 and places[before] == place:
            before -= 1
        neighbours = [places[index] for index in (before, after) if 0 <= index < len(places)]
        return min(neighbours, key=lambda other: (-self._shared(place, other), len(self._parts[other])), default=None)

    def _shared(self, one: int, other: int) -> int:
        pairs = zip(self._parts[one], self._parts[other], strict=False)
        return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))

    def _declaring(self, declared: Declared, place: int) -> Iterator[int | None]:
        """The files that declare what `declared` needs."""
        family = self._families[place]
        for imported in declared.imports:
            parts = imported.split(".")
            keys = [("", imported), *((".".join(parts[:cut]), parts[cut]) for cut in range(len(parts) - 1, 0, -1))]
            places = (self._names[family, *key] for key in keys if (family, *key) in self._names)
            yield self._nearest(next(places, ()), place)
        for word in declared.used & self._words[family]:
            for space in declared.visible:
                if (family, space, word) in self._names:
                    yield self._nearest(self._names[family, space, word], place)
        for imported, name in declared.qualified:
            folder = self._go_folder(imported)
            if folder is not None and (family, folder, name) in self._names:
                yield self._nearest(self._names[family, folder, name], place)

    def _go_folder(self, imported: str) -> str | None:
        """The folder of an import path, of which the first parts are the module's name."""
        parts = imported.split("/")
        if "." not in parts[0]:  # "encoding/json" means the folder "json" of no repository but one called "encoding"
            whole = next((one for one in (imported, f"src/{imported}") if self._folders.get(one) == one), None)
            return whole or self._folders.get("/".join(parts[1:]))
        endings = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((self._folders[ending] for ending in endings if ending in self._folders), None)


def _answers(path: str, family: str) -> Iterator[str]:
    """The names of a file: its path, that without extension, and its folder where it stands for it."""
    yield path
    folder, file = posixpath.split(path)
    stem, extension = posixpath.splitext(file)
    if not extension:
        return
    yield posixpath.join(folder, stem)
    if stem.endswith(".d"):
        yield posixpath.join(folder, stem[:-2])
    if folder and stem in _FOLDER_FILES.get(family, ()):
        yield folder
