"""HumanEvalPack, synthesize (Muennighoff et al. 2023, arXiv 2308.07124): HumanEval by hand in six languages."""

from __future__ import annotations

from typing import Literal

from midspan.evaluate.benchmark import Benchmark, HeldOut, sampled
from midspan.evaluate.data import place_of, rows_of
from midspan.evaluate.programs import ABOUT, ProgramSettings, graded, program_scores
from midspan.evaluate.subject import Answer, Item
from midspan.evaluate.whole_functions import program_of, to_its_end
from midspan.exercises import Program
from midspan.inference import Completion, Plain

NAMES = {"python": "Python", "cpp": "C++", "js": "JavaScript", "java": "Java", "go": "Go", "rust": "Rust"}
STOPS = {
    "Python": ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\nassert"),
    "Go": ("\n//", "\nfunc main(", "struct", "\nfunc"),
}


class Settings(ProgramSettings):
    """`data` is a data set on the hub, or a folder with a file LANGUAGE.jsonl for each language."""

    data: str = "bigcode/humanevalpack"
    languages: tuple[Literal["python", "cpp", "js", "java", "go", "rust"], ...] = ("python", "cpp", "js", "java")
    prompt: Literal["instruct", "continue"] = "instruct"  # the task in words first, or only the function's beginning


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each language, by its name."""
    found: list[Item] = []
    for language in settings.languages:
        place = place_of(settings.data, f"{language}.jsonl")
        rows = rows_of(place, ("task_id", "prompt", "test", "entry_point", "instruction"), config=language)
        for row in rows[: settings.first or None]:
            asked = f"{row['instruction'].strip()}\n\n" if settings.prompt == "instruct" else ""
            problem = row["task_id"].partition("/")[2]  # the same in every language
            prompt, solution = f"{asked}{row['prompt']}", row.get("canonical_solution", "")
            expected = prompt[len(prompt.rstrip()) :] + solution  # it begins with what is stripped off the prompt's end
            plain, source = Plain(prompt.strip()), (language, row)
            found.append(Item(row["task_id"], problem, plain, NAMES[language], expected, source))
    return sampled(found, settings.samples)


def program(item: Item, answer: Answer) -> Program:
    """The function's beginning and the answer up to its end."""
    assert isinstance(answer, Completion)
    language, row = item.source
    return program_of(language, row["prompt"].strip() + to_its_end(language, answer.text), row)


HUMANEVALPACK = Benchmark(
    version=1,
    about=f"HumanEvalPack: HumanEval's functions, written by hand in six languages. {ABOUT}",
    settings=Settings,
    asks={name: frozenset({"plain"}) for name in NAMES.values()},
    reads=(),
    items=items,
    grade=graded(program),
    scores=program_scores,
    sampling=lambda settings, group: settings.sampling(STOPS.get(group, ())),
    always=False,
)
