"""midspan.json in a model's directory: what other files of the layout have no place for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from midspan.errors import UserError
from midspan.files import read_json, write_json
from midspan.tokens import LAYOUTS

FILE = "midspan.json"


@dataclass(frozen=True)
class ModelFacts:
    """Where a model comes from, and how it was trained to be asked."""

    start: str | None = None  # the released model that it began as, by its name
    licence: str | None = None  # that model's, as the hub spells it
    licence_name: str | None = None  # what the licence "other" stands for
    licence_link: str | None = None
    added_tokens: tuple[str, ...] = ()  # that its tokenizer lacked
    healing: bool = True  # token boundaries at the cursor are healed; not where training cut them
    layout: str | None = "psm"  # of fill-in-the-middle, as it knows it best; None: it never learnt its markers

    @classmethod
    def read(cls, directory: Path) -> ModelFacts:
        """The facts in `directory`, or what holds for a model that was not made here. UserError for a broken file."""
        file = directory / FILE
        if not file.is_file():
            return cls()
        try:
            facts = cls(**read_json(file))
            facts = replace(facts, added_tokens=tuple(facts.added_tokens))
            if not isinstance(facts.healing, bool):
                raise ValueError(f"healing is {facts.healing!r}, not true or false")
            if facts.layout not in (*LAYOUTS, None):
                raise ValueError(f"layout is {facts.layout!r}, not one of {', '.join(LAYOUTS)}")
        except (ValueError, TypeError) as error:
            raise UserError(f"{file} cannot be read ({error}): mend it, or delete it") from None
        return facts

    def write(self, directory: Path) -> None:
        """Write them beside the weights."""
        write_json(directory / FILE, asdict(self))


def facts_of_mean(models: Sequence[ModelFacts]) -> ModelFacts:
    """The facts of several models' mean: all their names, and their licence where they share it."""
    first = models[0]
    names = dict.fromkeys(one.start for one in models if one.start)
    licences = dict.fromkeys(one.licence_name or one.licence for one in models)
    start = ", ".join(names) or None
    if len(licences) == 1:
        return replace(first, start=start)
    names_of_licences = ", ".join(licence or "not said" for licence in licences)
    return replace(first, start=start, licence="other", licence_name=names_of_licences, licence_link=None)
