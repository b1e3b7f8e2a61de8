"""midspan.json in a model's directory: what other files of the layout have no place for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from midspan.errors import UserError
from midspan.files import read_json, write_json

FILE = "midspan.json"


@dataclass(frozen=True)
class ModelFacts:
    """Where a model comes from, and how it was trained to be asked."""

    start: str | None = None  # the released model that it began as, by its name
    licence: str | None = None  # that model's
    added_tokens: tuple[str, ...] = ()  # that its tokenizer lacked
    healing: bool = True  # token boundaries at the cursor are healed; not where training cut them

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
        except (ValueError, TypeError) as error:
            raise UserError(f"{file} cannot be read ({error}): mend it, or delete it") from None
        return facts

    def write(self, directory: Path) -> None:
        """Write them beside the weights."""
        write_json(directory / FILE, asdict(self))
