"""Small programming exercises with executed tests: what the instruct model learns from and is measured on."""

from midspan.exercises.exercise import Exercise, extract_code, messages
from midspan.exercises.generate import generate_exercises
from midspan.exercises.grade import Verdict, grade, grade_all
from midspan.exercises.mutate import mutations

__all__ = [
    "Exercise",
    "Verdict",
    "extract_code",
    "generate_exercises",
    "grade",
    "grade_all",
    "messages",
    "mutations",
]
