"""What readers of manifests share: fields that hold a name, a list of names, or a whole licence text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from midspan.corpus.licences.canonical_names import canonical, canonical_of
from midspan.corpus.licences.recognition import UNRECOGNISED, recognise

SEE = "see "  # before the name of the file that holds the licence
LONGEST_MANIFEST = 1_000_000
_LONGEST_NAME = 200  # of a field's value; more is the text itself
_POINTER = re.compile(
    r"(?:see|read)?\s*(?:the\s+)?(?:licen[cs]e\s+(?:file\s+)?(?:in|at)|file:?)\s+(\S+\w)\W*", re.IGNORECASE
)


def parsed(parse: Callable[[str], Any], text: str) -> dict[str, Any]:
    """The object that a text is in JSON or TOML, {} if it is none."""
    try:
        found = parse(text) if len(text) <= LONGEST_MANIFEST else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def named(value: object) -> Iterator[str]:
    """The statements of a field: a name, a text, or a list or object of them."""
    if isinstance(value, str):
        if pointer := _POINTER.fullmatch(value.strip()):
            yield f"{SEE}{pointer.group(1)}"
        elif len(value) > _LONGEST_NAME or value.strip().count("\n") > 1:
            yield recognise(value) or UNRECOGNISED
        else:
            yield canonical(value)
    elif isinstance(value, list):
        for one in value:
            yield from named(one)
    elif value:
        yield canonical_of(value)
