"""What the model wrote, good and bad: a few answers on each benchmark."""

from __future__ import annotations

from dataclasses import dataclass, replace

from midspan.evaluate.result import Example, Result
from midspan.report.record import RunRecord

SHOWN = 6  # of a benchmark, half of them failures where there are as many of both
BEFORE_LINES, AFTER_LINES = 8, 4  # shown around an answer


@dataclass(frozen=True)
class Examples:
    """Answers on one benchmark, and which model gave them."""

    benchmark: str
    model: str
    shown: list[Example]
    recorded: int

    @property
    def judged(self) -> bool:
        """Whether they could pass or fail."""
        return any(example.outcome != "measured" for example in self.shown)


def examples_of(run: RunRecord) -> list[Examples]:
    """Of every benchmark that has some to show, those of the last model."""
    last: dict[str, Result] = {}
    for result in run.results:
        if result.examples:
            last[result.benchmark] = result
    return [examples_among(result) for result in last.values()]


def examples_among(result: Result) -> Examples:
    """A few of what a result has, shortened."""
    shown = list(map(_shortened, _both_kinds(result.examples)))
    return Examples(result.benchmark, result.model, shown, len(result.examples))


def _both_kinds(examples: list[Example]) -> list[Example]:
    """The first few that passed, then the first few that did not."""
    good = [example for example in examples if example.outcome == "passed"]
    bad = [example for example in examples if example.outcome != "passed"]
    good = good[: max(SHOWN // 2, SHOWN - len(bad))]
    return good + bad[: SHOWN - len(good)]


def _shortened(example: Example) -> Example:
    before = "".join(example.before.splitlines(keepends=True)[-BEFORE_LINES:]).lstrip("\n")
    after = "".join(example.after.splitlines(keepends=True)[:AFTER_LINES]).rstrip()
    return replace(example, before=before, after=after)
