"""Answers run against tests: what is right passes, what is not does not, whatever it tries."""

from midspan.exercises.grading.grade import grade, grade_all
from midspan.exercises.grading.humaneval_x import HUMANEVAL_X
from midspan.exercises.grading.languages import LANGUAGES
from midspan.exercises.grading.program import NOT_MEASURED, Program, Verdict
from midspan.exercises.grading.toolchains import Installed, find

__all__ = ["HUMANEVAL_X", "LANGUAGES", "NOT_MEASURED", "Installed", "Program", "Verdict", "find", "grade", "grade_all"]
