"""HumanEval-Infilling (Bavarian et al. 2022, arXiv 2207.14255): lines or a span of HumanEval's solutions."""

from __future__ import annotations

from midspan import recipe
from midspan.evaluate.benchmark import Benchmark, HeldOut
from midspan.evaluate.data import rows_of
from midspan.evaluate.programs import ABOUT, graded, program_scores
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import Program
from midspan.inference import Completion, Fill, Sampling
from midspan.recipe.fields import Amount, Count

GROUPS = {
    "SingleLineInfilling": "single lines",
    "MultiLineInfilling": "several lines",
    "RandomSpanInfilling": "random spans",
    "RandomSpanInfillingLight": "random spans, light",
}


class Settings(recipe.Settings):
    """`data` are files or data sets, which say in each row what kind it is."""

    data: tuple[str, ...] = ("loubnabnl/humaneval_infilling",)
    max_tokens: Count = 128
    first: Amount = 0  # of each kind, so many; 0: all


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """Rows of one problem of HumanEval are one cluster: 5,815 of several lines come from 164."""
    found: list[Item] = []
    for place in settings.data:
        rows = rows_of(place, ("task_id", "prompt", "suffix", "test", "entry_point"))
        for row in rows[: settings.first or None]:
            kind, _, problem = row["task_id"].partition("/")
            prompt, group = Fill(row["prompt"], row["suffix"]), GROUPS.get(kind, kind)
            cluster = "/".join(problem.split("/")[:2])
            found.append(Item(row["task_id"], cluster, prompt, group, row.get("canonical_solution", ""), row))
    return found


def program(item: Item, answer: Answer) -> Program:
    """The file with the answer in its place; one of a line, which ended with its line, has its line break again."""
    assert isinstance(answer, Completion)
    row, name = item.source, item.source["entry_point"]
    middle = answer.text + "\n" if item.group == "single lines" and not answer.text.endswith("\n") else answer.text
    tests = f"{row['test']}\ncheck({name})\n"
    return Program("python", row["prompt"] + middle + row["suffix"], tests, name, official="end")


def sampling(settings: Settings, group: str) -> Sampling:
    """Greedy, and ended as in an editor."""
    return Sampling(settings.max_tokens, stop=("\n",) if group == "single lines" else (), stop_at_suffix=True)


HUMANEVAL_INFILLING = Benchmark(
    version=1,
    about=f"HumanEval-Infilling: lines or a span are taken out of HumanEval's solutions and written again. {ABOUT}",
    settings=Settings,
    asks={group: frozenset({"plain"}) for group in GROUPS.values()},
    reads=(),
    items=items,
    grade=graded(program),
    scores=program_scores,
    sampling=sampling,
    always=False,
)
