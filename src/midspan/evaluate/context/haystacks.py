"""Long texts of code in which small functions are planted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from midspan.batches import generator
from midspan.errors import UserError
from midspan.evaluate.context.source_files import SourceFile

WORDS = ("amber", "brisk", "cobalt", "dusty", "early", "frosty", "gentle", "hollow", "ivory", "jagged", "keen", "lunar")
THINGS = ("anchor", "beacon", "canyon", "delta", "ferry", "garden", "harbor", "island", "jetty", "kettle", "lantern")
BEFORE = re.compile(r"(?<=\n\n)(?=(?:def|class) \w|# \S+\.\w+\n)")  # where a function may stand, nothing being split
GAP = "\n\n\n"
DIGITS = 5  # of a constant: the chance to guess it is nothing


@dataclass(frozen=True)
class Needle:
    """A function that returns a constant."""

    name: str
    value: str

    @property
    def code(self) -> str:
        """The function, and blank lines after it."""
        return f"def {self.name}():\n    return {self.value}{GAP}"


def needles_of(seed: int, number: int, count: int) -> list[Needle]:
    """Functions of different names and constants, the first of which is asked for."""
    draw = generator(seed, "needles", number)
    names = [f"{word}_{thing}_limit" for word in WORDS for thing in THINGS]
    chosen = draw.permutation(len(names))[:count]
    low = 10 ** (DIGITS - 1)
    values = draw.choice(9 * low, size=len(chosen), replace=False) + low
    return [Needle(names[name], str(value)) for name, value in zip(chosen, values, strict=True)]


def haystack(
    code: Sequence[SourceFile], length: int, needle: Needle, others: Sequence[Needle], depth: float, seed: int
) -> str:
    """About `length` bytes of files, drawn by seed, with the needle at `depth` of it: 0 is its start, 1 its end.

    The others are planted at random, the same for every depth. Raises UserError where there is not so much code.
    """
    draw = generator(seed, "haystack", needle.name)
    planted = sum(len(one.code) for one in (needle, *others))
    text = _joined([code[index] for index in draw.permutation(len(code))], length - planted)
    places = [0, *(found.start() for found in BEFORE.finditer(text)), len(text)]
    at = [(int(place), one.code) for place, one in zip(draw.choice(places, len(others)), others, strict=True)]
    at.append((min(places, key=lambda place: abs(place - depth * len(text))), needle.code))
    for place, function in sorted(at, reverse=True):
        text = text[:place] + function + text[place:]
    return text


def question(needle: Needle, other: Needle) -> str:
    """A test of another function, which shows how it is answered, and the beginning of one of the needle."""
    return f"# tests/test_limits.py\nassert {other.name}() == {other.value}\nassert {needle.name}() =="


def _joined(files: Sequence[SourceFile], length: int) -> str:
    """Files one after the other under their paths, up to a line's end within `length` bytes."""
    data = b""
    for file in files:
        if len(data) < length:
            data += f"# {file.path}\n{file.text.strip()}{GAP}".encode()
    if not 0 < length <= len(data):
        raise UserError(
            f"retrieval: {len(data)} bytes of Python beside what is planted, {length} wanted: give more code in "
            "retrieval.data, or other retrieval.lengths"
        )
    return data[:length].decode(errors="ignore").rpartition("\n")[0] + GAP
