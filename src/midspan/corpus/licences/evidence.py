"""What the files of a repository say of its licence, weighed: a text, then manifests, then the README.

The strongest kind that says anything decides; all that it says holds. The weaker is kept as evidence, and where it is
not permissive beside a permissive licence, what holds is unknown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from midspan.corpus.licences.canonical_names import canonical
from midspan.corpus.licences.expressions import (
    UNKNOWN,
    Outcome,
    all_of,
    is_choice,
    licence_class,
    names_in,
    worst,
)
from midspan.corpus.licences.files import Kind, is_translation, kind_of_evidence
from midspan.corpus.licences.manifests import stated_in
from midspan.corpus.licences.readme import stated_in_readme
from midspan.corpus.licences.recognition import recognise
from midspan.corpus.licences.silence import says_nothing
from midspan.corpus.licences.statements import SEE

LONGEST_NAME = 120  # characters of a file that holds the name of a licence
UNRECOGNISED_TEXT = "LicenseRef-unrecognised-text"


class Statement(NamedTuple):
    """An SPDX expression and where it stands."""

    expression: str
    where: str


@dataclass(frozen=True)
class Licence:
    """What a file may be used under, and why we think so."""

    expression: str  # SPDX, "unknown" if nothing is known
    evidence: str  # which lines, column or files said it, "" if none did
    outcome: Outcome


def weighed(strong: list[Statement], weak: Iterable[Statement] = ()) -> Licence:
    """The licence where all strong statements hold, with the weak ones that do not repeat them."""
    expression = all_of(one.expression for one in strong)
    outcome = worst(licence_class(one.expression) for one in strong)
    evidence = strong[0].where if len(strong) == 1 else _listed(strong)
    weak = list(weak)
    choices = [names_in(one.expression) for one in strong if is_choice(one.expression)]
    against = [
        one
        for one in weak
        if licence_class(one.expression) != "permissive"
        and not any(names_in(one.expression) <= choice for choice in choices)
    ]
    if outcome == "permissive" and against:
        return Licence(UNKNOWN, f"{_listed(strong)}; against it {_listed(against)}", "unknown")
    if weak:
        evidence = f"{evidence}; beside it {_listed(weak)}"
    return Licence(UNKNOWN if expression == UNRECOGNISED_TEXT else expression, evidence, outcome)


def _listed(statements: Iterable[Statement]) -> str:
    return "; ".join(f"{one.where}: {one.expression}" for one in statements)


@functools.lru_cache(maxsize=512)
def licence_of_repository(declared: str, where: str, files: tuple[tuple[str, str], ...]) -> Licence:
    """What the source declares ("" if nothing) and the files above a file say together."""
    texts = _texts(files)
    if declared:
        texts.insert(0, Statement(declared, where or "declared by the source"))
    manifests = _manifests(files)
    others = [one for one in _read(files, "others") if licence_class(one.expression) != "permissive"]
    readme = [Statement(found, path) for path, text in _of_kind(files, "readme") for found in stated_in_readme(text)]
    texts, manifests = _chosen(texts, manifests, readme)
    if texts:
        return weighed(texts, [*manifests, *others])
    if manifests:
        return weighed(manifests, others)
    if readme:
        return weighed(readme, others)
    return Licence(UNKNOWN, ", ".join(path for path, _ in files), "unknown")


def is_settled(files: Iterable[tuple[str, str]]) -> bool:
    """Whether the files say something already, so that no README need be read: one thing, or things of one kind."""
    files = tuple(files)
    texts = {licence_class(one.expression) for one in _texts(files)}
    return len(texts) == 1 or (not texts and bool(_manifests(files)))


def says_something(path: str, text: str) -> bool:
    """Whether a file is a licence text with a say; it speaks for its folder, and no folder above is asked."""
    return kind_of_evidence(path) == "text" and not says_nothing(path, text)


def _of_kind(files: Iterable[tuple[str, str]], *kinds: Kind) -> list[tuple[str, str]]:
    return [file for file in files if kind_of_evidence(file[0]) in kinds]


def _texts(files: Iterable[tuple[str, str]]) -> list[Statement]:
    """The licence texts that say something; a translation of one that is recognised counts only where it restricts."""
    texts = [file for file in _of_kind(files, "text") if not says_nothing(*file)]
    read = [Statement(_licence_of_text(text), path) for path, text in texts]
    originals = [one for one in read if not is_translation(one.where) and licence_class(one.expression) != "unknown"]
    if not originals:
        return read
    return [one for one in read if not is_translation(one.where) or licence_class(one.expression) != "unknown"]


def _licence_of_text(text: str) -> str:
    """The expression of a licence text, or of a file that holds just a name or an address."""
    text = text.replace("\0", "").strip("\ufeff\ufffd \t\n")  # what is left of an encoding that was not told
    named = (
        canonical(re.sub(r"^\W*licen[cs]e\s*:\s*", "", text, flags=re.IGNORECASE)) if len(text) < LONGEST_NAME else ""
    )
    known = named and licence_class(named) != "unknown"
    return named if known else recognise(text) or UNRECOGNISED_TEXT


def _read(files: Iterable[tuple[str, str]], kind: Kind) -> list[Statement]:
    return [Statement(_licence_of_text(text), path) for path, text in _of_kind(files, kind) if text.strip()]


def _manifests(files: tuple[tuple[str, str], ...]) -> list[Statement]:
    """What manifests state, and templates of headers where they name a licence."""
    known = {PurePosixPath(path).name.lower() for path, _ in _of_kind(files, "text", "readme")}
    stated = []
    for path, text in _of_kind(files, "manifest"):
        for found in stated_in(PurePosixPath(path).name, text):
            file = (
                PurePosixPath(found.removeprefix(SEE).replace("\\", "/")).name.lower() if found.startswith(SEE) else ""
            )
            if not file:
                stated.append(Statement(found, path))
            elif file not in known and kind_of_evidence(file) != "readme":
                stated.append(Statement("LicenseRef-" + re.sub(r"[^a-z0-9]+", "-", f"see {file}"), path))
    templates = [one for one in _read(files, "template") if one.expression != UNRECOGNISED_TEXT]
    return stated + templates


def _chosen(
    texts: list[Statement], manifests: list[Statement], readme: list[Statement]
) -> tuple[list[Statement], list[Statement]]:
    """Texts that a manifest or README leaves a choice of (MIT OR GPL-2.0, both are there) give way to that choice."""
    there = frozenset[str]().union(*(names_in(text.expression) for text in texts))
    for one in [*manifests, *readme]:
        if is_choice(one.expression) and there == names_in(one.expression):
            return [one], [other for other in manifests if other is not one]
    return texts, manifests
