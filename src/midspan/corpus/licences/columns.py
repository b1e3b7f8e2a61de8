"""What a row of a dataset says of its licence: The Stack v1 and v2, StarCoderData, Hugging Face's, GitHub's object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from midspan.corpus.licences.canonical_names import canonical_of
from midspan.corpus.licences.expressions import all_of

# Lists of SPDX identifiers, all of which were found (ScanCode's own as LicenseRef-scancode-…); The Stack v2, then v1.
_LISTS = ("detected_licenses", "max_stars_repo_licenses", "licenses", "license", "gha_license_id")


def declared_in_row(row: Mapping[str, Any]) -> tuple[str, str]:
    """The SPDX expression that a row declares and the column that says so, ("", "") if none does.

    The Stack v2 also sums up in `license_type`: a row it does not call permissive is not made so by its list, and one
    it calls permissive without naming a licence has no declaration.
    """
    kind = str(row.get("license_type") or "").lower()
    for column in _LISTS:
        if found := canonical_of(row.get(column)):
            if kind in ("", "permissive"):
                return found, f"column {column}"
            return all_of([found, f"LicenseRef-{kind.replace('_', '-')}"]), f"columns {column} and license_type"
    return "", ""
