"""Which of the published licence texts stand in a file, and which of its words they cover.

A text is there when most of its five-word runs are (containment); the names of holders that a copy fills in break only
the few runs around them. The runs of 470 SPDX texts are kept as hashes in `grams.npz` (learn.py).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from midspan.corpus.licences.expressions import class_of_one
from midspan.corpus.licences.words import GRAM_WORDS, SENTENCE_END, grams_of, is_compared, running_words, words_of

MIN_CONTAINMENT = 0.7  # of a licence's runs, for it to be there
MIN_NEW = 0.5  # of a licence's runs, not also those of a licence found before it
# A run that a licence has and the file lacks counts half against it, up to so many: the end is often left out.
MISSING_COST, MOST_MISSING = 0.5, 60
# Of a permissive licence's runs, for its wording to be that of a variant of what stands there, no condition of its own.
MIN_KINSHIP = 0.5
_NEGATIONS = frozenset({"not", "no", "only", "except", "unless", "without", "never"})


@dataclass(frozen=True)
class KnownTexts:
    """The runs of all known texts, sorted, and which texts have each."""

    names: list[str]
    indices: dict[str, int]  # of the names
    permissive: list[bool]
    sizes: npt.NDArray[np.int64]  # [texts]: distinct runs of each
    grams: npt.NDArray[np.uint32]  # [distinct], ascending
    starts: npt.NDArray[np.int32]  # [distinct + 1]
    owners: npt.NDArray[np.uint16]  # [runs]: texts of grams[i] are owners[starts[i] : starts[i + 1]]


class Text:
    """The words of one file and where known texts were found in them."""

    def __init__(self, text: str) -> None:
        known = known_texts()
        self._text = text
        self.words = words = words_of(text)
        self.covered = np.zeros(len(words), bool)
        self._compared = np.array([index for index, word in enumerate(words) if is_compared(word)], np.int64)
        grams = grams_of([words[index] for index in self._compared])  # [runs]
        rows = np.minimum(np.searchsorted(known.grams, grams), len(known.grams) - 1)
        runs = np.flatnonzero(known.grams[rows] == grams)
        hits, owners = _owners(known, rows[runs])
        order = np.argsort(owners, kind="stable")
        self._runs = runs[hits[order]]  # [hits]: the runs of the file that known texts have, text by text
        self._starts = np.searchsorted(owners[order], np.arange(len(known.names) + 1))  # [texts + 1]
        there = np.bincount(_owners(known, np.unique(rows[runs]))[1], minlength=len(known.names))
        self.containment = there / known.sizes  # [texts]: the share of each known text that is in the file

    def texts(self) -> list[str]:
        """The licences whose texts are there, the best fit first; their words are covered from now on."""
        known = known_texts()
        missing = np.minimum(known.sizes * (1 - self.containment), MOST_MISSING)
        candidates = {
            int(text): self._runs_of(int(text)) for text in np.flatnonzero(self.containment >= MIN_CONTAINMENT)
        }
        taken = np.zeros(len(self.words), bool)  # [runs]
        names = []
        while candidates:
            new = {text: int(np.count_nonzero(~taken[runs])) for text, runs in candidates.items()}
            best = max(
                new, key=lambda text: (new[text] - MISSING_COST * missing[text], not known.permissive[text], text)
            )
            if new[best] >= MIN_NEW * known.sizes[best]:
                names.append(known.names[best])
                taken[candidates[best]] = True
            del candidates[best]
        self.cover(names)
        self.cover(
            known.names[text] for text in np.flatnonzero(self.containment >= MIN_KINSHIP) if known.permissive[text]
        )
        return names

    def cover(self, names: Iterable[str]) -> None:
        """Mark the words that are part of a run of one of these texts, and the list marks and numbers among them."""
        known = known_texts()
        for name in names:
            if name in known.indices:
                runs = self._runs_of(known.indices[name])
                for offset in range(GRAM_WORDS):
                    self.covered[self._compared[runs + offset]] = True
        marks = np.ones(len(self.words), bool)
        marks[self._compared] = False
        for index in np.flatnonzero(marks):
            self.covered[index] = index == 0 or self.covered[index - 1]

    def remainder(self) -> str:
        """The words that no found text covers, "|" for what one does; what negates them is never covered.

        A sentence that ends where the covered words do stays apart from the next one.
        """
        parts: list[str] = []
        last_covered: list[str] = []
        for word, covered in zip(self.words, self.covered.tolist(), strict=True):
            if covered:
                last_covered.append(word)
                continue
            if last_covered:
                parts += [
                    "|",
                    *[SENTENCE_END] * (last_covered[-1] == SENTENCE_END),
                    *(negation for negation in last_covered[-2:] if negation in _NEGATIONS),
                ]
                last_covered = []
            parts.append(word)
        return " ".join(parts + ["|"] * bool(last_covered))

    def uncovered(self, inside: bool = False) -> list[slice]:
        """The runs of words within a sentence that no found text covers; `inside`: between words that one does."""
        places = self._compared[self.covered[self._compared]]  # not the marks of lists
        limits = (int(places[0]), int(places[-1])) if inside and len(places) else (0, 0 if inside else len(self.words))
        free = [not covered and word != SENTENCE_END for word, covered in zip(self.words, self.covered, strict=True)]
        free = free[limits[0] : limits[1]]
        edges = np.flatnonzero(np.diff([False, *free, False])) + limits[0]
        return [slice(int(start), int(end)) for start, end in edges.reshape(-1, 2)]

    @functools.cached_property
    def running(self) -> list[bool]:
        """Which words stand in running prose: [words]."""
        return running_words(self._text)

    def _runs_of(self, text: int) -> npt.NDArray[np.int64]:
        """The runs of the file that `text` has too."""
        return self._runs[self._starts[text] : self._starts[text + 1]]


def _owners(known: KnownTexts, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16]]:
    """For each text that has one of the runs at `rows`: the index into `rows`, and the text."""
    starts = known.starts[rows]
    lengths = known.starts[rows + 1] - starts
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(np.arange(len(rows)), lengths), known.owners[np.repeat(starts, lengths) + within]


@functools.cache
def known_texts() -> KnownTexts:
    """The contents of `grams.npz`, read once."""
    with np.load(Path(__file__).parent / "grams.npz") as data:
        names, grams, starts, owners = data["names"].tolist(), data["grams"], data["starts"], data["owners"]
    permissive = [class_of_one(name) == "permissive" for name in names]
    indices = {name: index for index, name in enumerate(names)}
    return KnownTexts(names, indices, permissive, np.bincount(owners, minlength=len(names)), grams, starts, owners)
