"""The licence of one file: its own header, or else what its source declares and the licence files above it say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from midspan.corpus.licences.conditions import points_elsewhere
from midspan.corpus.licences.expressions import UNKNOWN, Outcome, all_of, licence_class, worst
from midspan.corpus.licences.header import header_licences
from midspan.corpus.licences.recognition import recognise

UNRECOGNISED_TEXT = "LicenseRef-unrecognised-text"


@dataclass(frozen=True)
class Licence:
    """What a file may be used under, and why we think so."""

    expression: str  # SPDX, "unknown" if nothing is known
    evidence: str  # which lines, column or files said it, "" if none did
    outcome: Outcome


def licence_of(text: str, declared: str, declared_evidence: str, licence_files: Sequence[tuple[str, str]]) -> Licence:
    """The licence of a file with this text.

    `declared` is an SPDX expression that the source gives ("" for none), `licence_files` the paths and texts of the
    licence files that speak for the file's folder. The header decides alone; else all the others hold together: which
    of several licence files may be chosen is not for their names to say.
    """
    parts = header_licences(text)
    if not parts:
        parts = [(declared, declared_evidence or "declared by the source")] if declared else []
        told = [(path, body) for path, body in licence_files if not points_elsewhere(body)]
        parts += [(recognise(body) or UNRECOGNISED_TEXT, path) for path, body in told]
    if not parts:
        return Licence(UNKNOWN, ", ".join(path for path, _ in licence_files), "unknown")
    expression = all_of(part for part, _ in parts)
    evidence = parts[0][1] if len(parts) == 1 else "; ".join(f"{where}: {part}" for part, where in parts)
    outcome = worst(licence_class(part) for part, _ in parts)
    return Licence(UNKNOWN if expression == UNRECOGNISED_TEXT else expression, evidence, outcome)
