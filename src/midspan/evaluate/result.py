"""What an evaluation leaves behind: scores, what was not asked and why, a few answers to look at."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from midspan.errors import UserError
from midspan.files import read_json, write_json

Outcome = Literal["passed", "failed", "measured", "not measured"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Score:
    """One figure: a share of `trials`, or, where `trials` is None, a number on a scale of its own."""

    name: str
    group: str  # the part of the benchmark that it is about; "" for the whole
    value: float
    trials: int | None
    better: Better
    chance: float | None = None  # what guessing gives
    # What it is made of: the sum of this value over the rows, by that of the other (""; by the number of rows).
    measure: str = "passed"
    per: str = ""
    binomial: bool = True  # a share of trials each of which is 0 or 1
    error: float | None = None  # half of its 95 % interval, clustered; None where it cannot be told
    clusters: int = 0  # of items that are not independent of each other

    @property
    def label(self) -> str:
        """What it is called in tables."""
        return f"{self.name}, {self.group}" if self.group else self.name


@dataclass(frozen=True)
class Example:
    """One answer for people to look at, between what stood before and after it; what there is none of is ""."""

    identifier: str
    outcome: Outcome
    detail: str
    question: str
    before: str
    answer: str
    after: str
    expected: str


@dataclass(frozen=True)
class Result:
    """What one model showed on one benchmark. Two results may be compared where `benchmark` and `asked` are equal."""

    benchmark: str
    model: str
    about: str  # what the scores mean, in a sentence
    asked: dict[str, Any]  # the benchmark's version and settings, the context, the seed
    scores: list[Score] = field(default_factory=list)
    not_asked: dict[str, str] = field(default_factory=dict)  # group → why
    not_measured: int = 0  # items that no score counts, for a reason that is not the model's
    examples: list[Example] = field(default_factory=list)
    rows: str = ""  # the hash of the file beside it: every answer and verdict, one JSON object a line
    made: dict[str, str] = field(default_factory=dict)  # by what; no part of what is compared


def write_result(file: Path, result: Result) -> None:
    """Write `result` as JSON, whole or not at all."""
    write_json(file, asdict(result))


def read_result(file: Path) -> Result:
    """Read what `write_result` wrote. Raises UserError for a file that is damaged or of another version."""
    try:
        values = read_json(file)
        scores = [Score(**score) for score in values.pop("scores")]
        examples = [Example(**example) for example in values.pop("examples")]
        return Result(**values, scores=scores, examples=examples)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise UserError(f"{file}: cannot be read as a result ({error}); delete it and run that step again") from error
