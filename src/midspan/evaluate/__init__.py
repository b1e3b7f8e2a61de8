"""What the stages' models are judged on: bits per byte, infilling, exercises by execution, preferences."""

from midspan.evaluate.model import HeldOut, choose_exercises, evaluate_model

__all__ = ["HeldOut", "choose_exercises", "evaluate_model"]
