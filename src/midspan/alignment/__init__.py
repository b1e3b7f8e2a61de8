"""Conversations and preference pairs. A new source is one file here and one row of the table."""

from collections.abc import Callable
from dataclasses import dataclass

from midspan.alignment import exercises, sampled_pairs
from midspan.alignment.exercises import read_conversations
from midspan.alignment.sampled_pairs import read_pairs
from midspan.recipe import Settings


@dataclass(frozen=True)
class SourceKind:
    """One kind of source: its settings, the step function that writes it, and what that is given and leaves."""

    settings: type[Settings]
    function: Callable[..., None]
    gives: str  # the kind of data: conversations or pairs
    files: tuple[str, ...]  # the first is what is learnt from
    samples_model: bool = False  # the model that the stage starts from is asked for answers
    version: int = 1  # raised by hand when it writes otherwise: what it wrote is written again


SOURCES: dict[str, SourceKind] = {
    "exercises": SourceKind(exercises.Settings, exercises.write_exercises, "conversations", ("conversations",)),
    "own-failures": SourceKind(
        sampled_pairs.Settings, sampled_pairs.write_pairs, "pairs", ("train", "heldout"), samples_model=True, version=2
    ),
}

__all__ = ["SOURCES", "SourceKind", "read_conversations", "read_pairs"]
