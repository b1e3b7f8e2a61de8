"""What a released model says about its own use: where texts begin and end, and how to sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_ROLES = ("bos_token_id", "eos_token_id", "pad_token_id")


@dataclass(frozen=True)
class Generation:
    """The tokens that config.json names, and the contents of generation_config.json; handed from model to model."""

    special: Mapping[str, Any] = field(
        default_factory=dict
    )  # bos_token_id, eos_token_id (one or several), pad_token_id
    defaults: Mapping[str, Any] = field(default_factory=dict)  # temperature, top_p…, and its own eos_token_id

    @classmethod
    def of_tokens(cls, end_of_text: int, chat_end: int | None = None) -> Generation:
        """For a model of our own: texts begin and end with `end_of_text`, answers with `chat_end`."""
        both = {"bos_token_id": end_of_text, "eos_token_id": end_of_text}
        made = cls(both, both)
        return made if chat_end is None else made.also_ending_with(chat_end)

    @classmethod
    def read(cls, config: Mapping[str, Any], generation_config: Mapping[str, Any]) -> Generation:
        """From the contents of a checkpoint's two files; the second may be empty."""
        special = {role: config[role] for role in _ROLES if config.get(role) is not None}
        return cls(special, dict(generation_config) or special)

    @property
    def ends(self) -> tuple[int, ...]:
        """Every token that ends a completion."""
        return tuple(dict.fromkeys((*_listed(self.defaults), *_listed(self.special))))

    def also_ending_with(self, token: int) -> Generation:
        """The same, with one more token that ends a completion."""
        if token in self.ends:
            return self
        return replace(self, defaults={**self.defaults, "eos_token_id": [*self.ends, token]})


def _listed(fields: Mapping[str, Any]) -> list[int]:
    given = fields.get("eos_token_id")
    return [] if given is None else list(given) if isinstance(given, list) else [given]
