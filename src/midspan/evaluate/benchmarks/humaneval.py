"""HumanEval (Chen et al. 2021, arXiv 2107.03374): 164 functions to be written from their signature and docstring."""

from __future__ import annotations

from midspan.evaluate.benchmark import Benchmark, HeldOut, sampled
from midspan.evaluate.data import DataRow, rows_of
from midspan.evaluate.programs import ABOUT, ProgramSettings, graded, program_scores
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import Program
from midspan.inference import Completion, Plain

# bigcode-evaluation-harness: an answer ends where something new begins at the left margin.
STOPS = ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```", "<file_sep>")


class Settings(ProgramSettings):
    """`data` is a file or a data set on the hub."""

    data: str = "openai/openai_humaneval"


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """The prompts as the harness strips them."""
    rows = rows_of(settings.data, ("task_id", "prompt", "test", "entry_point"))
    chosen = rows[: settings.first or None]
    return sampled([_item(row) for row in chosen], settings.samples)


def _item(row: DataRow) -> Item:
    """The solution begins with what is stripped off the prompt's end."""
    prompt = row["prompt"]
    solution = prompt[len(prompt.rstrip()) :] + row.get("canonical_solution", "")
    return Item(row["task_id"], row["task_id"], Plain(prompt.strip()), "", solution, row)


def program(item: Item, answer: Answer) -> Program:
    """Prompt and answer are the program; `check` is called with the function."""
    assert isinstance(answer, Completion)
    name, row = item.source["entry_point"], item.source
    return Program(
        "python",
        row["prompt"].strip() + answer.text,
        f"{row['test']}\ncheck({name})\n",
        entry_point=name,
        official="end",
    )


HUMANEVAL = Benchmark(
    version=1,
    about=f"HumanEval: a function is written from its signature and docstring. {ABOUT}",
    settings=Settings,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=items,
    grade=graded(program),
    scores=program_scores,
    sampling=lambda settings, group: settings.sampling(STOPS),
    always=False,
)
