"""Answers run against tests: what is right passes, what is not does not, whatever it tries."""

from midspan.exercises.grading.grade import Verdict, grade, grade_all
from midspan.exercises.grading.program import Program

__all__ = ["Program", "Verdict", "grade", "grade_all"]
