"""CrossCodeEval (Ding et al. 2023, arXiv 2310.11248): the next statement, which needs what other files say.

Rows and prompt: context/retrieved.py; verdicts: syntax/statements.py; both name their sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from midspan import recipe
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means
from midspan.evaluate.context.retrieved import prompt_of, task_of
from midspan.evaluate.data import askable, rows_of
from midspan.evaluate.subject import Answer, Item
from midspan.evaluate.syntax.ends import up_to_statement
from midspan.evaluate.syntax.statements import VALUES, statement_values
from midspan.inference import Completion, Sampling
from midspan.recipe.fields import Amount, Count
from midspan.step import Tools

NAMES = {"python": "Python", "java": "Java", "typescript": "TypeScript", "csharp": "C#"}
Language = Literal["python", "java", "typescript", "csharp"]


class Settings(recipe.Settings):
    """`data` is the released folder, with `file` in a folder for each language.

    `context`: what was retrieved stands before the prompt as comments; or is given as `files`, with what follows, to
    models that know repositories and gaps; or is left out. Limits are four bytes for each of the published tokens.
    """

    data: str = "crosscodeeval_data"
    file: str = "line_completion_rg1_bm25.jsonl"
    languages: tuple[Language, ...] = ("python", "java", "typescript", "csharp")
    context: Literal["comments", "files", "none"] = "comments"
    context_bytes: Amount = 4 * 512
    prompt_bytes: Count = 4 * 1486
    max_tokens: Count = 50
    first: Amount = 0  # of each language, so many; 0: all


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """A group for each language; what is from one repository is one cluster."""
    found = []
    for language in settings.languages:
        place = Path(settings.data).expanduser() / language / settings.file
        rows = rows_of(str(place), ("prompt", "groundtruth", "metadata", "crossfile_context"))
        for name, cluster, row in askable(str(place), rows, lambda row: (*task_of(row), row))[: settings.first or None]:
            prompt = prompt_of(row, language, settings.context, settings.context_bytes, settings.prompt_bytes)
            found.append(Item(name, cluster, prompt, NAMES[language], row["groundtruth"], (language, row["prompt"])))
    return found


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Passed where the first statement of the answer is the expected one, blanks and comments aside."""
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, Completion)
        language, before = item.source
        values = statement_values(up_to_statement(before, answer.text, language), item.expected, language)
        verdicts.append(Verdict("passed" if values["exact"] else "failed", values=values))
    return verdicts


CROSSCODEEVAL = Benchmark(
    version=1,
    about="CrossCodeEval: the next statement of a file is written, which uses what other files of its repository "
    "define. An answer is cut after its first statement.",
    settings=Settings,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=items,
    grade=grade,
    scores=lambda of, verdicts: [one for key, name in VALUES.items() for one in means(name, key, of, verdicts)],
    sampling=lambda settings, group: Sampling(settings.max_tokens),
    always=False,
)
