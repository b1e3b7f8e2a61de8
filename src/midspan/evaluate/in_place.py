"""An answer in its place: is it what stood there, how near, does the file parse, does it end where it should?"""

from __future__ import annotations

from rapidfuzz.distance import Indel

from midspan.corpus.quality.syntax import error_bytes
from midspan.evaluate.gaps import Gap
from midspan.evaluate.result import Better
from midspan.inference import Completion

# What an answer is worth, from 0 to 1: what the score is called that is the mean of it.
VALUES: dict[str, tuple[str, Better]] = {
    "exact": ("exact match", "higher"),
    "similarity": ("edit similarity", "higher"),
    "as_many_lines": ("edit similarity of as many lines", "higher"),
    "parses": ("parses in place", "higher"),
    "overrun": ("goes on too long", "lower"),
    "ended": ("ends by itself", "higher"),
    "repeats": ("repeats what follows", "lower"),
}
LEAST_REPEATED = 4  # characters of a line that is repeated: a bracket alone is no repetition


def values_in_place(gap: Gap, answer: Completion, of_one_line: bool = False) -> dict[str, float]:
    """What an answer is worth, by name, each 0 to 1; `parses` only where the language has a grammar.

    `as_many_lines`: of the answer only as many lines count as are missing, so that what it says is judged apart from
    where it ends; one that was asked to end with its line has no more. `overrun`: it says what is missing and more, or
    says as much as it may. `ended`: by a token of the model's, which knows none from the left side alone.
    """
    expected, told = gap.middle.rstrip(), answer.text.rstrip()
    values = {"exact": float(told == expected), "similarity": similarity(told, expected)}
    if not of_one_line:
        as_many = "\n".join(told.split("\n")[: expected.count("\n") + 1])
        values["as_many_lines"] = similarity(as_many.rstrip(), expected)
    if (parses := parses_in_place(gap, answer.text)) is not None:
        values["parses"] = float(parses)
    goes_on = told != expected and told.startswith(expected)
    values["overrun"] = float(goes_on or answer.finish_reason == "length")
    if answer.filled:
        values["ended"] = float(answer.ended)
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
