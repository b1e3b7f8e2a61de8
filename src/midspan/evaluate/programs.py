"""Benchmarks whose answers are programs: run in the sandbox, and counted by two rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb

from midspan import recipe
from midspan.evaluate.benchmark import Verdict, means, shares
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import NOT_MEASURED, Program, grade_all
from midspan.inference import Sampling
from midspan.progress import progress
from midspan.recipe.fields import Amount, Count
from midspan.step import Tools

ABOUT = (
    "An answer passes officially by the rule of the benchmark's own harness, and strictly if its tests came to their "
    "end and could have failed. What the machine could not run is not measured and counts for neither side."
)


class ProgramSettings(recipe.Settings):
    """`samples` answers to each question: a greedy one by default, as published 20 to 200 at temperature 0.2."""

    samples: Count = 1
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: Count = 512
    first: Amount = 0  # of the questions of each group, so many; 0: all

    def sampling(self, stop: tuple[str, ...]) -> Sampling:
        """How each answer is sampled; it ends where one of `stop` begins."""
        return Sampling(self.max_tokens, self.temperature, top_p=self.top_p, stop=stop)


def verdicts_of(programs: Sequence[Program], tools: Tools) -> list[Verdict]:
    """What the sandbox says of each, officially; the value `strict` is 1 where it passes strictly."""
    if not programs:
        return []
    with progress("tests", len(programs), "programs") as line:
        found = grade_all(tools.sandbox, programs, tools.workers, line.update, tools.verdicts)
    verdicts = []
    for one in found:
        official = one.passed if one.official is None else one.official
        if one.reason in NOT_MEASURED:
            verdicts.append(Verdict("not measured", f"{one.reason}: {one.detail}"))
        else:
            detail = f"{one.reason} {one.detail}".strip()
            verdicts.append(
                Verdict("passed" if official else "failed", detail, {"strict": float(one.passed and official)})
            )
    return verdicts


def graded(
    program: Callable[[Item, Answer], Program],
) -> Callable[[Sequence[Item], Sequence[Answer], Tools], list[Verdict]]:
    """How a benchmark is graded whose answers become one program each."""
    return lambda items, answers, tools: verdicts_of(list(map(program, items, answers)), tools)


def program_scores(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Score]:
    """pass@1 by both rules; where every question was asked more often, pass@k too."""
    scores = [*shares("pass@1", items, verdicts), *means("pass@1, strict", "strict", items, verdicts)]
    samples = 1 + max((item.sample for item in items), default=0)
    for k in (k for k in (10, 100) if k <= samples):
        scores += pass_at(k, items, verdicts)
    return scores


def pass_at(k: int, items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Score]:
    """The chance that one of k answers passes, estimated without bias from n (Chen et al. 2021, section 2.1)."""
    scores = []
    for group in dict.fromkeys(item.group for item in items):
        counts: dict[str, list[bool]] = {}
        for item, verdict in zip(items, verdicts, strict=True):
            if item.group == group and verdict.outcome in ("passed", "failed"):
                counts.setdefault(item.identifier, []).append(verdict.outcome == "passed")
        known = [unbiased(len(passed), sum(passed), k) for passed in counts.values() if len(passed) >= k]
        if known:
            value = sum(known) / len(known)
            scores.append(Score(f"pass@{k}", group, value, len(known), "higher", measure="", binomial=False))
    return scores


def unbiased(answers: int, passed: int, k: int) -> float:
    """1 - C(n - c, k) / C(n, k)."""
    assert 0 < k <= answers
    return 1 - comb(answers - passed, k) / comb(answers, k)
