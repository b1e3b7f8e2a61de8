"""The licence of one file: its own header, or what stands beside it, or what its repository says."""

from __future__ import annotations

from collections.abc import Sequence

from midspan.corpus.licences.evidence import Licence, Statement, licence_of_repository, weighed
from midspan.corpus.licences.files import kind_of_evidence
from midspan.corpus.licences.header import header_licences
from midspan.corpus.licences.reuse import given

_OF_ONE_FILE = ("sidecar", "reuse")


def licence_of(
    text: str, declared: str, declared_evidence: str, licence_files: Sequence[tuple[str, str]], path: str = ""
) -> Licence:
    """The licence of a file with this text at `path`, which only REUSE asks for.

    `declared` is an SPDX expression that the source gives ("" for none), `licence_files` the paths and texts of the
    files that tell of it. The header decides alone; else the file's sidecar or REUSE.toml; else the repository's
    texts, manifests or README, the strongest kind of them (evidence.py).
    """
    header = [Statement(*one) for one in header_licences(text)]
    own = own_evidence(licence_files)
    beside = given(path, own) if own else []
    if header:
        strong = [Statement(one.expression, one.where) for one in beside if one.beside_header]
        return weighed(
            header + strong, [Statement(one.expression, one.where) for one in beside if not one.beside_header]
        )
    if beside:
        return weighed([Statement(one.expression, one.where) for one in beside])
    files = tuple(file for file in licence_files if file not in own) if own else tuple(licence_files)
    return licence_of_repository(declared, declared_evidence, files)


def own_evidence(licence_files: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Those of the files that speak for single files, which whatever is said of a repository leaves as they are."""
    return tuple(file for file in licence_files if kind_of_evidence(file[0]) in _OF_ONE_FILE)
