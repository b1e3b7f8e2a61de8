"""Holes in solutions of contests as SAFIM releases them: how they are asked, where an answer ends, when it is right.

github.com/gonglinyuan/safim: data_utils.py (rows), prompt_utils.py (prompts, ends), evaluate.py (verdicts).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from midspan.errors import UserError
from midspan.evaluate.benchmark import Verdict
from midspan.evaluate.contests.outputs import Agrees, lines_or_words
from midspan.evaluate.contests.printed import Case, Printing, judge_all, why_not_run
from midspan.evaluate.data import DataRow
from midspan.evaluate.syntax.ends import up_to_block, up_to_call, up_to_expression
from midspan.evaluate.syntax.statements import same_call
from midspan.files import hash_text
from midspan.step import Tools

FIELDS = ("task_id", "prompt", "eval_prompt", "ground_truth", "unit_tests", "lang")
HOLE = "{{completion}}"  # in the program that is run
SEEN = {"python": "# TODO: Your code here"}  # what stands for it where a model sees it
SEEN_ELSEWHERE = "/* TODO: Your code here */"
GRAMMARS = {"python": "python", "java": "java", "cpp": "c++", "csharp": "c#"}
SECONDS = {"python": 10.0, "java": 6.0, "cpp": 4.0}  # of CPU time for a test; SAFIM runs Python by PyPy


@dataclass(frozen=True)
class Hole:
    """What is missing in a solution: a "block", a "control" expression or an "api" call."""

    kind: str
    name: str
    language: str
    seen: tuple[str, str]  # before and after it, as a model sees it
    run: tuple[str, str]  # before and after it in the program
    truth: str
    tests: tuple[Case, ...]

    @classmethod
    def of(cls, kind: str, row: DataRow) -> Hole:
        """Read a row. Raises UserError, with the task's name, for one that is not SAFIM's."""
        name, told = row["task_id"], row["unit_tests"] or "[]"
        try:
            assert row["lang"] in GRAMMARS, f"lang {row['lang']}"
            tests = json.loads(told) if isinstance(told, str) else told
            cases = tuple(Case(str(test["input"]), tuple(map(str, test["output"]))) for test in tests)
            seen = tuple(row["prompt"].split(SEEN.get(row["lang"], SEEN_ELSEWHERE)))
            run = tuple(row["eval_prompt"].split(HOLE))
            assert len(seen) == len(run) == 2, "no hole, or several"
        except (ValueError, TypeError, KeyError, AttributeError, AssertionError) as error:
            raise UserError(f"safim: {name}: not a row of its data ({error}); fetch it again") from None
        return cls(kind, str(name), row["lang"], (seen[0], seen[1]), (run[0], run[1]), row["ground_truth"], cases)

    @property
    def problem(self) -> str:
        """What holes of one problem have in common, in all languages: its description, where there is one."""
        head, code, _ = self.seen[0].partition("\nCode:\n")
        return hash_text(head.partition("Description:")[2]) if code else self.name

    def end(self, answer: str) -> str:
        """The answer up to where it ends by syntax."""
        if self.kind == "api":
            return up_to_call(answer)
        if self.kind == "control":
            return up_to_expression(answer, self.language)
        return up_to_block(self.run[0], answer, self.run[1], GRAMMARS[self.language])

    def verdict(self, told: str) -> Verdict | None:
        """What is known of an answer, cut at its end, without running it; None where it must be run."""
        if not self.tests:
            passed, strict = same_call(told, self.truth, self.language)
            return Verdict("passed" if passed else "failed", values={"strict": float(strict)})
        if reason := why_not_run(self.language):  # right answers neither: else they alone would count
            return Verdict("not measured", reason)
        same = told.rstrip() == self.truth.rstrip() if self.language == "python" else self.exact(told)
        return Verdict("passed", "as it was") if same else None

    def exact(self, told: str) -> bool:
        """Whether the answer is what was taken out, blanks aside."""
        return "".join(told.split()) == "".join(self.truth.split())

    def program(self, told: str) -> tuple[Printing, Agrees]:
        """The program with an answer in its place, and how its output is compared."""
        return Printing(self.language, told.join(self.run), self.tests, SECONDS[self.language]), lines_or_words


def fill_all(holes: Sequence[Hole], answers: Sequence[str], tools: Tools) -> list[Verdict]:
    """A verdict on each answer; the value `exact` is 1 where it is what was taken out."""
    told = [hole.end(answer) for hole, answer in zip(holes, answers, strict=True)]
    known = [hole.verdict(text) for hole, text in zip(holes, told, strict=True)]
    asked = [hole.program(text) for hole, text, one in zip(holes, told, known, strict=True) if one is None]
    judged = iter(judge_all(asked, tools) if asked else [])
    verdicts = []
    for hole, text, one in zip(holes, told, known, strict=True):
        verdict = one or next(judged)
        verdicts.append(replace(verdict, values={**verdict.values, "exact": float(hole.exact(text))}))
    return verdicts
