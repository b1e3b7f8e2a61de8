"""Small programming exercises with executed tests: what the instruct model learns from and is measured on."""

from midspan.exercises.exercise import Exercise, extract_code, messages, program_of
from midspan.exercises.generate import generate_exercises
from midspan.exercises.grading import LANGUAGES, NOT_MEASURED, Program, Verdict, grade, grade_all
from midspan.exercises.mutate import mutations

__all__ = [
    "LANGUAGES",
    "NOT_MEASURED",
    "Exercise",
    "Program",
    "Verdict",
    "extract_code",
    "generate_exercises",
    "grade",
    "grade_all",
    "messages",
    "mutations",
    "program_of",
]
