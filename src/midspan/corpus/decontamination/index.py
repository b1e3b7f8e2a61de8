"""The index of evaluation items: is a text, or a part of it, one of them?

A text is contaminated if it holds
- a whole field (prompt, solution, test, docstring …) of at least 6 words with 4 different telling ones among them, or 7
  with 3, 10 with 2, 16 with 1 (common_words.py); or
- at least 13 words in a row, 7 of them telling, all of whose 10-grams stand in the evaluation sets (13 is GPT-3's n).

DeepSeek-Coder (arXiv 2401.14196, section 3) drops a file for one 10-gram and for any item of 3 to 9 words found whole;
StarCoder2 (arXiv 2402.19173, section 4.1) for a docstring or solution found without regard to white space. The cost
is that of hashing a text once, whatever the number of items (E2, bigcode-dataset: files times strings).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from midspan.corpus.decontamination.arrays import GRAM, HEAD, Arrays, collect, head_size, make_arrays, telling_words
from midspan.corpus.decontamination.evaluation_files import read_evaluation_items
from midspan.corpus.decontamination.words import Hashes, gram_hashes, normalise, whole_hash, word_hashes
from midspan.errors import UserError
from midspan.files import atomic_file

LEAST_RUN: Final = 13  # words
LEAST_TELLING: Final = 7
_STEP: Final = LEAST_RUN - GRAM + 1  # grams of which one stands in every long run
_FORMAT: Final = 2  # of the saved file, and of the hashes in it
_EXCERPT: Final = 12  # words


@dataclass(frozen=True)
class Contamination:
    """Which item of which set a text holds, and what was found of it."""

    set: str
    item: str
    detail: str


class Filter:
    """A table of bytes that says no to nearly all hashes that are not among the given ones, at one read each."""

    def __init__(self, hashes: Hashes) -> None:
        bits = max(16, int(len(hashes) * 16).bit_length())
        self.shift = np.uint64(64 - bits)
        self.table = np.zeros(1 << bits, dtype=np.bool_)
        self.table[hashes >> self.shift] = True
        self.hashes = hashes  # sorted

    def positions(self, hashes: Hashes) -> NDArray[np.int64]:
        """The positions in `hashes` of those that are among the given ones."""
        maybe = np.flatnonzero(self.table.take(hashes >> self.shift))
        if not len(maybe):
            return maybe
        found = np.searchsorted(self.hashes, hashes[maybe])
        found[found == len(self.hashes)] = 0
        positions: NDArray[np.int64] = maybe[self.hashes[found] == hashes[maybe]]
        return positions


@dataclass(frozen=True)
class EvaluationIndex:
    """The fields of evaluation items by the hashes of their words."""

    places: list[tuple[str, str, str]]  # set, item, field
    arrays: Arrays
    sets: dict[str, dict[str, int]] = field(default_factory=dict)  # items and fields of each, and what cannot be told

    @classmethod
    def build(cls, files: Sequence[Path]) -> EvaluationIndex:
        """Index every text of the files. UserError if one is missing, unreadable or without text."""
        items = [item for file in files for item in _items(file)]
        collected = collect(items)
        return cls(collected.places, make_arrays(collected), collected.sets)

    def save(self, path: Path) -> None:
        """Write one file, whole or not at all."""
        about = json.dumps({"format": _FORMAT, "places": self.places, "sets": self.sets}).encode()
        with atomic_file(path) as aside, aside.open("wb") as file:
            np.savez(file, about=np.frombuffer(about, np.uint8), **asdict(self.arrays))

    @classmethod
    def load(cls, path: Path) -> EvaluationIndex:
        """Read what `save` wrote. UserError if it is missing or something else."""
        try:
            with np.load(path, allow_pickle=False) as saved:
                about = json.loads(saved["about"].tobytes())
                if about["format"] != _FORMAT:
                    raise UserError(f"decontamination: {path} was written by another version; build the index again")
                arrays = Arrays(**{one.name: saved[one.name] for one in fields(Arrays)})
        except (OSError, EOFError, KeyError, TypeError, zipfile.BadZipFile, json.JSONDecodeError) as error:
            raise UserError(f"decontamination: {path} is no index; build it again ({error})") from error
        except ValueError as error:
            if isinstance(error, UserError):
                raise
            raise UserError(f"decontamination: {path} is no index; build it again ({error})") from error
        return cls([(one[0], one[1], one[2]) for one in about["places"]], arrays, about["sets"])

    def find(self, text: str) -> Contamination | None:
        """The first item that `text` holds whole, else the first that it holds a long run of, else None."""
        normalised = normalise(text)
        words = word_hashes(normalised)
        short, long = gram_hashes(words, HEAD, GRAM)
        return self._whole(normalised, words, short, long) or self._run(normalised, long)

    @cached_property
    def _grams(self) -> Filter:
        return Filter(self.arrays.grams)

    @cached_property
    def _heads(self) -> Filter:
        return Filter(self.arrays.heads)

    def _whole(self, normalised: bytes, words: Hashes, short: Hashes, long: Hashes) -> Contamination | None:
        """The field that begins first; of those that begin together the longest."""
        starts = [(start, GRAM, long[start]) for start in self._heads.positions(long).tolist()]
        starts += [(start, HEAD, short[start]) for start in self._heads.positions(short).tolist()]
        for start, size, head in sorted(starts, key=lambda one: (one[0], -one[1])):
            candidate = int(np.searchsorted(self.arrays.heads, head))
            while candidate < len(self.arrays.heads) and self.arrays.heads[candidate] == head:
                length = int(self.arrays.head_lengths[candidate])
                part = words[start : start + length]
                is_whole = size == head_size(length) and len(part) == length
                if is_whole and whole_hash(part) == self.arrays.head_wholes[candidate]:
                    place = self.arrays.head_places[candidate]
                    return self._contamination(place, f"all {length} words", normalised, start)
                candidate += 1
        return None

    def _run(self, normalised: bytes, grams: Hashes) -> Contamination | None:
        """The first run of words that is long and telling enough; every _STEP-th gram tells where one can be."""
        hits = self._grams.positions(grams[::_STEP]) * _STEP
        if not len(hits):
            return None
        near = np.unique(hits[:, None] + np.arange(1 - _STEP, _STEP))
        near = near[(near >= 0) & (near < len(grams))]
        for start, end in _runs(near[self._grams.positions(grams[near])]):
            length = end - start + GRAM
            if telling_words(normalised.split()[start : start + length]) >= LEAST_TELLING:
                middle = np.searchsorted(self.arrays.grams, grams[(start + end) // 2])
                place = self.arrays.gram_places[middle]
                return self._contamination(place, f"{length} words in a row", normalised, start)
        return None

    def _contamination(self, place: Any, what: str, normalised: bytes, start: int) -> Contamination:
        name, item, label = self.places[int(place)]
        excerpt = b" ".join(normalised.split()[start : start + _EXCERPT]).decode("utf-8", "replace")
        return Contamination(name, item, f"{what} of {label}: {excerpt} …")


def _items(file: Path) -> list[Any]:
    items = list(read_evaluation_items(file))
    if not items:
        raise UserError(f"decontamination: {file} holds no text; check the evaluation files in the recipe")
    return items


def _runs(positions: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """First and last of each run of consecutive positions."""
    if len(positions):
        breaks = np.flatnonzero(np.diff(positions) != 1)
        starts, ends = np.concatenate(([0], breaks + 1)), np.concatenate((breaks, [len(positions) - 1]))
        long = positions[ends] - positions[starts] + GRAM >= LEAST_RUN
        yield from zip(positions[starts[long]].tolist(), positions[ends[long]].tolist(), strict=True)
