"""SantaCoder's FIM (Allal et al. 2023, arXiv 2301.03988): one line of a solution in three languages, by exact match."""

from __future__ import annotations

from collections.abc import Sequence

from midspan import recipe
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means
from midspan.evaluate.data import rows_of
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Completion, Fill, Sampling
from midspan.recipe.fields import Amount, Count
from midspan.step import Tools

NAMES = {"py": "Python", "js": "JavaScript", "java": "Java"}
TRIVIAL = ("}", "};", "});", "{", "else:", "else {", "} else {", "end", "try:", "return", "break", "continue", "pass")


class Settings(recipe.Settings):
    """`max_tokens` are SantaCoder's own 25."""

    data: str = "bigcode/santacoder-fim-task"
    max_tokens: Count = 25
    first: Amount = 0  # of each language's lines, so many; 0: all


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each language; lines of one solution are one cluster."""
    rows = rows_of(settings.data, ("name", "language", "prompt", "suffix", "canonical_solution"), split="train")
    found: dict[str, list[Item]] = {}
    for row in rows:
        group = NAMES.get(row["language"], str(row["language"]))
        cluster = f"{row['language']} {row['name'].rpartition('-')[0]}"
        item = Item(row["name"], cluster, Fill(row["prompt"], row["suffix"]), group, row["canonical_solution"], row)
        found.setdefault(group, []).append(item)
    return [item for of_language in found.values() for item in of_language[: settings.first or None]]


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Officially the whole answer must be the line; leniently its first line, blanks aside."""
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, Completion)
        expected = item.expected.strip()
        first = next((line.strip() for line in answer.text.split("\n") if line.strip()), "")
        values = {"exact": float(answer.text.strip() == expected), "first_line": float(first == expected)}
        if expected not in TRIVIAL:
            values["not_trivial"] = values["exact"]
        verdicts.append(Verdict("passed" if values["exact"] else "failed", values=values))
    return verdicts


def scores(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Score]:
    """A quarter of the lines are a brace or an else: without them is the harder score."""
    names = {"exact": "exact match", "first_line": "first line", "not_trivial": "exact match, no braces and the like"}
    return [score for value, name in names.items() for score in means(name, value, items, verdicts)]


SANTACODER_FIM = Benchmark(
    version=1,
    about="SantaCoder's FIM takes one line out of a solution that passes its tests; the answer must be that line.",
    settings=Settings,
    asks={name: frozenset({"plain"}) for name in NAMES.values()},
    reads=(),
    items=items,
    grade=grade,
    scores=scores,
    sampling=lambda settings, group: Sampling(settings.max_tokens, stop_at_suffix=True),
    always=False,
)
