"""MultiPL-E (Cassano et al. 2022, arXiv 2208.08227): HumanEval's functions in other languages."""

from __future__ import annotations

from midspan.evaluate.benchmark import Benchmark, HeldOut, sampled
from midspan.evaluate.data import place_of, rows_of
from midspan.evaluate.programs import ABOUT, ProgramSettings, graded, program_scores
from midspan.evaluate.subject import Answer, Item
from midspan.exercises import LANGUAGES, Program
from midspan.inference import Completion, Plain

NAMES = {"py": "Python"} | {key: one.name for key, one in LANGUAGES.items() if one.stops}
STOPS = {"Python": ("\ndef", "\n#", "\nif", "\nclass")} | {one.name: one.stops for one in LANGUAGES.values()}


class Settings(ProgramSettings):
    """`data` is a data set on the hub, or a folder with a file humaneval-LANGUAGE-reworded.jsonl for each language."""

    data: str = "nuprl/MultiPL-E"
    languages: tuple[str, ...] = ("cpp", "js", "java", "php", "rs")


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each language, by its name."""
    found: list[Item] = []
    for language in settings.languages:
        place = place_of(settings.data, f"humaneval-{language}-reworded.jsonl")
        rows = rows_of(place, ("name", "prompt", "tests", "stop_tokens"), config=f"humaneval-{language}")
        for row in rows[: settings.first or None]:
            problem = "_".join(row["name"].split("_")[:2])  # the same in every language
            prompt = Plain(row["prompt"].strip())
            found.append(Item(row["name"], problem, prompt, NAMES.get(language, language), source=(language, row)))
    return sampled(found, settings.samples)


def program(item: Item, answer: Answer) -> Program:
    """Prompt, answer and tests are one file. The answer is cut where the data says that something new begins."""
    assert isinstance(answer, Completion)
    language, row = item.source
    ends = [place for stop in row["stop_tokens"] if (place := answer.text.find(stop)) >= 0]
    written = row["prompt"].strip() + answer.text[: min(ends, default=None)]
    return Program("python" if language == "py" else language, written, row["tests"], official="exit status")


MULTIPL_E = Benchmark(
    version=1,
    about=f"MultiPL-E: HumanEval's functions in other languages. {ABOUT}",
    settings=Settings,
    asks={name: frozenset({"plain"}) for name in NAMES.values()},
    reads=(),
    items=items,
    grade=graded(program),
    scores=program_scores,
    sampling=lambda settings, group: settings.sampling(STOPS.get(group, ())),
    always=False,
)
