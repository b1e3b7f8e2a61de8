"""Where a released model comes from: its name and licence, which travel into every card, as local paths do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from midspan.model.facts import ModelFacts
from midspan.tokens.special import FIM_NAMES

# The Hugging Face cache keeps owner/name as models--owner--name/snapshots/<revision>.
_CACHED = re.compile(r"models--([^/]+?)--([^/]+)")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Origin:
    """A model's name (a hub id where it is known) and licence; None where nothing says."""

    name: str | None = None
    licence: str | None = None  # as the hub spells it: "apache-2.0", "other"
    licence_name: str | None = None  # what "other" stands for
    licence_link: str | None = None

    def card(self) -> str:
        """A README.md that says so, with the front matter that the hub reads."""
        fields = {
            "license": self.licence,
            "license_name": self.licence_name,
            "license_link": self.licence_link,
            "base_model": self.name if self.name and _HUB_ID.fullmatch(self.name) else None,
            "model_name": self.name,
        }
        front = yaml.safe_dump({name: value for name, value in fields.items() if value}, sort_keys=False)
        licence = (
            f"Its licence is {self.licence_name or self.licence}." if self.licence else "Nothing says its licence."
        )
        body = f"# {self.name or 'A released model'}\n\nThe weights of {self.name or 'a released model'}, unchanged. "
        return (f"---\n{front}---\n\n" if any(fields.values()) else "") + f"{body}{licence}\n"


def origin_of_directory(directory: Path) -> Origin:
    """From the front matter of README.md, from midspan.json, and from the path where it is the hub cache's."""
    front = _front_matter(directory / "README.md")
    cached = _CACHED.search(directory.resolve().as_posix())
    name = f"{cached[1]}/{cached[2]}" if cached else front.get("model_name") or front.get("base_model")
    if isinstance(name, list):  # of a merge
        name = ", ".join(map(str, name))
    licence, licence_name, link = (front.get(key) for key in ("license", "license_name", "license_link"))
    said = Origin(*(str(value) if value else None for value in (name, licence, licence_name, link)))
    facts = ModelFacts.read(directory)
    known = Origin(facts.start, facts.licence, facts.licence_name, facts.licence_link)
    return replace(known if said.licence is None else said, name=said.name or known.name)


def facts_of(place: Path, origin: Origin, added_tokens: Sequence[str] = ()) -> ModelFacts:
    """The facts of the model at `place` once it lies elsewhere, with these tokens added to its tokenizer."""
    before = ModelFacts.read(place)
    return replace(
        before,
        start=origin.name,
        licence=origin.licence,
        licence_name=origin.licence_name,
        licence_link=origin.licence_link,
        added_tokens=(*before.added_tokens, *added_tokens),
        layout=None if set(added_tokens) & set(FIM_NAMES) else before.layout,
    )


def _front_matter(readme: Path) -> dict[str, Any]:
    """The YAML between two lines of dashes at the top; nothing where there is none or it is damaged."""
    try:
        found = re.match(r"---\s*\n(.*?)\n---\s*\n", readme.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
        front = yaml.safe_load(found[1]) if found else {}
    except (OSError, yaml.YAMLError):
        return {}
    return front if isinstance(front, dict) else {}
