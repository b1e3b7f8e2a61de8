"""Conversations from generated exercises: the question, and the reference solution as the answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from midspan.exercises import generate_exercises, messages
from midspan.files import read_jsonl, write_jsonl
from midspan.recipe import Settings as RecipeSettings
from midspan.step import Tools
from midspan.tokens import Message


class Settings(RecipeSettings):
    """How many exercises of each family are drawn, held-out ones included."""

    per_family: int = 40


def write_exercises(*, settings: dict[str, Any], seed: int, conversations: Path, key: str, tools: Tools) -> None:
    """Write the training exercises as `conversations`, one JSON object a line: identifier, source, messages."""
    drawn = generate_exercises(seed, Settings(**settings).per_family)
    rows = [
        {"identifier": one.identifier, "source": "exercises", "messages": messages(one, one.solution)}
        for one in drawn
        if one.split == "train"
    ]
    write_jsonl(conversations, rows)


def read_conversations(file: Path) -> Sequence[Sequence[Message]]:
    """The messages of each conversation of a file."""
    return [row["messages"] for row in read_jsonl(file)]
