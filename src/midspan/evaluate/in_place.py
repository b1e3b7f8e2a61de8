"""An answer in its place: is it what stood there, how near, does the file parse, does it end where it should?"""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz.distance import Indel

from midspan.corpus import error_bytes
from midspan.evaluate.gaps import Gap

LEAST_REPEATED = 4  # characters of a line that is repeated: a bracket alone is no repetition


def values_in_place(gap: Gap, answer: str, went_on: bool | None) -> Mapping[str, float]:
    """What an answer is worth, by name, each 0 to 1; `parses` only where the language has a grammar.

    `went_on`: it did not end by itself where the gap ends; None where nothing says it should (left to right).
    """
    told, expected = answer.rstrip(), gap.middle.rstrip()
    values = {"exact": float(told == expected), "similarity": similarity(told, expected)}
    if (parses := parses_in_place(gap, answer)) is not None:
        values["parses"] = float(parses)
    if went_on is not None:
        values["overrun"] = float(went_on or (told != expected and told.startswith(expected)))
    values["repeats"] = float(repeats_suffix(gap, told))
    return values


def similarity(one: str, other: str) -> float:
    """The share of both texts' characters that is in their longest common subsequence: 1 where they are equal."""
    return Indel.normalized_similarity(one, other)


def parses_in_place(gap: Gap, answer: str) -> bool | None:
    """Whether no more of the file is beyond its grammar than before; None without a grammar."""
    path, language = gap.document.path, gap.document.language
    before = error_bytes(gap.document.text, path, language)
    after = error_bytes(gap.prefix + answer + gap.suffix, path, language)
    return None if before is None or after is None else after <= before


def repeats_suffix(gap: Gap, answer: str) -> bool:
    """Whether the answer ends with the line that follows the gap anyway, and what stood there did not."""
    following = next((line.strip() for line in gap.suffix.split("\n")[1:] if line.strip()), "")
    if len(following) < LEAST_REPEATED or gap.middle.rstrip().endswith(following):
        return False
    return answer.endswith(following)
